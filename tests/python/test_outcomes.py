"""The outcomes of an add and of the other operations, with the embedded server."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta, timezone

import pytest
from fake_meta import ADD, Entry, FakeMeta, HangUp, add_answer
from pegasus_dup import (
    AlreadyExists,
    AsyncClient,
    Changed,
    Client,
    Created,
    Difference,
    Duplication,
    Evidence,
    Failed,
    FailMode,
    MetaServer,
    NotFound,
    Property,
    RemoteClusterNotConfigured,
    Removed,
    Status,
    TableDuplications,
    TableNotFound,
    Unchanged,
)


def settled(client: Client, table: str = "temp") -> Duplication:
    """Wait for the final state of the only duplication of the table, and return it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        (duplication,) = client.query(table)
        if duplication.status is Status.LOG:
            return duplication
        time.sleep(0.01)
    raise AssertionError(f"not settled: {duplication}")


def test_created(client: Client) -> None:
    before = datetime.now(timezone.utc)
    outcome = client.add("temp", "target")
    assert isinstance(outcome, Created)
    assert outcome.evidence is Evidence.SERVER_SAID_SO
    assert outcome.certain
    duplication = outcome.value
    assert duplication.table == "temp"
    assert duplication.table_id == 1
    assert duplication.cluster == "target"
    assert duplication.dupid > 0
    assert duplication.remote_table == "temp"
    (listed,) = client.query("temp")
    assert listed.dupid == duplication.dupid
    assert listed.fail_mode is FailMode.SLOW
    assert listed.create_ts_ms is not None
    assert listed.create_time is not None
    assert listed.create_time.tzinfo is timezone.utc
    # The server derives dupids from whole seconds, but the creation time has milliseconds.
    assert abs(listed.create_time - before) < timedelta(seconds=10)


def test_already_exists_as_requested(client: Client) -> None:
    created = client.add("temp", "target")
    assert isinstance(created, Created)
    outcome = client.add("temp", "target")
    assert isinstance(outcome, AlreadyExists)
    assert outcome.differences == ()
    assert outcome.evidence is Evidence.LISTED_BEFORE
    assert outcome.certain
    assert outcome.existing.dupid == created.value.dupid
    assert len(client.query("temp")) == 1


def test_already_exists_but_differs(client: Client) -> None:
    assert isinstance(client.add("temp", "target", remote_replica_count=3), Created)
    outcome = client.add("temp", "target", remote_table="copy", remote_replica_count=5)
    assert isinstance(outcome, AlreadyExists)
    assert set(outcome.differences) == {
        Difference(Property.REMOTE_TABLE, "copy", "temp"),
        Difference(Property.REMOTE_REPLICA_COUNT, 5, 3),
    }
    assert str(outcome.differences[0]).startswith("remote_")


def test_what_could_not_be_compared(client: Client) -> None:
    created = client.add("temp", "target")
    assert isinstance(created, Created)
    assert created.unverified == ()
    assert settled(client).status is Status.LOG
    outcome = client.add("temp", "target", checkpoint=True)
    assert isinstance(outcome, AlreadyExists)
    assert outcome.differences == ()
    assert outcome.unverified == (Property.CHECKPOINT,)
    assert outcome.unverified == ("checkpoint",)
    again = client.add("temp", "target")
    assert isinstance(again, AlreadyExists)
    assert again.unverified == ()


def test_what_old_servers_keep_as_the_table_has_it() -> None:
    with (
        MetaServer(
            tables=["temp"],
            remote_clusters={"target": "127.0.0.1:35601"},
            generation="checkpoint",
            clock="stopped",
        ) as server,
        Client(server.address) as client,
    ):
        outcome = client.add("temp", "target", checkpoint=True)
        assert isinstance(outcome, Created)
        assert not outcome.certain
        # The status shows a checkpoint only while the checkpoint is being shipped.
        assert outcome.value.status is Status.PREPARE
        assert outcome.unverified == ()
        other = client.add("temp", "target", remote_table="copy", remote_replica_count=5)
        assert isinstance(other, AlreadyExists)
        assert other.differences == (
            Difference(Property.REMOTE_TABLE, "copy", "temp"),
            Difference(Property.REMOTE_REPLICA_COUNT, 5, 3),
        )
        assert other.unverified == ()


def test_error(client: Client) -> None:
    with pytest.raises(TableNotFound) as caught:
        client.add("nope", "target")
    assert "nope" in str(caught.value)
    failed = client.try_add("temp", "nowhere")
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, RemoteClusterNotConfigured)
    assert client.query("temp") == []


def test_match(client: Client) -> None:
    def kind(table: str, **asked: str) -> str:
        match client.try_add(table, "target", **asked):  # type: ignore[arg-type]
            case Created(Duplication(dupid=dupid), Evidence.SERVER_SAID_SO):
                return f"created {dupid > 0}"
            case AlreadyExists(_, ()):
                return "as asked"
            case AlreadyExists(differences=[Difference(field, wanted, existing)]):
                return f"{field} {wanted} {existing}"
            case Failed(TableNotFound(code=code)):
                return f"no table {code}"
            case other:
                raise AssertionError(other)

    assert kind("temp") == "created True"
    assert kind("temp") == "as asked"
    assert kind("temp", remote_table="copy") == "remote_table copy temp"
    assert kind("nope").startswith("no table")


