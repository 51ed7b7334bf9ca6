"""The life of a blocking client: Ctrl-C, threads, forks and closing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from fake_meta import ADD, LIST_DUPLICATION, FakeMeta
from pegasus_dup import AlreadyExists, Client, ClientUnusable, Created, MetaServer, PegasusDupError


def silent() -> FakeMeta:
    """Return a server that reads requests and sends no responses."""
    return FakeMeta(replies={LIST_DUPLICATION: lambda _: None})


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in time"
        time.sleep(0.005)


@contextmanager
def python(program: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Run the program in a separate Python, which is killed at the end in any case."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c() -> None:
    program = """
        import sys, time
        from pegasus_dup import Client
        client = Client(sys.argv[1], timeout=60)
        try:
            client.add("temp", "target")
        except KeyboardInterrupt:
            print(time.time(), flush=True)
            # The call has ended, but the client can still be used.
            try:
                client.query("temp", timeout=0.1)
            except Exception as error:
                print(type(error).__name__, flush=True)
            sys.exit(42)
    """
    waits = []
    # One of three tries must be fast enough, because other programs may keep the machine busy. If
    # the signal were lost, all three would fail.
    for _ in range(3):
        with silent().running() as fake, python(program, fake.address) as process:
            wait_for(partial(fake.has_seen, LIST_DUPLICATION), "the request")
            sent = time.time()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
        assert process.returncode == 42, err
        raised, after = out.splitlines()
        assert after in ("Timeout", "Unavailable")
        waits.append(float(raised) - sent)
        assert 0 <= waits[-1] < 2
        if waits[-1] < 0.2:
            return
    raise AssertionError(f"Ctrl-C took too long: {waits}")


def test_ctrl_c_tells_what_was_sent() -> None:
    program = """
        import sys
        from pegasus_dup import Client
        with Client(sys.argv[1], timeout=60) as client:
            assert client.unsettled == []
            try:
                client.add("temp", "target")
            except KeyboardInterrupt as interrupt:
                print(client.unsettled)
                print(*getattr(interrupt, "__notes__", []))
    """
    fake = FakeMeta(replies={ADD: lambda _: None})
    with fake.running(), python(program, fake.address) as process:
        wait_for(partial(fake.has_seen, ADD), "the add")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    unsettled, note = out.splitlines()
    assert unsettled == "['add table=temp cluster=target']"
    if sys.version_info >= (3, 11):
        assert "add table=temp cluster=target" in note


def test_ctrl_c_uncaught_ends_the_process() -> None:
    program = """
        import sys
        from pegasus_dup import Client
        with Client(sys.argv[1], timeout=60) as client:
            client.add("temp", "target")
    """
    with silent().running() as fake, python(program, fake.address) as process:
        wait_for(partial(fake.has_seen, LIST_DUPLICATION), "the request")
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert time.monotonic() - sent < 2
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err


def test_a_signal_handler_may_use_the_client(server: MetaServer) -> None:
    listed: list[object] = []
    with (
        silent().running() as fake,
        Client(fake.address) as waiting,
        Client(server.address) as other,
    ):

        def handler(number: int, frame: object) -> None:
            listed.append(other.query("temp"))
            raise InterruptedError

        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(InterruptedError):
                waiting.add("temp", "target", timeout=10)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    assert listed == [[]]


def test_other_threads_run_while_a_call_waits() -> None:
    with silent().running() as fake, Client(fake.address) as client:
        waiting = threading.Thread(
            target=client.try_add, args=("temp", "target"), kwargs={"timeout": 1}
        )
        waiting.start()
        wait_for(partial(fake.has_seen, LIST_DUPLICATION), "the request")
        ran = 0
        while waiting.is_alive():
            time.sleep(0.01)
            ran += 1
        assert ran > 10


def test_threads_share_a_client() -> None:
    tables = [f"table{number}" for number in range(16)]
    with (
        MetaServer(tables=tables, remote_clusters={"target": "127.0.0.1:35601"}) as server,
        Client(server.address) as client,
        ThreadPoolExecutor(max_workers=16) as pool,
    ):
        # Each table is added three times at once. One add creates the duplication, and the others
        # find it.
        outcomes = list(pool.map(lambda table: client.add(table, "target"), tables * 3))
        for table in tables:
            of_table = [
                one for one, name in zip(outcomes, tables * 3, strict=True) if name == table
            ]
            created = [one for one in of_table if isinstance(one, Created)]
            assert len(created) == 1
            assert created[0].certain
            assert sum(isinstance(one, AlreadyExists) for one in of_table) == 2
        assert len(client.list()) == len(tables)


def test_closed() -> None:
    client = Client("127.0.0.1:1")
    client.close()
    client.close()
    with pytest.raises(ClientUnusable, match="closed") as caught:
        client.query("temp")
    assert isinstance(caught.value, PegasusDupError)
    assert isinstance(caught.value, RuntimeError)


def test_closing_lets_calls_under_way_end() -> None:
    with silent().running() as fake, ThreadPoolExecutor(1) as pool:
        client = Client(fake.address)
        call = pool.submit(client.try_add, "temp", "target", timeout=1)
        wait_for(partial(fake.has_seen, LIST_DUPLICATION), "the request")
        client.close()
        assert not call.done()
        assert "closed" not in str(call.result(timeout=10))


def test_many_clients_leave_no_threads_behind(server: MetaServer) -> None:
    def threads() -> int:
        return len(os.listdir("/proc/self/task"))

    with Client(server.address) as client:
        client.query("temp")
    before = threads()
    for _ in range(20):
        with Client(server.address) as client:
            client.query("temp")
    wait_for(lambda: threads() <= before, "the threads to end")


def test_fork() -> None:
    # The test uses a separate process, because a fork of the test runner would copy the locks of
    # all its threads.
    program = """
        import os, signal, sys, warnings
        from pegasus_dup import Client, ClientUnusable, MetaServer
        # Newer Pythons warn about any fork in a process with threads, which this test is about.
        warnings.simplefilter("ignore", DeprecationWarning)
        server = MetaServer(tables=["temp"], remote_clusters={"target": "127.0.0.1:1"})
        client = Client(server.address, timeout=5)
        client.add("temp", "target")
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            try:
                client.query("temp")
            except ClientUnusable as error:
                print("child:", error, flush=True)
            client.close()
            del client
            with Client(server.address) as own:
                print("own:", len(own.query("temp")), flush=True)
            server.stop()
            del server
            sys.exit(7)
        _, status = os.waitpid(child, 0)
        print("status:", os.waitstatus_to_exitcode(status))
        print("parent:", len(client.query("temp")))
    """
    with python(program) as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    lines = out.splitlines()
    assert lines[0].startswith("child: this client was made before the process forked: make a new")
    assert lines[1:] == ["own: 1", "status: 7", "parent: 1"]


def test_daemon_thread_in_a_call_at_exit() -> None:
    program = """
        import sys, threading
        from pegasus_dup import Client
        client = Client(sys.argv[1], timeout=60)
        threading.Thread(target=client.query, args=("temp",), daemon=True).start()
        sys.stdin.readline()
    """
    with silent().running() as fake, python(program, fake.address) as process:
        wait_for(partial(fake.has_seen, LIST_DUPLICATION), "the request")
        _, err = process.communicate("\n", timeout=10)
    assert process.returncode == 0, err
    assert err == ""
