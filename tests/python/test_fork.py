"""A process can fork while its threads run inside the library, and the child can use it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

# To run more forks: PEGASUS_DUP_FORKS=2000 pytest tests/python/test_fork.py
FORKS = int(os.environ.get("PEGASUS_DUP_FORKS", "100"))

# Forks repeatedly. Each child queries a server with a new client. Counts the children that do not
# end.
PROGRAM = """
    import asyncio, logging, os, select, signal, sys, threading, time, warnings
    import pegasus_dup
    from pegasus_dup import AsyncClient, Client, MetaServer, disable_logging, enable_logging

    # Newer Pythons warn about any fork in a process with threads, which this test is about.
    warnings.simplefilter("ignore", DeprecationWarning)
    logging.getLogger("pegasus_dup").addHandler(logging.NullHandler())
    logging.getLogger("pegasus_dup").setLevel(logging.DEBUG)
    logging.getLogger("pegasus_dup").propagate = False
    server = MetaServer(tables=["temp"])

    def toggling():
        while True:
            enable_logging()
            disable_logging()

    def blocking():
        with Client(server.address) as client:
            while True:
                client.query("temp", progress=str)

    async def asking():
        async with AsyncClient(server.address) as client:
            while True:
                await asyncio.gather(*(client.query("temp", progress=str) for _ in range(20)))

    work = {
        "logging": (toggling, toggling, toggling),
        "calls": (toggling, blocking, blocking, lambda: asyncio.run(asking())),
    }
    for busy in work[sys.argv[1]]:
        threading.Thread(target=busy, daemon=True).start()

    def in_child():
        with Client(server.address, timeout=5) as client:
            assert client.query("temp", progress=lambda step: None) == []
        asyncio.run(in_async_child())
        # The child switches the log on and off, too.
        enable_logging()
        disable_logging()

    async def in_async_child():
        async with AsyncClient(server.address, timeout=5) as client:
            assert await client.query("temp", progress=lambda step: None) == []

    ends, stuck = [], 0
    while len(ends) < int(sys.argv[2]):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, b".")
            signal.alarm(10)
            code = 1
            try:
                in_child()
                code = 0
            finally:
                os._exit(code)
        os.close(writer)
        # In CPython 3.11, os.fork may never return in the child: the interpreter then waits for a
        # lock of its own, which another thread held at the fork because it was just attaching.
        # Such a child has run nothing of the library, so another child is forked in its place.
        if not select.select([reader], [], [], 10)[0]:
            stuck += 1
            assert stuck < 10
            os.kill(child, signal.SIGKILL)
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(reader)
        if end != -signal.SIGKILL:
            ends.append(end)
    bad = [end for end in ends if end]
    print(len(ends), "forks,", len(bad), "bad", bad[:5])
    sys.stdout.flush()
    os._exit(0)
"""


@pytest.mark.parametrize("work", ["logging", "calls"])
def test_a_child_is_not_caught_by_its_parents_threads(work: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(PROGRAM), work, str(FORKS)],
        capture_output=True,
        text=True,
        timeout=60 + 15 * FORKS,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{FORKS} forks, 0 bad []\n", "")