def test_paused_one_has_a_warning(client: Client) -> None:
    client.add("temp", "target")
    settled(client)
    client.pause("temp", "target")
    outcome = client.add("temp", "target")
    assert isinstance(outcome, AlreadyExists)
    assert outcome.warning is not None
    assert "pause" in outcome.warning.lower()


def test_pause_and_start(client: Client) -> None:
    client.add("temp", "target")
    dupid = settled(client).dupid
    paused = client.pause("temp", "target")
    assert isinstance(paused, Changed)
    assert (paused.before.status, paused.after.status) == (Status.LOG, Status.PAUSE)
    again = client.pause("temp", dupid)
    assert isinstance(again, Unchanged)
    assert again.current.status is Status.PAUSE
    started = client.start("temp", dupid)
    assert isinstance(started, Changed)
    assert started.before.status is Status.PAUSE
    assert started.after.status is not None
    assert started.after.status.is_running
    assert isinstance(client.start("temp", "target"), Unchanged)


def test_set_fail_mode(client: Client) -> None:
    client.add("temp", "target")
    settled(client)
    changed = client.set_fail_mode("temp", "target", "skip")
    assert isinstance(changed, Changed)
    assert (changed.before.fail_mode, changed.after.fail_mode) == (FailMode.SLOW, FailMode.SKIP)
    assert isinstance(client.set_fail_mode("temp", "target", FailMode.SKIP), Unchanged)
    assert client.query("temp")[0].fail_mode is FailMode.SKIP


def test_remove(client: Client) -> None:
    client.add("temp", "target")
    existing = settled(client)
    removed = client.remove("temp", "target")
    assert isinstance(removed, Removed)
    assert removed.was.identity == existing.identity
    assert client.query("temp") == []
    assert client.remove("temp", "target") == NotFound()
    assert client.remove("temp", existing.dupid) == NotFound()


def test_list(client: Client) -> None:
    client.add("temp", "target")
    client.add("stat", "target")
    client.add("stat", "other")

    def listed(*args: str, **kwargs: str) -> list[tuple[str, str]]:
        found = client.list(*args, **kwargs)  # type: ignore[arg-type]
        return sorted((one.table, one.cluster) for one in found)

    everything = [("stat", "other"), ("stat", "target"), ("temp", "target")]
    assert listed() == everything
    assert listed("temp") == [("temp", "target")]
    assert listed("t", match="anywhere") == everything
    assert listed("te", match="prefix") == [("temp", "target")]
    assert listed("at", match="postfix") == everything[:2]
    assert listed("t", match="exact") == []


def test_lost_response_is_not_certain() -> None:
    def made_and_hung_up(fake: FakeMeta) -> bytes:
        fake.entries.append(Entry(dupid=1_700_000_000))
        raise HangUp

    with (
        FakeMeta(replies={ADD: made_and_hung_up}).running() as fake,
        Client(fake.address) as client,
    ):
        outcome = client.add("temp", "target")
        assert isinstance(outcome, Created)
        assert outcome.evidence is Evidence.APPEARED_DURING_CALL
        assert not outcome.certain
        assert not outcome.evidence.certain
        assert outcome.value.create_time == datetime(
            2023, 11, 14, 22, 13, 20, 123_000, tzinfo=timezone.utc
        )
        assert fake.seen.count(ADD) == 1


def test_refused_while_another_made_it() -> None:
    def raced(fake: FakeMeta) -> bytes:
        fake.entries.append(Entry(dupid=7, remote_table="copy"))
        return add_answer("ERR_INVALID_PARAMETERS", hint="taken")

    with FakeMeta(replies={ADD: raced}).running() as fake, Client(fake.address) as client:
        outcome = client.add("temp", "target")
        assert isinstance(outcome, AlreadyExists)
        assert outcome.evidence is Evidence.LISTED_AFTER
        assert outcome.certain
        assert outcome.differences == (Difference(Property.REMOTE_TABLE, "temp", "copy"),)


def test_progress(server: MetaServer, client: Client) -> None:
    client.add("temp", "target")
    duplication = settled(client)
    assert [one.partition for one in duplication.partitions] == list(range(8))


def test_tables_are_listed_with_and_without_duplications() -> None:
    async def awaited(address: str) -> list[TableDuplications]:
        async with AsyncClient(address) as client:
            return await client.list_by_table()

    # With a stopped clock, every list returns the same.
    with (
        MetaServer(
            tables=["temp", "stat"], remote_clusters={"target": "127.0.0.1:35601"}, clock="stopped"
        ) as server,
        Client(server.address) as client,
    ):
        client.add("temp", "target")
        (duplication,) = client.query("temp")
        stat = TableDuplications("stat", 2, 8, ())
        temp = TableDuplications("temp", 1, 8, (duplication,))
        assert client.list_by_table() == [stat, temp]
        assert client.list_by_table("te", match="prefix") == [temp]
        assert client.list_by_table("nothing") == []
        assert asyncio.run(awaited(server.address)) == [stat, temp]
