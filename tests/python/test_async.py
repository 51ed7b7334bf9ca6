"""The asynchronous client has the same calls as the blocking client."""

from __future__ import annotations

import asyncio
import gc
import inspect
from datetime import timedelta
from typing import Any

import pytest
from async_support import SENT, deaf, notes, run
from fake_meta import ADD, LIST_DUPLICATION
from pegasus_dup import (
    AlreadyExists,
    AsyncClient,
    Changed,
    Client,
    ClientUnusable,
    Created,
    Failed,
    InvalidArgument,
    MetaServer,
    NotFound,
    OutcomeUnknown,
    Removed,
    TableNotFound,
    Timeout,
    Unchanged,
)


def test_every_operation(server: MetaServer) -> None:
    async def main() -> None:
        async with AsyncClient(server.address, timeout=timedelta(seconds=5)) as client:
            assert repr(client) == f"AsyncClient('{server.address}')"
            created = await client.add("temp", "target", remote_table="copy")
            assert isinstance(created, Created)
            assert created.certain
            again = await client.try_add("temp", "target", timeout=timedelta(seconds=4))
            assert isinstance(again, AlreadyExists)
            assert [one.field for one in again.differences] == ["remote_table"]
            failed = await client.try_add("nope", "target")
            assert isinstance(failed, Failed)
            assert isinstance(failed.error, TableNotFound)
            # The decrees change between two queries.
            for found in (await client.query("temp"), await client.list("tem", match="prefix")):
                assert [one.identity for one in found] == [created.value.identity]
            assert isinstance(await client.set_fail_mode("temp", "target", "skip"), Changed)
            assert isinstance(await client.start("temp", "target"), Unchanged)
            while (await client.query("temp"))[0].status != "DS_LOG":
                await asyncio.sleep(0.01)
            assert isinstance(await client.pause("temp", created.value.dupid), Changed)
            assert isinstance(await client.remove("temp", "target"), Removed)
            assert isinstance(await client.remove("temp", "target"), NotFound)
            assert client.unsettled == []

    run(main())


def test_the_same_methods() -> None:
    def public(thing: type) -> dict[str, Any]:
        members = inspect.getmembers(thing, inspect.isfunction)
        return {name: member for name, member in members if not name.startswith("_")}

    blocking, asynchronous = public(Client), public(AsyncClient)
    assert blocking.keys() == asynchronous.keys()
    for name, method in blocking.items():
        assert inspect.iscoroutinefunction(asynchronous[name])
        assert inspect.signature(method) == inspect.signature(asynchronous[name])
        assert method.__doc__ == asynchronous[name].__doc__


def test_arguments_and_errors(server: MetaServer) -> None:
    async def main() -> None:
        client = AsyncClient(server.address)
        with pytest.raises(TypeError, match="table"):
            await client.add(1, "target")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="progress"):
            await client.query("temp", progress=1)  # type: ignore[arg-type]
        with pytest.raises(InvalidArgument, match="timeout"):
            await client.query("temp", timeout=0)
        with pytest.raises(TableNotFound) as caught:
            await client.query("nope")
        assert caught.value.server == server.address
        await client.close()
        await client.close()
        with pytest.raises(ClientUnusable, match="closed"):
            await client.query("temp")

    run(main())


def test_its_own_timeout() -> None:
    async def main() -> None:
        with deaf(LIST_DUPLICATION).running() as fake:
            client = AsyncClient(fake.address)
            with pytest.raises(Timeout):
                await client.query("temp", timeout=0.2)
            assert client.unsettled == []
        with deaf(ADD).running() as fake:
            client = AsyncClient(fake.address, timeout=0.5)
            with pytest.raises(OutcomeUnknown) as caught:
                await client.add("temp", "target")
            assert client.unsettled == [SENT]
            assert notes(caught.value) == ""

    run(main())


def test_a_thousand_at_once(server: MetaServer) -> None:
    async def main() -> None:
        async with AsyncClient(server.address) as client:
            results = await asyncio.gather(*(client.query("temp") for _ in range(1000)))
            assert results == [[]] * 1000

    run(main())


def test_nothing_is_left_behind(server: MetaServer) -> None:
    async def main() -> None:
        async with AsyncClient(server.address) as client:
            await asyncio.gather(*(client.try_add("nope", "target") for _ in range(20)))
            task = asyncio.ensure_future(client.query("temp"))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main())
    # Clients, coroutines and exceptions are freed without the garbage collector.
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(one, (TableNotFound, AsyncClient)) for one in gc.get_objects())
        run(main())
        after = sum(isinstance(one, (TableNotFound, AsyncClient)) for one in gc.get_objects())
    finally:
        gc.enable()
    assert after <= before
