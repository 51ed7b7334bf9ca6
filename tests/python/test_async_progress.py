"""The progress of calls, and exceptions raised by the callback that watches it."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest
from async_support import SENT, deaf, notes, run
from fake_meta import ADD, CONFIG, LIST_DUPLICATION
from pegasus_dup import AsyncClient, Client, MetaServer, Progress, Step


def test_progress(server: MetaServer) -> None:
    async def main() -> None:
        seen: list[Progress] = []
        threads = set()

        def watch(progress: Progress) -> None:
            seen.append(progress)
            threads.add(threading.current_thread())

        async with AsyncClient(server.address) as client:
            await client.add("temp", "target", progress=watch)
        assert seen[0] == Progress(Step.LOOKING_FOR_LEADER)
        assert seen[1] == Progress(Step.ASKING, server.address)
        assert Progress(Step.SENDING, SENT) in seen
        assert seen[-1].step is Step.SETTLED
        assert threads == {threading.current_thread()}

    run(main())


def test_progress_that_raises_ends_the_call() -> None:
    async def main() -> None:
        def watch(progress: Progress) -> None:
            if progress.step is Step.SENDING:
                raise LookupError(str(progress))

        with deaf(ADD).running() as fake:
            client = AsyncClient(fake.address, timeout=60)
            with pytest.raises(LookupError, match="sending: add table=temp") as caught:
                await client.add("temp", "target", progress=watch)
            assert client.unsettled == [SENT]
            if sys.version_info >= (3, 11):
                assert SENT in notes(caught.value)

    run(main())


class Unusual(BaseException):
    """An exception that is derived from no class that code usually catches."""


@pytest.mark.parametrize(
    ("at", "unanswered"),
    [(Step.LOOKING_FOR_LEADER, CONFIG), (Step.ASKING, LIST_DUPLICATION), (Step.SENDING, ADD)],
)
@pytest.mark.parametrize(
    "raises",
    [
        Unusual,
        GeneratorExit,
        StopAsyncIteration,
        StopIteration,
        asyncio.CancelledError,
        asyncio.InvalidStateError,
        KeyboardInterrupt,
        SystemExit,
    ],
)
def test_whatever_progress_raises_ends_the_call(
    raises: type[BaseException], at: Step, unanswered: str
) -> None:
    def watch(progress: Progress) -> None:
        if progress.step is at:
            raise raises("on purpose")

    async def adding(client: AsyncClient) -> str:
        try:
            await client.add("temp", "target", progress=watch)
        except BaseException as error:
            caught = error
        # Like a generator, a coroutine cannot raise it (PEP 479).
        if raises is StopIteration:
            assert type(caught) is RuntimeError
            assert str(caught) == "progress raised StopIteration"
            assert type(caught.__cause__) is StopIteration
        else:
            assert type(caught) is raises
            assert str(caught) == "on purpose"
        return notes(caught)

    async def main() -> None:
        with deaf(unanswered).running() as fake:
            client = AsyncClient(fake.address, timeout=60)
            told = await adding(client)
            sent = at is Step.SENDING
            assert client.unsettled == ([SENT] if sent else [])
            if sys.version_info >= (3, 11):
                assert (SENT in told) is sent
            assert fake.has_seen(ADD) <= sent

    run(main())


def test_whatever_progress_raises_in_a_blocking_call(server: MetaServer) -> None:
    for raises in (Unusual, GeneratorExit, StopIteration, KeyboardInterrupt, SystemExit):

        def watch(_: Progress, raises: type[BaseException] = raises) -> None:
            raise raises("on purpose")

        with Client(server.address) as client:
            with pytest.raises(raises, match="on purpose"):
                client.add("temp", "target", progress=watch)
            with pytest.raises(raises, match="on purpose"):
                client.try_add("temp", "target", progress=watch)
