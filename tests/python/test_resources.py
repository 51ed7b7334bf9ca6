"""If threads or file descriptors run out, calls end in an error that says so, and never panic."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pegasus_dup import MetaServer

CALLS = """
import asyncio, os, resource, sys
from pegasus_dup import AsyncClient, Client, Failed, MetaServer, MetaServerError, Unavailable

name, number, address = sys.argv[1:]
limit = getattr(resource, name)
loop = asyncio.new_event_loop()
loop.run_until_complete(asyncio.sleep(0))
if name == "RLIMIT_NPROC" and os.getuid() == 0:
    # The limit of threads does not apply to root.
    os.setgid(65534)
    os.setuid(65534)
resource.setrlimit(limit, (int(number), resource.getrlimit(limit)[1]))


def nothing_was_sent(error):
    assert isinstance(error, Unavailable), repr(error)
    assert "nothing was sent" in error.message, error
    assert "ulimit" in error.hint, error


outcomes = []
client = Client(address, timeout=5)
for _ in range(2):
    outcome = client.try_add("temp", "target")
    if isinstance(outcome, Failed):
        nothing_was_sent(outcome.error)
    outcomes.append(type(outcome).__name__)
    try:
        client.query("temp")
    except Unavailable as error:
        nothing_was_sent(error)
client.close()


async def asynchronous():
    client = AsyncClient(address, timeout=5)
    outcome = await client.try_add("temp", "target")
    if isinstance(outcome, Failed):
        nothing_was_sent(outcome.error)
    outcomes.append(type(outcome).__name__)
    client.close()


loop.run_until_complete(asynchronous())
try:
    MetaServer(tables=["temp"]).stop()
    outcomes.append("served")
except MetaServerError as error:
    assert error.cause, error
    outcomes.append("not served")

# The same calls work again when there is enough.
resource.setrlimit(limit, (resource.getrlimit(limit)[1],) * 2)
with Client(address, timeout=5) as client:
    outcomes.append(type(client.try_add("temp", "target")).__name__)
print(*outcomes, sep=",")
"""


def run(limit: str, number: int, address: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", CALLS, limit, str(number), address],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "panicked" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().split(",")


@pytest.mark.parametrize("descriptors", range(4, 20))
def test_few_file_descriptors(server: MetaServer, descriptors: int) -> None:
    *outcomes, last = run("RLIMIT_NOFILE", descriptors, server.address)
    assert "Failed" in outcomes or "Created" in outcomes
    if descriptors < 8:
        assert outcomes[:3] == ["Failed"] * 3
    assert last in ("Created", "AlreadyExists")


def test_no_threads(server: MetaServer) -> None:
    outcomes = run("RLIMIT_NPROC", 1, server.address)
    assert outcomes == ["Failed", "Failed", "Failed", "not served", "Created"]
