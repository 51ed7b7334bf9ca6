"""The asynchronous client: the same calls, cancelled, timed out, and left behind."""

from __future__ import annotations

import asyncio
import gc
import inspect
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from fake_meta import ADD, CONFIG, LIST_DUPLICATION, FakeMeta
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
    Progress,
    Removed,
    Step,
    TableNotFound,
    Timeout,
    Unchanged,
)

T = TypeVar("T")
SENT = "add table=temp cluster=target"


def run(main: Awaitable[T]) -> T:
    async def limited() -> T:
        return await asyncio.wait_for(main, 20)

    return asyncio.run(limited(), debug=True)


async def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.005)


def deaf(name: str) -> FakeMeta:
    """A server that takes one kind of request and never answers it."""
    return FakeMeta(replies={name: lambda _: None})


def notes(error: BaseException) -> str:
    return " ".join(getattr(error, "__notes__", []))


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
            # Its decrees move on meanwhile.
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
            # Another call of the same client, which the note must not speak of.
            await client.query("temp")
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert client.unsettled == [SENT]
            if sys.version_info >= (3, 11):
                assert SENT in notes(caught.value)
                assert "query the table" in notes(caught.value)

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
        # The loop stands still meanwhile: the call ends, and nobody is told yet.
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


def test_a_thousand_at_once(server: MetaServer) -> None:
    async def main() -> None:
        async with AsyncClient(server.address) as client:
            results = await asyncio.gather(*(client.query("temp") for _ in range(1000)))
            assert results == [[]] * 1000

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
    """Derived from no class that code usually catches."""


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
        # A coroutine can't raise it, no more than a generator (PEP 479).
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


def test_one_client_and_many_loops(server: MetaServer) -> None:
    client = AsyncClient(server.address)
    for _ in range(3):
        assert run(client.query("temp")) == []
    failures: list[BaseException] = []

    def in_thread() -> None:
        try:
            for _ in range(20):
                assert run(client.query("temp")) == []
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=in_thread) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def python(program: str, *args: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_closed_loop_is_survived() -> None:
    program = """
        import asyncio, gc, sys, time
        from pegasus_dup import AsyncClient
        client = AsyncClient(sys.argv[1], timeout=0.5)
        loop = asyncio.new_event_loop()
        steps = []
        task = loop.create_task(client.query("temp", progress=steps.append))
        loop.run_until_complete(asyncio.sleep(0.1))
        assert steps and not task.done()
        loop.close()
        # The call ends by its own timeout, and finds nobody.
        time.sleep(1)
        task._log_destroy_pending = False
        del task
        gc.collect()
        # The client goes on, with another loop.
        try:
            asyncio.run(client.query("temp"))
        except Exception as error:
            print(type(error).__name__)
    """
    with deaf(LIST_DUPLICATION).running() as fake:
        assert python(program, fake.address) == (0, "Timeout\n", "")


@pytest.mark.parametrize("answers", [True, False], ids=["answers", "waits"])
def test_interpreter_shutdown_is_survived(answers: bool) -> None:
    # The loop's thread is a daemon, so that the interpreter ends with calls under way.
    program = """
        import asyncio, sys, threading, time
        from pegasus_dup import AsyncClient, ClientUnusable
        client = AsyncClient(sys.argv[1], timeout=60)
        begun = threading.Event()
        async def main():
            async def forever():
                while True:
                    begun.set()
                    try:
                        await client.query("temp", progress=lambda step: None)
                    except ClientUnusable:
                        return  # begun when the interpreter had begun to end
            await asyncio.gather(*(forever() for _ in range(50)))
        threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
        begun.wait(10)
        time.sleep(0.3)
    """
    fake = FakeMeta() if answers else deaf(LIST_DUPLICATION)
    with fake.running():
        for _ in range(3):
            assert python(program, fake.address) == (0, "", "")


def test_a_forked_child_gets_an_error(server: MetaServer) -> None:
    program = """
        import asyncio, gc, os, signal, sys, warnings
        from pegasus_dup import AsyncClient, ClientUnusable
        warnings.simplefilter("ignore", DeprecationWarning)
        client = AsyncClient(sys.argv[1], timeout=5)

        async def main():
            pending = asyncio.ensure_future(client.query("temp"))
            await asyncio.sleep(0)
            child = os.fork()
            if child:
                assert await pending == []
                _, status = os.waitpid(child, 0)
                return os.waitstatus_to_exitcode(status)
            signal.alarm(20)
            # Not a word of it to the thread that isn't here.
            pending.get_coro().close()
            asyncio.run(in_child())
            gc.collect()
            os._exit(7)

        async def in_child():
            try:
                await client.query("temp")
            except ClientUnusable as error:
                print(error, flush=True)
            await client.close()
            async with AsyncClient(sys.argv[1]) as own:
                print(await own.query("temp"), flush=True)

        print(asyncio.run(main()))
    """
    code, out, err = python(program, server.address)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("this client was made before the process forked: make a new client")
    assert lines[1:] == ["[]", "7"]


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
    # Clients, coroutines and exceptions go without the collector's help.
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(one, (TableNotFound, AsyncClient)) for one in gc.get_objects())
        run(main())
        after = sum(isinstance(one, (TableNotFound, AsyncClient)) for one in gc.get_objects())
    finally:
        gc.enable()
    assert after <= before
