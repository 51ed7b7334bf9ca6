"""Time that is advanced by hand, and partitions that lag or stick."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pegasus_dup import Client, Duplication, InvalidArgument, MetaGroup, MetaServer, Status

REMOTE = {"target": "127.0.0.1:35601"}


def progress(listed: Duplication, partition: int) -> tuple[int | None, int | None]:
    one = listed.partitions[partition]
    return one.confirmed_decree, one.last_committed_decree


def test_time_passes_when_it_is_turned_and_not_else() -> None:
    with (
        MetaServer(tables=["temp"], remote_clusters=REMOTE, clock="manual") as server,
        Client(server.address) as client,
    ):
        client.add("temp", "target", checkpoint=True)
        (made,) = client.query("temp")
        assert made.status is Status.PREPARE
        assert client.query("temp") == [made]
        server.advance(1.999)
        assert client.query("temp")[0].status is Status.PREPARE
        server.advance(timedelta(milliseconds=1))
        assert client.query("temp")[0].status is Status.APP
        server.advance(3)
        assert client.query("temp")[0].status is Status.LOG
        server.advance(10)
        confirmed, committed = progress(client.query("temp")[0], 0)
        assert confirmed == committed
        assert committed is not None
        assert committed > 100


def test_partitions_lag_and_stick() -> None:
    with (
        MetaServer(
            tables=["temp"],
            remote_clusters=REMOTE,
            clock="manual",
            partitions=["temp:1=lag:30", "temp:2=stick:40"],
        ) as server,
        Client(server.address) as client,
    ):
        client.add("temp", "target")
        server.advance(10)
        (listed,) = client.query("temp")
        assert progress(listed, 0) == (101, 101)
        assert progress(listed, 1) == (72, 102)
        assert progress(listed, 2) == (40, 103)
        server.set_partitions(["temp:0=stick:0"])
        (listed,) = client.query("temp")
        assert progress(listed, 0) == (0, 101)
        assert progress(listed, 2) == (103, 103)
        server.set_partitions([])
        assert progress(client.query("temp")[0], 0) == (101, 101)


def test_the_servers_of_a_group_have_one_time() -> None:
    with (
        MetaGroup(2, tables=["temp"], remote_clusters=REMOTE, clock="manual") as group,
        Client(group.addresses) as client,
    ):
        client.add("temp", "target", checkpoint=True)
        group.advance(12)
        group.set_partitions(["temp:0=stick:7"])
        before = client.query("temp")
        assert before[0].status is Status.LOG
        assert progress(before[0], 0)[0] == 7
        group.elect()
        assert client.query("temp") == before


@pytest.mark.parametrize("clock", ["real", "fast", "stopped", None])
def test_other_clocks_are_not_turned(clock: str | None) -> None:
    with MetaServer(clock=clock) as server:  # type: ignore[arg-type]
        with pytest.raises(InvalidArgument, match="manual") as caught:
            server.advance(1)
        assert "manual" in str(caught.value.hint)
    with MetaGroup(2, clock=clock) as group, pytest.raises(InvalidArgument, match="manual"):  # type: ignore[arg-type]
        group.advance(1)


def test_what_makes_no_sense() -> None:
    with MetaServer(clock="manual") as server:
        for time in (0, -1, float("nan")):
            with pytest.raises(InvalidArgument, match="time"):
                server.advance(time)
        with pytest.raises(TypeError, match="time"):
            server.advance("1")  # type: ignore[arg-type]
        for rule in ("", "temp", "temp:0=lag:-1", "temp:x=lag:1"):
            with pytest.raises(InvalidArgument, match="partition rule"):
                server.set_partitions([rule])
            with pytest.raises(InvalidArgument, match="partition rule"):
                MetaServer(partitions=[rule])
    with pytest.raises(InvalidArgument, match=r"manual.*clock"):
        MetaServer(clock="clockwork")  # type: ignore[arg-type]
