"""Test a script without a cluster: ``pip install pegasus-dup pytest``, then ``pytest``."""

from __future__ import annotations

import pytest
from ensure_duplications import ensure
from pegasus_dup import Client, MetaServer
from pytest_pegasus_dup import MetaFactory


def test_created_once(pegasus_meta: MetaServer) -> None:
    """Each test has a server of its own, which has no duplications yet."""
    assert ensure(pegasus_meta.address, {"temp": "target"}) == ["temp: created"]
    assert ensure(pegasus_meta.address, {"temp": "target"}) == ["temp: exists"]


@pytest.mark.pegasus_meta(tables=["a", "b"], remote_clusters={"backup": "127.0.0.1:35601"})
def test_other_tables(pegasus_meta: MetaServer) -> None:
    """The marker sets the tables and the remote clusters of the server."""
    wanted = {"a": "backup", "b": "backup", "c": "backup"}
    assert ensure(pegasus_meta.address, wanted) == [
        "a: created",
        "b: created",
        "c: failed: table_not_found",
    ]


def test_differences_are_reported(pegasus_meta: MetaServer) -> None:
    """The script reports how a duplication that somebody else added differs from the request."""
    with Client(pegasus_meta.address) as client:
        client.add("temp", "target", remote_table="temp_copy")
    assert ensure(pegasus_meta.address, {"temp": "target"}) == [
        "temp: exists, but differs: remote_table: asked=temp existing=temp_copy"
    ]


@pytest.mark.parametrize("generation", ["freezed", "checkpoint", "remote-name", "dup-exist"])
def test_every_generation(pegasus_meta_factory: MetaFactory, generation: str) -> None:
    """The cluster may run any version of Pegasus."""
    server = pegasus_meta_factory(generation=generation)
    ensure(server.address, {"temp": "target"})
    assert ensure(server.address, {"temp": "target"}) == ["temp: exists"]
    assert server.would_have_died == 0


@pytest.mark.pegasus_meta(faults=["add#1=drop-reply"])
def test_a_lost_response(pegasus_meta: MetaServer) -> None:
    """The add was executed, but its response was lost, so another client may have created it."""
    assert ensure(pegasus_meta.address, {"temp": "target"}, timeout=3) == [
        "temp: created, by this run or another"
    ]


def test_the_leader_is_another_server(pegasus_meta_factory: MetaFactory) -> None:
    """The script finds the leader, whichever server of the group it is given."""
    group = pegasus_meta_factory.group(3)
    assert ensure(group.addresses[2], {"temp": "target"}) == ["temp: created"]
