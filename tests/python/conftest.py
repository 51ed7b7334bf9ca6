from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from pegasus_dup import Client, MetaServer

# If a script starts the tests in the background, SIGINT is ignored. The programs that the tests
# interrupt would then ignore it, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REMOTE = {"target": "127.0.0.1:35601", "other": "127.0.0.1:35602"}


@pytest.fixture
def server() -> Iterator[MetaServer]:
    with MetaServer(tables=["temp", "stat"], remote_clusters=REMOTE, clock="fast") as server:
        yield server


@pytest.fixture
def client(server: MetaServer) -> Iterator[Client]:
    with Client(server.address, timeout=5) as client:
        yield client
