"""`info` reports which server is the leader, and the leader's version and generation."""

from __future__ import annotations

import asyncio
import socket

import pytest
from pegasus_dup import (
    AsyncClient,
    Client,
    Generation,
    Info,
    KnownBy,
    MetaGroup,
    MetaServer,
    RemoteCluster,
    RemoteClusterState,
    Role,
    ServerInfo,
    Unsupported,
)


def test_a_leader(server: MetaServer, client: Client) -> None:
    info = client.info()
    assert info.servers == (ServerInfo(server.address, Role.LEADER),)
    assert info.leader == server.address
    assert info.version
    assert info.cluster_name == "onebox"
    assert (info.generation, info.known_by) == (Generation.DUP_EXIST, KnownBy.LIST_RPC)
    assert info.warning is None


def test_both_clients_say_the_same() -> None:
    async def awaited(address: str) -> Info:
        async with AsyncClient(address, generation="checkpoint") as client:
            return await client.info()

    with MetaServer(tables=["temp"], generation="checkpoint") as server:
        with Client(server.address, generation="checkpoint") as client:
            info = client.info()
        assert info == asyncio.run(awaited(server.address))
    assert (info.generation, info.known_by) == (Generation.CHECKPOINT, KnownBy.VERSION)


def test_a_group() -> None:
    with MetaGroup(servers=2, tables=["temp"]) as group, Client(group.addresses) as client:
        info = client.info()
        assert [one.server for one in info.servers] == list(group.addresses)
        assert {one.role for one in info.servers} == {Role.LEADER, Role.FOLLOWER}
        assert info.leader == group.addresses[group.leader]


def test_a_wrong_statement_is_a_warning() -> None:
    with (
        MetaServer(tables=["temp"], generation="freezed") as server,
        Client(server.address, generation="dup-exist") as client,
    ):
        info = client.info()
    assert (info.generation, info.known_by) == (Generation.FREEZED, KnownBy.NO_REPLICA_COUNT_RPC)
    assert info.warning is not None
    assert "stated=dup-exist found=freezed" in info.warning


def test_nobody_leads() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with Client(address, timeout=2) as client:
            info = client.info()
    assert (info.leader, info.version, info.generation, info.known_by) == (None,) * 4
    assert info.servers[0].role is Role.UNREACHABLE
    assert info.servers[0].detail


def test_a_remote_cluster() -> None:
    async def awaited(address: str) -> RemoteCluster:
        async with AsyncClient(address) as client:
            return await client.check_remote_cluster("target")

    with (
        MetaServer(tables=["temp"], remote_clusters={"target": "127.0.0.1:35601"}) as server,
        Client(server.address) as client,
    ):
        configured = client.check_remote_cluster("target")
        assert configured == RemoteCluster("target", RemoteClusterState.CONFIGURED)
        assert configured == asyncio.run(awaited(server.address))
        assert str(configured) == "cluster=target state=configured"
        own = client.check_remote_cluster("onebox")
        assert (own.state, bool(own.hint)) == (RemoteClusterState.OWN_CLUSTER, True)
        assert client.check_remote_cluster("nowhere").state == "not_configured"
        with pytest.raises(Unsupported, match="brace"):
            client.check_remote_cluster("a{b")
        assert client.list() == []
