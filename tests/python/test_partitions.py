"""The partitions of a listed duplication are a tuple that is made when it is read."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import gc
import pickle

import pytest
from pegasus_dup import (
    AsyncClient,
    Client,
    Duplication,
    MetaServer,
    PartitionProgress,
    ServedTable,
)

REMOTE = {"target": "127.0.0.1:35601"}
TABLES = [ServedTable(f"temp_{number}", partitions=64) for number in range(10)]


def made() -> int:
    """Return how many objects for partitions exist."""
    return sum(isinstance(one, PartitionProgress) for one in gc.get_objects())


def test_listing_makes_no_object_for_a_partition() -> None:
    with MetaServer(tables=TABLES, remote_clusters=REMOTE) as server, Client(server.address) as one:
        before = made()
        created = [one.add(table.name, "target") for table in TABLES]
        by_table = one.list_by_table()
        listed = one.list()

        async def asynchronously() -> list[Duplication]:
            async with AsyncClient(server.address) as client:
                return await client.list()

        everything = (created, by_table, listed, asyncio.run(asynchronously()))
        assert made() == before
        # The objects exist as long as the program holds them.
        partitions = [found.partitions for found in listed]
        assert made() == before + 64 * len(TABLES)
        del partitions
        assert made() == before
        del everything


@pytest.fixture(scope="module")
def listed() -> Duplication:
    """Return a duplication of a table with three partitions, as a server lists it."""
    with (
        MetaServer(
            tables=[ServedTable("temp", partitions=3)],
            remote_clusters=REMOTE,
            clock="manual",
            partitions=["temp:2=stick:7"],
        ) as server,
        Client(server.address) as client,
    ):
        client.add("temp", "target")
        server.advance(10)
        (listed,) = client.query("temp")
        return listed


@pytest.fixture
def same(listed: Duplication) -> Duplication:
    """Return an equal duplication that a program made, with a tuple of partitions."""
    decrees = [(101, 101), (102, 102), (7, 103)]
    partitions = tuple(PartitionProgress(index, *both) for index, both in enumerate(decrees))
    return dataclasses.replace(listed, partitions=partitions)


def test_they_are_a_tuple(listed: Duplication, same: Duplication) -> None:
    assert type(listed.partitions) is tuple
    assert listed.partitions == same.partitions
    assert listed.partitions[-2:] == same.partitions[1:]
    assert same.partitions[-1] in listed.partitions
    assert listed.partitions[2] == PartitionProgress(2, 7, 103)
    match listed:
        case Duplication(table="temp", partitions=(PartitionProgress(0, 101, 101), *rest)):
            assert len(rest) == 2
        case _:
            pytest.fail("a listed duplication does not match")


def test_a_decree_that_is_not_known_is_none() -> None:
    with (
        MetaServer(tables=["temp"], remote_clusters=REMOTE, clock="manual") as server,
        Client(server.address) as client,
    ):
        client.add("temp", "target", checkpoint=True)
        (listed,) = client.query("temp")
        assert listed.partitions[6] == PartitionProgress(6, None, 7)


def test_a_duplication_is_the_same_value_with_them_as_without(
    listed: Duplication, same: Duplication
) -> None:
    assert listed == same
    assert same == listed
    assert hash(listed) == hash(same)
    assert repr(listed) == repr(same)
    assert str(listed) == str(same)
    assert dataclasses.asdict(listed) == dataclasses.asdict(same)
    assert dataclasses.astuple(listed) == dataclasses.astuple(same)
    other = dataclasses.replace(same, partitions=same.partitions[:-1])
    assert listed != other
    with pytest.raises(dataclasses.FrozenInstanceError):
        listed.partitions = ()  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del listed.partitions


def test_copies_and_pickles(listed: Duplication, same: Duplication) -> None:
    for other in (
        copy.copy(listed),
        copy.deepcopy(listed),
        dataclasses.replace(listed),
        *(pickle.loads(pickle.dumps(listed, protocol)) for protocol in range(6)),
    ):
        assert other == same
        assert hash(other) == hash(same)
        assert other.partitions == same.partitions
    # A pickle does not depend on how a duplication holds its partitions.
    assert b"Packed" not in pickle.dumps(listed)
