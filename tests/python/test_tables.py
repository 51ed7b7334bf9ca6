"""Tables: the objects that describe them, and the calls that list, drop and recall them."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import pickle
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from pegasus_dup import (
    AsyncClient,
    Changed,
    Client,
    Created,
    Difference,
    Evidence,
    MetaServer,
    NotFound,
    PartitionReplicas,
    Progress,
    Property,
    Removed,
    Resource,
    ServedTable,
    Table,
    TableNotFound,
    TableStatus,
    Timeout,
    Unchanged,
    Unsupported,
)


def table(**changes: object) -> Table:
    fields: dict[str, object] = {
        "table": "temp",
        "table_id": 2,
        "status": TableStatus.AVAILABLE,
        "partition_count": 8,
        "replica_count": 3,
        "atomic_idempotent": False,
        "envs": {},
        "duplicating": False,
        "create_ts_ms": 1_700_000_000_000,
        "drop_ts_ms": None,
        "expire_ts_ms": None,
        "ready_partitions": None,
        "partitions": (),
    }
    return Table(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_table_as_text() -> None:
    text = (
        "table=temp table_id=2 status=AS_AVAILABLE partition_count=8 replica_count=3 "
        "atomic_idempotent=false envs={a=1,b=2} duplicating=false create_ts_ms=1700000000000 "
        "ready_partitions=7"
    )
    replicas = PartitionReplicas(0, ready=True, primary="a:1", secondaries=("b:1",))
    for envs in ({"a": "1", "b": "2"}, MappingProxyType({"a": "1", "b": "2"})):
        shown = table(envs=envs, ready_partitions=7, partitions=(replicas,))
        assert str(shown) == text
        created = Created(shown, Evidence.SERVER_SAID_SO)
        assert str(created) == f"created: {text} evidence=server_said_so certain=true"
    difference = Difference(Property.ENVS, {"a": "1"}, {})
    assert str(difference) == "envs: asked={a=1} existing={}"
    assert issubclass(Table, Resource)
    assert (Table.kind, shown.kind) == ("table", "table")


@pytest.mark.parametrize(
    ("status", "dropped"),
    [
        (None, False),
        (TableStatus.AVAILABLE, False),
        (TableStatus.CREATING, False),
        (TableStatus.DROPPING, True),
        (TableStatus.DROPPED, True),
        (TableStatus.RECALLING, False),
        (TableStatus.UNKNOWN, False),
    ],
)
def test_whether_a_table_is_dropped(status: TableStatus | None, dropped: bool) -> None:
    assert table(status=status).is_dropped is dropped


def test_what_follows_from_the_fields_of_a_table() -> None:
    assert table().is_ready is None
    assert table(ready_partitions=7).is_ready is False
    assert table(ready_partitions=8).is_ready is True
    times = table(drop_ts_ms=1_700_000_001_000, expire_ts_ms=2**62)
    assert times.create_time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert times.drop_time == datetime(2023, 11, 14, 22, 13, 21, tzinfo=timezone.utc)
    assert times.expire_time is None
    assert table(create_ts_ms=None).create_time is None


def test_a_table_is_a_frozen_dataclass() -> None:
    assert dataclasses.replace(table(), table_id=3) == table(table_id=3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        table().table_id = 3  # type: ignore[misc]


@pytest.fixture
def wide() -> MetaServer:
    return MetaServer(
        tables=["temp", ServedTable("wide", partitions=16, replicas=2), "templates"],
        remote_clusters={"target": "127.0.0.1:35601"},
    )


def test_tables_are_listed(wide: MetaServer) -> None:
    with wide, Client(wide.address) as client:
        assert [one.table for one in client.list_tables()] == ["temp", "templates", "wide"]
        (listed,) = client.list_tables("wide")
        assert (listed.table_id, listed.partition_count, listed.replica_count) == (2, 16, 2)
        assert listed.status is TableStatus.AVAILABLE
        assert listed.create_time is not None
        assert (listed.drop_ts_ms, listed.expire_ts_ms) == (None, None)
        assert (listed.ready_partitions, listed.partitions) == (None, ())
        for pattern, match, found in [
            ("temp", "prefix", ["temp", "templates"]),
            ("mp", "anywhere", ["temp", "templates"]),
            ("e", "postfix", ["wide"]),
            ("temp", "exact", ["temp"]),
            ("none", "exact", []),
        ]:
            tables = client.list_tables(pattern, match=match)  # type: ignore[arg-type]
            assert [one.table for one in tables] == found
        assert [one.ready_partitions for one in client.list_tables(health=True)] == [8, 8, 16]


def test_a_table_is_described(wide: MetaServer) -> None:
    with wide, Client(wide.address) as client:
        described = client.describe_table("wide")
        assert described.is_ready is True
        assert [one.partition for one in described.partitions] == list(range(16))
        for one in described.partitions:
            assert one.ready
            assert one.primary is not None
            assert len({one.primary, *one.secondaries}) == 2
        with pytest.raises(TableNotFound):
            client.describe_table("none")
        # Another object of the same table is equal, whichever way it came to be.
        again = client.describe_table("wide")
        copies = (again, pickle.loads(pickle.dumps(again)), copy.deepcopy(again), copy.copy(again))
        for same in copies:
            assert same == described
            assert hash(same) == hash(described)
        client.add("wide", "target")
        assert client.describe_table("wide").duplicating is True


def test_the_asynchronous_client_reads_the_same(wide: MetaServer) -> None:
    async def main() -> tuple[list[Table], Table]:
        async with AsyncClient(wide.address) as client:
            return await client.list_tables("e", match="postfix"), await client.describe_table(
                "wide"
            )

    with wide, Client(wide.address) as client:
        listed, described = asyncio.run(main())
        assert listed == client.list_tables("wide")
        assert described == client.describe_table("wide")


@pytest.fixture
def manual() -> Iterator[MetaServer]:
    with MetaServer(tables=["temp", "users"], clock="manual", ready_after=10) as server:
        yield server


def test_a_table_is_dropped_and_recalled(manual: MetaServer) -> None:
    steps: list[Progress] = []
    with Client(manual.address, timeout=5) as client:
        manual.advance(100)
        removed = client.drop_table("users", reserve=timedelta(hours=1))
        assert isinstance(removed, Removed)
        assert removed.certain
        was = removed.was
        assert (was.table_id, was.is_dropped, was.is_ready) == (2, True, True)
        assert was.status is TableStatus.DROPPED
        assert was.drop_time is not None
        assert was.expire_time == was.drop_time + timedelta(hours=1)
        assert str(removed).startswith("removed: table=users ")
        assert isinstance(client.drop_table("users"), NotFound)
        assert [one.table for one in client.list_tables()] == ["temp"]
        listed = client.list_tables(dropped=True)
        assert [(one.table, one.is_dropped) for one in listed] == [("temp", False), ("users", True)]
        with pytest.raises(TableNotFound):
            client.describe_table("users")
        match client.recall_table(was.table_id, new_name="people"):
            case Changed(before, after):
                assert (before.table, before.is_dropped) == ("users", True)
                assert (after.table, after.is_dropped) == ("people", False)
                assert after.table_id == was.table_id
            case other:
                raise AssertionError(other)
        assert isinstance(client.recall_table(was.table_id), Unchanged)
        with pytest.raises(TableNotFound):
            client.recall_table(99)
        # The replicas of a recalled table come back slowly.
        assert client.describe_table("people").is_ready is False
        with pytest.raises(Timeout, match="people"):
            client.wait_ready("people", timeout=0.5, progress=steps.append)
        assert "ready_partitions=0 partition_count=8" in [step.detail for step in steps]
        manual.advance(100)
        ready = client.wait_ready("people")
        assert [one.ready for one in ready.partitions] == [True] * 8
        with pytest.raises(TableNotFound):
            client.wait_ready("users")


def test_the_default_reserve_time(manual: MetaServer) -> None:
    with Client(manual.address, timeout=5) as client:
        for table, reserve, kept in (
            ("temp", None, timedelta(weeks=1)),
            ("users", 60.0, timedelta(minutes=1)),
        ):
            removed = client.drop_table(table, reserve=reserve)
            assert isinstance(removed, Removed)
            assert removed.was.drop_time is not None
            assert removed.was.expire_time == removed.was.drop_time + kept


def test_a_recall_that_could_end_replica_servers_must_be_forced(manual: MetaServer) -> None:
    with Client(manual.address, timeout=5) as client:
        assert isinstance(client.drop_table("users"), Removed)
        with pytest.raises(Unsupported) as raised:
            client.recall_table(2)
        (known,) = raised.value.known
        assert isinstance(known, Table)
        assert (known.table_id, known.is_dropped) == (2, True)
        assert isinstance(client.recall_table(2, force=True), Changed)


def test_the_asynchronous_client_drops_and_recalls(manual: MetaServer) -> None:
    async def main() -> None:
        async with AsyncClient(manual.address, timeout=5) as client:
            manual.advance(100)
            removed = await client.drop_table("users", reserve=3600)
            assert isinstance(removed, Removed)
            assert isinstance(await client.drop_table("users"), NotFound)
            changed = await client.recall_table(removed.was.table_id)
            assert isinstance(changed, Changed)
            manual.advance(100)
            assert (await client.wait_ready("users")).is_ready is True

    asyncio.run(main())
