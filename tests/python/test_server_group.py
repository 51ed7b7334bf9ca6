"""The generations, faults and groups of the embedded server."""

from __future__ import annotations

import socket

import pytest
from pegasus_dup import (
    AlreadyExists,
    Busy,
    Client,
    Created,
    Evidence,
    Generation,
    InvalidArgument,
    MetaGroup,
    MetaServer,
    MetaServerError,
    PermissionDenied,
    Status,
)

REMOTE = {"target": "127.0.0.1:35601"}
# A complete header without any body. It ends a real server.
DEADLY = b"THFT" + bytes(7) + b"\x30" + bytes(36)


def provoke(address: str) -> None:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(DEADLY)
        assert connection.recv(1) == b""


@pytest.mark.parametrize(
    ("generation", "status", "echoes"),
    [
        ("freezed", Status.START, False),
        ("checkpoint", Status.LOG, False),
        (Generation.REMOTE_NAME, Status.LOG, True),
        (Generation.DUP_EXIST, Status.LOG, True),
        ("idempotent", Status.LOG, True),
    ],
)
def test_every_generation(generation: str, status: Status, echoes: bool) -> None:
    with (
        MetaServer(tables=["temp"], remote_clusters=REMOTE, generation=generation) as server,
        Client(server.address) as client,
    ):
        assert isinstance(client.add("temp", "target"), Created)
        (listed,) = client.query("temp")
        assert listed.status is status
        assert (listed.remote_table == "temp") is echoes
        assert isinstance(client.add("temp", "target"), AlreadyExists)
        assert server.would_have_died == 0


def test_deadly_requests_are_counted() -> None:
    with MetaServer(generation="checkpoint") as server:
        provoke(server.address)
        provoke(server.address)
        assert server.would_have_died == 2
    assert server.would_have_died == 2


def test_faults() -> None:
    with (
        MetaServer(
            tables=["temp"], remote_clusters=REMOTE, faults=["add#1=refuse:ERR_ACL_DENY"]
        ) as server,
        Client(server.address) as client,
    ):
        with pytest.raises(PermissionDenied):
            client.add("temp", "target")
        # New rules start the count again.
        server.set_faults(["add#1=refuse:ERR_BUSY", "add#2=close-after"])
        with pytest.raises(Busy):
            client.add("temp", "target")
        lost = client.add("temp", "target")
        assert isinstance(lost, Created)
        assert lost.evidence is Evidence.APPEARED_DURING_CALL
        client.remove("temp", "target")
        server.set_faults([])
        assert isinstance(client.add("temp", "target"), Created)


@pytest.mark.parametrize("rule", ["", "add", "add=explode", "add#0=drop-reply", "add=delay"])
def test_what_is_no_rule(rule: str) -> None:
    with pytest.raises(InvalidArgument, match="fault"):
        MetaServer(faults=[rule])
    with MetaServer(faults=["add=fail-store"]) as server, pytest.raises(InvalidArgument):
        server.set_faults([rule])
    with pytest.raises(TypeError, match="faults"):
        MetaServer(faults=1)  # type: ignore[arg-type]


def test_followers_send_on_to_the_leader() -> None:
    with MetaGroup(tables=["temp"], remote_clusters=REMOTE) as group:
        assert len(set(group.addresses)) == 3
        assert group.leader == 0
        assert repr(group) == f"MetaGroup({', '.join(group.addresses)})"
        with Client(group.addresses) as client:
            created = client.add("temp", "target")
        assert isinstance(created, Created)
        for address in group.addresses:
            with Client(address) as client:
                (listed,) = client.query("temp")
                assert listed.dupid == created.value.dupid
    group.stop()
    assert len(group.addresses) == 3
    assert group.would_have_died == 0


def test_elections() -> None:
    with (
        MetaGroup(2, tables=["temp"], remote_clusters=REMOTE) as group,
        Client(group.addresses) as client,
    ):
        assert isinstance(client.add("temp", "target"), Created)
        group.elect()
        assert group.leader == 1
        again = client.add("temp", "target")
        assert isinstance(again, AlreadyExists)
        assert again.differences == ()
        group.elect(0, old_stays=True, followers_learn=False)
        assert group.leader == 0
        assert len(client.query("temp")) == 1
        # The new leader serves before it has read its duplications back, so it lists none.
        group.elect(1, early=3600)
        with Client(group.addresses[1]) as early:
            assert early.query("temp") == []
        for place in (-1, 2):
            with pytest.raises(InvalidArgument, match="2 servers"):
                group.elect(place)
        assert group.leader == 1
    with pytest.raises(TypeError, match="old_stays"):
        group.elect(old_stays=1)  # type: ignore[arg-type]


def test_a_group_counts_together_and_a_server_alone() -> None:
    with (
        MetaGroup(
            3, faults=["add#1=change-leader"], tables=["temp"], remote_clusters=REMOTE
        ) as group,
        Client(group.addresses, timeout=20) as client,
    ):
        assert isinstance(client.add("temp", "target"), Created)
        assert group.leader == 1
        group.set_faults(["query=refuse:ERR_ACL_DENY", "list=refuse:ERR_ACL_DENY"], server=1)
        with pytest.raises(PermissionDenied):
            client.query("temp")
        group.set_faults([])
        assert len(client.query("temp")) == 1
        provoke(group.addresses[0])
        provoke(group.addresses[2])
        assert group.would_have_died == 2
        with pytest.raises(InvalidArgument, match="server=3"):
            group.set_faults([], server=3)


def test_a_group_of_two_generations() -> None:
    with (
        MetaGroup(
            2, generation=["checkpoint", "dup-exist"], tables=["temp"], remote_clusters=REMOTE
        ) as group,
        Client(group.addresses) as client,
    ):
        client.add("temp", "target")
        (old,) = client.query("temp")
        group.elect()
        (new,) = client.query("temp")
        assert (old.remote_table, new.remote_table) == (None, "temp")
        assert (old.dupid, old.status) == (new.dupid, new.status)


def test_groups_that_make_no_sense() -> None:
    for servers in (0, -1, 101):
        with pytest.raises(InvalidArgument, match="1 to 100"):
            MetaGroup(servers)
    with pytest.raises(InvalidArgument, match="generations=1"):
        MetaGroup(2, generation=["freezed"])
    with pytest.raises(InvalidArgument, match="generation"):
        MetaGroup(2, generation="snapshot-2.6")
    with pytest.raises(MetaServerError, match="IPv4"):
        MetaGroup(2, host="[::1]")
    with pytest.raises(TypeError, match="servers"):
        MetaGroup("3")  # type: ignore[arg-type]


def test_a_stopped_group_is_still_one() -> None:
    group = MetaGroup(2)
    group.stop()
    group.set_faults([])
    with pytest.raises(OSError, match="refused"):
        provoke(group.addresses[0])
