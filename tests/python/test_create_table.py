"""The call that creates a table."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import pickle

import pytest
from pegasus_dup import (
    AlreadyExists,
    AsyncClient,
    Client,
    Created,
    Evidence,
    Failed,
    InvalidArgument,
    MetaServer,
    OutcomeUnknown,
    Progress,
    Property,
    Removed,
    Table,
    Timeout,
)


def test_a_table_is_created_once(client: Client) -> None:
    envs = {"replica.slow_query_threshold": "60", "business.info": "a, b"}
    created = client.create_table("users", 4, envs=envs, atomic_idempotent=True)
    match created:
        case Created(Table("users", partition_count=4, replica_count=3) as value):
            assert (created.evidence, created.certain) == (Evidence.SERVER_SAID_SO, True)
            assert (value.envs, value.atomic_idempotent) == (envs, True)
        case _:
            raise AssertionError(created)
    again = client.create_table("users", 4, envs=envs, atomic_idempotent=True)
    match again:
        case AlreadyExists(existing, differences=(), unverified=()):
            assert existing.table_id == value.table_id
            assert again.certain
        case _:
            raise AssertionError(again)
    match client.create_table(
        "users", 8, replica_count=1, envs={"replica.slow_query_threshold": "60"}
    ):
        case AlreadyExists(_, differences):
            assert [(one.field, one.asked, one.existing) for one in differences] == [
                (Property.PARTITION_COUNT, 8, 4),
                (Property.REPLICA_COUNT, 1, 3),
                (Property.ENVS, {}, {"business.info": "a, b"}),
            ]
        case other:
            raise AssertionError(other)


def test_settings_cannot_be_changed(client: Client) -> None:
    created = client.create_table("users", 4, envs={"replica.slow_query_threshold": "60"})
    exists = client.create_table("users", 4, envs={"replica.slow_query_threshold": "61"})
    assert isinstance(created, Created)
    assert isinstance(exists, AlreadyExists)
    (difference,) = exists.differences
    assert isinstance(difference.existing, dict)
    for envs in (created.value.envs, difference.existing):
        assert isinstance(envs, dict)
        with pytest.raises(TypeError, match="cannot be changed"):
            envs["replica.slow_query_threshold"] = "1"
        with pytest.raises(TypeError, match="cannot be changed"):
            del envs["replica.slow_query_threshold"]
        for change in ("clear", "popitem"):
            with pytest.raises(TypeError, match="cannot be changed"):
                getattr(envs, change)()
        with pytest.raises(TypeError, match="cannot be changed"):
            envs.update(slow="1")
        with pytest.raises(TypeError, match="cannot be changed"):
            envs |= {"replica.slow_query_threshold": "1"}
        assert dict(envs) == {"replica.slow_query_threshold": "60"}
        assert envs | {"a": "b"} == {"replica.slow_query_threshold": "60", "a": "b"}
        assert repr(envs) == "{'replica.slow_query_threshold': '60'}"
    for same in (pickle.loads(pickle.dumps(exists)), copy.deepcopy(exists), copy.copy(exists)):
        assert same == exists
        assert hash(same) == hash(exists)
        assert same.existing.envs == {"replica.slow_query_threshold": "60"}
    other = dataclasses.replace(created.value, envs={"replica.slow_query_threshold": "61"})
    assert other != created.value
    fields = json.loads(json.dumps(dataclasses.asdict(created.value)))
    assert fields["envs"] == {"replica.slow_query_threshold": "60"}


def test_a_lost_response(server: MetaServer, client: Client) -> None:
    server.set_faults(["create-app=drop-reply"])
    lost = client.create_table("users", 4, timeout=2)
    assert isinstance(lost, Created)
    assert (lost.evidence, lost.certain) == (Evidence.APPEARED_DURING_CALL, False)
    proven = client.create_table("orders", 4, prove_authorship=True, timeout=2)
    assert isinstance(proven, Created)
    assert proven.certain
    assert "pegasus_dup.created_by" in proven.value.envs


def test_errors_are_raised_or_returned(server: MetaServer, client: Client) -> None:
    with pytest.raises(InvalidArgument, match="partition_limit=1024"):
        client.create_table("users", 1025)
    failed = client.try_create_table("users", 5, partition_limit=4)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, InvalidArgument)
    assert isinstance(client.try_create_table("users", 1025, partition_limit=1025), Created)
    server.set_faults(["create-app=close-before"])
    unknown = client.try_create_table("orders", 4, timeout=0.5)
    assert isinstance(unknown, Failed)
    assert isinstance(unknown.error, OutcomeUnknown)
    assert client.unsettled == ["create-table table=orders"]


def test_a_new_table_becomes_ready() -> None:
    steps: list[Progress] = []
    with (
        MetaServer(clock="manual", ready_after=10) as server,
        Client(server.address, timeout=5) as client,
    ):
        client.create_table("users", 4)
        with pytest.raises(Timeout, match="users"):
            client.wait_ready("users", timeout=0.5, progress=steps.append)
        assert "ready_partitions=0 partition_count=4" in [step.detail for step in steps]
        removed = client.drop_table("users")
        assert isinstance(removed, Removed)
        assert removed.was.is_ready is False
        client.create_table("users", 4)
        server.advance(11)
        assert client.wait_ready("users").is_ready is True


def test_the_asynchronous_client_creates_a_table_once(server: MetaServer) -> None:
    async def main() -> None:
        async with AsyncClient(server.address, timeout=5) as client:
            first, second = await asyncio.gather(
                client.create_table("users", 4), client.try_create_table("users", 4)
            )
            assert {type(first), type(second)} == {Created, AlreadyExists}
            failed = await client.try_create_table("users", -1)
            assert isinstance(failed, Failed)
            assert isinstance(failed.error, InvalidArgument)

    asyncio.run(main())
