"""Without asyncio, `AsyncClient` raises an exception that explains the problem."""

from __future__ import annotations

import asyncio
import queue
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import trio
from fake_meta import FakeMeta
from pegasus_dup import AsyncClient, Client, ClientUnusable, Failed, MetaServer

MESSAGE = "AsyncClient was awaited without asyncio: library=trio"


def test_under_trio() -> None:
    async def main(fake: FakeMeta) -> None:
        async with AsyncClient(fake.address) as client:
            with pytest.raises(ClientUnusable) as caught:
                await client.add("temp", "target")
            assert caught.value.message == MESSAGE
            assert caught.value.hint is not None
            assert "trio.to_thread.run_sync()" in caught.value.hint
            assert isinstance(caught.value, RuntimeError)
            outcome = await client.try_add("temp", "target")
            assert isinstance(outcome, Failed)
            assert isinstance(outcome.error, ClientUnusable)
            for call in (client.query("temp"), client.list(), client.remove("temp", 1)):
                with pytest.raises(ClientUnusable, match="library=trio"):
                    await call

    with FakeMeta().running() as fake:
        trio.run(main, fake)
        assert fake.seen == []


def test_the_advice_works_under_trio(server: MetaServer) -> None:
    async def main() -> None:
        with Client(server.address) as client:
            assert await trio.to_thread.run_sync(client.query, "temp") == []

    trio.run(main)


def test_trio_as_a_guest_of_asyncio(server: MetaServer) -> None:
    # An event loop of asyncio is running there, but it cannot wait for a task of trio.
    async def guest() -> None:
        async with AsyncClient(server.address) as client:
            with pytest.raises(ClientUnusable, match="library=trio"):
                await client.query("temp")

    async def host() -> None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Any] = loop.create_future()
        trio.lowlevel.start_guest_run(
            guest,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=ended.set_result,
        )
        (await ended).unwrap()
        # The host task itself belongs to asyncio.
        async with AsyncClient(server.address) as client:
            assert await client.query("temp") == []

    asyncio.run(host())


def test_asyncio_beside_trio(server: MetaServer) -> None:
    async def under_trio(results: queue.Queue[object]) -> None:
        async def under_asyncio() -> object:
            async with AsyncClient(server.address) as client:
                return await client.query("temp")

        run: Callable[[Any], object] = asyncio.run
        results.put(await trio.to_thread.run_sync(run, under_asyncio()))

    results: queue.Queue[object] = queue.Queue()
    trio.run(under_trio, results)
    assert results.get_nowait() == []


def test_without_any_event_loop() -> None:
    program = """
import sys
from pegasus_dup import AsyncClient, ClientUnusable
try:
    AsyncClient("127.0.0.1:1").query("temp").send(None)
except ClientUnusable as error:
    print(error.message)
print("sniffio" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "AsyncClient was awaited without asyncio\nFalse\n"
