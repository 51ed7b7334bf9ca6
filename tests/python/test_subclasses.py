"""For an instance of a subclass, the value that it holds counts, not what it prints."""

from __future__ import annotations

import asyncio
import enum
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pegasus_dup import (
    AlreadyExists,
    AsyncClient,
    Busy,
    Changed,
    Client,
    Created,
    MetaGroup,
    MetaServer,
    Removed,
    ServedTable,
    TableNotFound,
    Unchanged,
    Unsupported,
)

CLUSTER = "127.0.0.1:35601"


class Lying(str):
    """A string that prints as another text in every way."""

    __slots__ = ()

    def _lie(self, *_: object) -> Any:
        return "lie"

    def _refuse(self, *_: object) -> NoReturn:
        raise AssertionError("a method of the object was called instead of reading its text")

    __str__ = __repr__ = __format__ = __getitem__ = __add__ = _lie
    __iter__ = __len__ = encode = split = strip = _refuse  # type: ignore[assignment]


def member(text: str) -> str:
    """Return a member of an enumeration. It prints as `Names.REMOTE`."""

    class Names(str, enum.Enum):
        REMOTE = text

    return Names.REMOTE


def str_enum(text: str) -> str:
    if sys.version_info < (3, 11):
        pytest.skip("new in Python 3.11")

    class Names(enum.StrEnum):
        REMOTE = text

    return Names.REMOTE


def of_numpy(text: str) -> str:
    return pytest.importorskip("numpy").str_(text)  # type: ignore[no-any-return]


Make = Callable[[str], str]
TEXTS = pytest.mark.parametrize("text", [Lying, member, str_enum, of_numpy])


@TEXTS
def test_every_text_of_the_client(server: MetaServer, text: Make) -> None:
    with Client([text(server.address)], generation=text("dup-exist"), mode=text("safe")) as client:  # type: ignore[arg-type]
        assert repr(client) == f"Client('{server.address}')"
        created = client.add(text("temp"), text("target"), remote_table=text("temp_copy"))
        assert isinstance(created, Created)
        made = created.value
        assert (made.table, made.cluster, made.remote_table) == ("temp", "target", "temp_copy")
        assert type(made.remote_table) is str
        again = client.try_add("temp", "target", remote_table=text("temp_copy"))
        assert isinstance(again, AlreadyExists)
        assert again.differences == ()
        for found in (client.query(text("temp")), client.list(text("em"), match=text("anywhere"))):  # type: ignore[arg-type]
            assert [one.identity for one in found] == [made.identity]
        assert isinstance(client.start(text("temp"), text("target")), Unchanged)
        changed = client.set_fail_mode(text("temp"), text("target"), text("skip"))  # type: ignore[arg-type]
        assert isinstance(changed, Changed)
        with pytest.raises(TableNotFound):
            client.pause(text("nope"), text("target"))
        assert isinstance(client.remove(text("temp"), text("target")), Removed)


@TEXTS
def test_every_text_of_the_asynchronous_client(server: MetaServer, text: Make) -> None:
    async def main() -> None:
        async with AsyncClient(text(server.address)) as client:
            created = await client.add(text("temp"), text("target"), remote_table=text("copy"))
            assert isinstance(created, Created)
            assert created.value.remote_table == "copy"
            assert len(await client.query(text("temp"))) == 1
            assert isinstance(await client.remove(text("temp"), text("target")), Removed)

    asyncio.run(main())


@TEXTS
def test_every_text_of_tables_and_policies(client: Client, text: Make) -> None:
    created = client.create_table(
        text("users"), 4, envs={text("replica.slow_query_threshold"): text("60")}
    )
    assert isinstance(created, Created)
    assert (created.value.table, created.value.envs) == (
        "users",
        {"replica.slow_query_threshold": "60"},
    )
    assert client.wait_ready(text("users")).table_id == created.value.table_id
    assert client.describe_table(text("users")).table == "users"
    (listed,) = client.list_tables(text("use"), match=text("prefix"))  # type: ignore[arg-type]
    assert listed.table == "users"
    policy = client.add_backup_policy(
        text("daily"),
        text("local_service"),
        text("users"),
        interval=LyingFloat(86400),
        history_count=LyingInt(7),
        start_time=text("03:00"),
    )
    assert isinstance(policy, Created)
    assert (policy.value.policy, policy.value.start_time) == ("daily", "03:00")
    assert (policy.value.interval_seconds, policy.value.history_count) == (86400, 7)
    assert isinstance(client.drop_table(text("users"), reserve=LyingInt(3600)), Removed)
    recalled = client.recall_table(listed.table_id, new_name=text("people"), force=True)
    assert isinstance(recalled, Changed)
    assert recalled.after.table == "people"


