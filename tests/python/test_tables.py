"""Tables: the objects that describe them, and the calls that list them."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import pickle
from datetime import datetime, timezone
from types import MappingProxyType

import pytest
from pegasus_dup import (
    AsyncClient,
    Client,
    Created,
    Difference,
    Evidence,
    MetaServer,
    PartitionReplicas,
    Property,
    Resource,
    ServedTable,
    Table,
    TableNotFound,
    TableStatus,
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
