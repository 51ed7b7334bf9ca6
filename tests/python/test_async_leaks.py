"""Nothing leaks if an event loop ends before it has received the results of its calls."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from fake_meta import LIST_DUPLICATION, FakeMeta
from pegasus_dup import AsyncClient, MetaServer, Progress

ROUNDS = 300


class Loop(asyncio.SelectorEventLoop):
    """An event loop that notes when another thread calls it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def call_soon_threadsafe(self, callback: Any, *args: Any, **more: Any) -> asyncio.Handle:  # type: ignore[override]
        handle = super().call_soon_threadsafe(callback, *args, **more)
        self.asked.set()
        return handle

    def begin(self, call: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """Begin a call, and wait until a message about it is pending. Do not deliver it."""
        task = self.create_task(call)
        # The task stays pending for ever, which this test is about.
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        # Run the loop once. Messages that arrive meanwhile would be for the next run.
        self.call_soon(self.stop)
        self.run_forever()
        assert self.asked.wait(10)
        assert not task.done()
        return task


def resources() -> dict[str, int]:
    return {name: len(os.listdir(f"/proc/self/{name}")) for name in ("fd", "task")}


def held_objects(kind: type) -> int:
    return sum(isinstance(one, kind) for one in gc.get_objects())


def back_to(before: dict[str, int], clients: int) -> None:
    """Wait until no more objects exist than before. Other threads may release theirs late."""
    deadline = time.monotonic() + 20
    while True:
        gc.collect()
        held = [held_objects(AsyncClient) - clients, held_objects(asyncio.Task) - 1]
        now = resources()
        if max(held) <= 0 and all(now[name] <= before[name] + 5 for name in before):
            return
        assert time.monotonic() < deadline, (before, now, held)
        time.sleep(0.05)


# asyncio itself warns about a loop that is dropped without being closed.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def leave_undelivered(address: str, *, close: bool, steps: list[Progress] | None) -> None:
    """Send the end of a call, or a step of it, to a loop that never reads it."""
    client = AsyncClient(address, timeout=10)
    loop = Loop()
    loop.begin(client.query("temp", progress=None if steps is None else steps.append))
    assert not steps
    if close:
        loop.close()


@pytest.mark.parametrize("close", [True, False], ids=["closed", "dropped"])
@pytest.mark.parametrize("with_steps", [False, True], ids=["end", "steps"])
def test_undelivered_messages_keep_nothing(
    server: MetaServer, close: bool, with_steps: bool
) -> None:
    def rounds(count: int) -> None:
        for _ in range(count):
            leave_undelivered(server.address, close=close, steps=[] if with_steps else None)

    before = resources()
    # The garbage collector runs by itself meanwhile, as it does in a program.
    rounds(ROUNDS)
    back_to(before, clients=0)


def test_a_client_outlives_many_loops(server: MetaServer) -> None:
    client = AsyncClient(server.address)

    def rounds(count: int) -> None:
        for _ in range(count):
            loop = Loop()
            loop.begin(client.query("temp"))
            loop.close()

    rounds(1)
    before = resources()
    rounds(ROUNDS)
    back_to(before, clients=1)
    assert asyncio.run(client.query("temp")) == []


def test_a_call_in_flight_keeps_the_task_that_waits_for_it() -> None:
    # asyncio itself keeps no task. A socket keeps its reader in the same way.
    collected = threading.Event()

    def answer_later(_: FakeMeta) -> bytes | None:
        assert collected.wait(10)
        return None

    async def main(address: str) -> None:
        ended: list[BaseException] = []

        async def ask() -> None:
            try:
                await AsyncClient(address, timeout=0.5).query("temp")
            except Exception as error:
                ended.append(error)

        asyncio.ensure_future(ask())  # noqa: RUF006 - no reference is kept
        await asyncio.sleep(0)
        gc.collect()
        collected.set()
        while not ended:
            await asyncio.sleep(0.01)

    fake = FakeMeta(replies={LIST_DUPLICATION: answer_later})
    with fake.running():
        asyncio.run(asyncio.wait_for(main(fake.address), 20))


def test_a_cancelled_call_keeps_nothing(server: MetaServer) -> None:
    async def main(rounds: int) -> None:
        async with AsyncClient(server.address) as client:
            for _ in range(rounds):
                task = asyncio.ensure_future(client.query("temp", progress=lambda _: None))
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            gc.collect()
            # One is this task. The other is the last cancelled task, which `task` refers to.
            assert held_objects(asyncio.Task) <= 2

    asyncio.run(main(50))


def test_calls_that_end_while_others_are_cancelled(server: MetaServer) -> None:
    async def main() -> None:
        async with AsyncClient(server.address) as client:
            for number in range(200):
                tasks = [
                    asyncio.ensure_future(client.query("temp", progress=str))
                    for _ in range(1 + number % 8)
                ]
                await asyncio.sleep(number % 5 * 0.0005)
                for task in tasks[::2]:
                    task.cancel()
                # No task waits for ever.
                ends = await asyncio.gather(*tasks, return_exceptions=True)
                assert all(end == [] or isinstance(end, asyncio.CancelledError) for end in ends)

    asyncio.run(asyncio.wait_for(main(), 60))
