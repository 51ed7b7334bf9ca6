"""Many event loops, loops that are closed, and processes that end or fork with calls in flight."""

from __future__ import annotations

import threading

import pytest
from async_support import deaf, python, run
from fake_meta import LIST_DUPLICATION, FakeMeta
from pegasus_dup import AsyncClient, MetaServer


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
        # The call reaches its timeout, and its loop is closed.
        time.sleep(1)
        task._log_destroy_pending = False
        del task
        gc.collect()
        # The client can be used with another loop.
        try:
            asyncio.run(client.query("temp"))
        except Exception as error:
            print(type(error).__name__)
    """
    with deaf(LIST_DUPLICATION).running() as fake:
        assert python(program, fake.address) == (0, "Timeout\n", "")


@pytest.mark.parametrize("answers", [True, False], ids=["answers", "waits"])
def test_interpreter_shutdown_is_survived(answers: bool) -> None:
    # The loop's thread is a daemon, so that the interpreter ends with calls in flight.
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
                        return  # The call began after the interpreter had begun to end.
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
            # This must not send a message to the thread of the loop, which does not exist here.
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
