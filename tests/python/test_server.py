"""The class `MetaServer`."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from pegasus_dup import (
    AlreadyExists,
    Client,
    Created,
    InvalidArgument,
    MetaGroup,
    MetaServer,
    MetaServerError,
    ServedTable,
    Status,
    Unavailable,
)

REMOTE = {"target": ["127.0.0.1:35601", "127.0.0.1:35602"]}


def test_listens_while_the_block_runs() -> None:
    with MetaServer() as server:
        host, port = server.address.split(":")
        assert host == "127.0.0.1"
        assert int(port) > 0
        assert repr(server) == f"MetaServer({server.address!r})"
        socket.create_connection((host, int(port)), timeout=5).close()
        assert server.would_have_died == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)
    server.stop()
    assert server.address == f"{host}:{port}"
    assert server.would_have_died == 0


def test_two_at_a_time() -> None:
    with MetaServer(tables=["a"]) as one, MetaServer(tables=["b"]) as two:
        assert one.address != two.address
        with Client(one.address) as client:
            assert client.query("a") == []
        with Client(two.address) as client:
            assert client.query("b") == []


@pytest.mark.parametrize("as_text", [False, True])
def test_store_keeps_what_was_acknowledged(tmp_path: Path, as_text: bool) -> None:
    path = tmp_path / "meta store.redb"
    store = str(path) if as_text else path

    with (
        MetaServer(tables=["temp"], remote_clusters=REMOTE, store=store) as server,
        Client(server.address) as client,
    ):
        created = client.add("temp", "target", remote_table="copy")
        assert isinstance(created, Created)
        with pytest.raises(MetaServerError, match="in use"):
            MetaServer(store=store)
    assert path.is_file()

    with (
        MetaServer(tables=["temp"], remote_clusters=REMOTE, store=store) as server,
        Client(server.address) as client,
    ):
        again = client.add("temp", "target", remote_table="copy")
        assert isinstance(again, AlreadyExists)
        assert again.differences == ()
        assert again.existing.dupid == created.value.dupid


def test_memory_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with (
            MetaServer(tables=["temp"], remote_clusters=REMOTE, store="memory") as server,
            Client(server.address) as client,
        ):
            assert isinstance(client.add("temp", "target"), Created)
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine" * 10_000)
    with pytest.raises(MetaServerError):
        MetaServer(store=path)
    assert path.read_text() == "mine" * 10_000


def test_address_in_use() -> None:
    with MetaServer() as server, pytest.raises(MetaServerError, match="listen") as caught:
        MetaServer(listen=server.address)
    assert caught.value.cause


def test_tables() -> None:
    with (
        MetaServer(
            tables=["temp", ServedTable("small", partitions=4)], remote_clusters=REMOTE
        ) as server,
        Client(server.address) as client,
    ):
        client.add("small", "target")
        (listed,) = client.query("small")
        assert listed.table_id == 2
        assert len(listed.partitions) == 4


def test_tables_as_the_command_line_writes_them() -> None:
    tables: list[str | ServedTable] = [
        "a:b",
        "wide:16:5",
        "a:5:4:3",
        ServedTable("c:7", partitions=2),
    ]
    with (
        MetaServer(tables=tables, remote_clusters=REMOTE) as server,
        Client(server.address) as client,
    ):
        made = (("a:b", 8, 3), ("wide", 16, 5), ("a:5", 4, 3), ("c:7", 2, 3))
        for name, partitions, replicas in made:
            client.add(name, "target")
            (listed,) = client.query(name)
            assert len(listed.partitions) == partitions
            assert listed.remote_replica_count == replicas
    for wrong in ("a:0", ":5", "a:8:65", "a:99999999999"):
        with pytest.raises(InvalidArgument, match="a table's"):
            MetaServer(tables=[wrong])


def test_a_named_generation_stands_still() -> None:
    with (
        MetaServer(tables=["temp"], remote_clusters=REMOTE, generation="dup-exist") as server,
        Client(server.address) as client,
    ):
        client.add("temp", "target")
        (listed,) = client.query("temp")
        assert listed.status in (Status.PREPARE, Status.LOG)
        assert all(one.confirmed_decree in (None, -1) for one in listed.partitions)


def test_duplication_that_is_switched_off() -> None:
    with (
        MetaServer(tables=["temp"], remote_clusters=REMOTE, duplication_enabled=False) as server,
        Client(server.address) as client,
        pytest.raises(Unavailable) as caught,
    ):
        client.add("temp", "target")
    assert caught.value.code == "ERR_SERVICE_NOT_ACTIVE"
    assert caught.value.hint is not None
    assert "`duplication_enabled = false`" in caught.value.hint
    with pytest.raises(TypeError, match="duplication_enabled"):
        MetaServer(duplication_enabled="no")  # type: ignore[arg-type]


def test_a_cluster_without_addresses_is_not_configured() -> None:
    with (
        MetaServer(tables=["temp"], remote_clusters={"target": []}) as server,
        Client(server.address) as client,
    ):
        assert "target" in str(client.try_add("temp", "target"))
        assert client.query("temp") == []


def test_backups_that_are_switched_off() -> None:
    with MetaServer() as server:
        page = f"http://{server.address}/meta/backup_policy"
        with urllib.request.urlopen(page, timeout=20) as answer:
            assert json.load(answer) == {}
    with MetaGroup(2, backup_enabled=False) as group:
        page = f"http://{group.addresses[0]}/meta/backup_policy"
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(page, timeout=20)
    assert caught.value.read() == b"cold_backup_disabled"


def test_replica_servers_die_and_come_back() -> None:
    def alive(address: str) -> str:
        with urllib.request.urlopen(f"http://{address}/meta/nodes", timeout=20) as page:
            count: str = json.load(page)["summary"]["alive_node_count"]
        return count

    with MetaServer(nodes=5, min_alive_nodes=3, ready_after=0.5) as server:
        assert alive(server.address) == "5"
        server.set_alive_nodes(4)
        assert alive(server.address) == "4"
    with MetaGroup(2, nodes=2) as group:
        group.set_alive_nodes(0)
        # The servers of a group have the same replica servers.
        assert [alive(address) for address in group.addresses] == ["0", "0"]