@TEXTS
def test_every_text_of_the_server(text: Make, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with (
        MetaServer(
            tables=[text("temp"), ServedTable(text("stat"))],
            remote_clusters={text("target"): text(CLUSTER), "other": [text(CLUSTER)]},
            cluster_name=text("here"),
            listen=text("127.0.0.1:0"),
            store=text(str(store)),
            generation=text("checkpoint"),
            clock=text("manual"),  # type: ignore[arg-type]
            partitions=[text("temp:1=stick:40")],
            faults=[text("add#1=refuse:ERR_BUSY")],
        ) as server,
        Client(server.address) as client,
    ):
        assert store.exists()
        with pytest.raises(Busy):
            client.add("temp", "target")
        with pytest.raises(Unsupported):
            client.add("temp", "target", remote_table="copy")
        server.set_partitions([text("temp:2=stick:40")])
        server.set_faults([text("add#1=refuse:ERR_BUSY")])
        server.advance(1)
        with pytest.raises(Busy):
            client.add("stat", "other")
    with MetaServer(store=text("memory")):
        assert not Path("memory").exists()


@TEXTS
def test_every_text_of_the_group(text: Make) -> None:
    with (
        MetaGroup(
            2,
            tables=[text("temp")],
            remote_clusters={text("target"): text(CLUSTER)},
            host=text("127.0.0.1"),
            generation=[text("checkpoint"), text("dup-exist")],
        ) as group,
        Client(text(",".join(group.addresses))) as client,
    ):
        group.set_faults([text("add#1=refuse:ERR_BUSY")])
        with pytest.raises(Busy):
            client.add("temp", "target")


@TEXTS
def test_every_text_of_an_exception(text: Make) -> None:
    error = Busy(
        text("busy"), hint=text("later"), server=text("a:1"), code=text("ERR"), cause=text("why")
    )
    assert str(error) == "busy: later code=ERR server=a:1 cause=why"
    assert [type(one) for one in (error.message, error.hint, *error.args)] == [str] * 3
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


class LyingInt(int):
    def __int__(self) -> int:
        return 5

    def __index__(self) -> int:
        return 5

    def __str__(self) -> str:
        return "5"

    def __lt__(self, other: object) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __lt__


class LyingFloat(float):
    def __float__(self) -> float:
        return -1.0


def int_enum(number: int) -> int:
    class Numbers(enum.IntEnum):
        IT = number

    return Numbers.IT


def int64(number: int) -> int:
    return pytest.importorskip("numpy").int64(number)  # type: ignore[no-any-return]


@pytest.mark.parametrize("number", [LyingInt, int_enum, int64])
def test_numbers(number: Callable[[int], int]) -> None:
    with (
        MetaGroup(
            number(2),
            tables=[ServedTable("temp", partitions=number(4), replicas=number(3))],
            remote_clusters={"target": CLUSTER},
            generation="dup-exist",
            clock="manual",
        ) as group,
        Client(group.addresses, timeout=number(10)) as client,
    ):
        assert len(group.addresses) == 2
        group.elect(number(1), early=number(1))
        assert group.leader == 1
        group.elect(number(1))
        group.set_faults([], server=number(1))
        group.advance(number(1))
        timeout = LyingFloat(9)
        created = client.add("temp", "target", remote_replica_count=number(3), timeout=timeout)
        assert isinstance(created, Created)
        assert created.value.remote_replica_count == 3
        assert isinstance(client.remove("temp", number(created.value.dupid)), Removed)
