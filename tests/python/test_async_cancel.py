"""Asynchronous calls that are cancelled, by hand or by a timeout of asyncio."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest
from async_support import SENT, deaf, notes, run, until
from fake_meta import ADD, LIST_DUPLICATION
from pegasus_dup import AsyncClient, Client, InvalidArgument, MetaServer


def test_cancelling_before_anything_was_sent() -> None:
    async def main() -> None:
        with deaf(LIST_DUPLICATION).running() as fake:
            client = AsyncClient(fake.address, timeout=60)
            task = asyncio.ensure_future(client.add("temp", "target"))
            await until(lambda: fake.has_seen(LIST_DUPLICATION), "the question")
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert notes(caught.value) == ""
            assert client.unsettled == []
            assert not fake.has_seen(ADD)

    run(main())


def test_cancelling_an_add_that_was_sent() -> None:
    async def main() -> None:
        with deaf(ADD).running() as fake:
            client = AsyncClient(fake.address, timeout=60)
            task = asyncio.ensure_future(client.add("temp", "target"))
            await until(lambda: fake.has_seen(ADD), "the add")
            # Another call of the same client, which the note must not mention.
            await client.query("temp")
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert client.unsettled == [SENT]
            if sys.version_info >= (3, 11):
                assert SENT in notes(caught.value)
                assert "read the current state" in notes(caught.value)

    run(main())


def test_cancelling_a_question_says_nothing_of_an_add() -> None:
    async def main() -> None:
        with deaf(ADD).running() as fake:
            client = AsyncClient(fake.address, timeout=60)
            adding = asyncio.ensure_future(client.add("temp", "target"))
            await until(lambda: fake.has_seen(ADD), "the add")
            fake.replies[LIST_DUPLICATION] = lambda _: None
            asked = fake.seen.count(LIST_DUPLICATION)
            asking = asyncio.ensure_future(client.query("temp"))
            await until(lambda: fake.seen.count(LIST_DUPLICATION) > asked, "the question")
            asking.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await asking
            assert notes(caught.value) == ""
            adding.cancel()
            with pytest.raises(asyncio.CancelledError):
                await adding

    run(main())


def test_cancelled_when_it_has_just_ended(server: MetaServer) -> None:
    async def main() -> None:
        client = AsyncClient(server.address)
        task = asyncio.ensure_future(client.add("temp", "target"))
        await asyncio.sleep(0)
        # The loop does not run meanwhile, so the call ends before its result is delivered.
        with Client(server.address) as other:
            deadline = time.monotonic() + 10
            while not other.query("temp") or client.unsettled:
                assert time.monotonic() < deadline
        time.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert client.unsettled == []
        if sys.version_info >= (3, 11):
            assert "just ended, with Created(" in notes(caught.value)

    run(main())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="new in Python 3.11")
def test_timeout_and_task_group() -> None:
    async def main() -> None:
        with deaf(ADD).running() as fake:
            client = AsyncClient(fake.address, timeout=60)
            begin = time.monotonic()
            with pytest.raises(TimeoutError) as late:
                async with asyncio.timeout(0.3):
                    await client.add("temp", "target")
            assert time.monotonic() - begin < 5
            assert late.value.__cause__ is not None
            assert SENT in notes(late.value.__cause__)
            waiting: list[asyncio.Task[object]] = []

            async def group() -> None:
                async with asyncio.TaskGroup() as tasks:
                    waiting.append(tasks.create_task(client.add("temp", "other")))
                    await until(lambda: fake.seen.count(ADD) == 2, "the second add")
                    tasks.create_task(client.query("nope", timeout=0))

            with pytest.RaisesGroup(InvalidArgument):
                await group()
            assert waiting[0].cancelled()
            assert client.unsettled == [SENT, "add table=temp cluster=other"]

    run(main())
