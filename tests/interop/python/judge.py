"""Tests the embedded meta server with the official Python client.

Each test starts its own `pegasus-dup serve` on free ports. PEGASUS_DUP_BINARY names the program.
`scripts/test-pypegasus` does all of this.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import threading
import unittest
import urllib.request
from dataclasses import dataclass

from pypegasus.pgclient import Pegasus
from twisted.internet import reactor, threads
from twisted.python import log as twisted_log

# Longer than any call in these tests takes.
PATIENCE = 10
# How long the client waits for a response that it can read, in milliseconds.
TIMEOUT = 2000
# The client cannot read the response, and waits until this timeout.
SHORT_TIMEOUT = 300
# These servers name the replica servers by address only.
NAMELESS = ("freezed", "checkpoint")
# These servers also send the names of the replica servers.
NAMED = ("remote-name", "dup-exist", "idempotent")


class Server:
    """A running server, or a group of servers, with the tables `temp` and `other`."""

    def __init__(self, *options: str, servers: int = 1) -> None:
        listen = ["--listen", "127.0.0.1:0"] * servers
        tables = ["--table", "temp", "--table", "other:4"]
        self.process = subprocess.Popen(
            [os.environ["PEGASUS_DUP_BINARY"], "serve", *listen, *tables, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines = [self.process.stdout.readline() for _ in range(servers)]
        self.addresses = [line.removeprefix("serving on ").strip() for line in lines]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        _, complaints = self.process.communicate(timeout=PATIENCE)
        if self.process.returncode != 0 or complaints:
            raise AssertionError(f"exit code {self.process.returncode}: {complaints}")

    def nodes(self) -> set[str]:
        """Return the addresses of the replica servers, as the server's page of nodes has them."""
        url = f"http://{self.addresses[0]}/meta/nodes"
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            return set(json.load(response)["details"])


@dataclass
class Opened:
    """What the client knows of a table after it has asked the meta servers."""

    succeeded: bool
    table_id: int
    partition_count: int
    primaries: dict[int, str | None]
    log: str


# The errors that the client does not handle, which Twisted would print.
unhandled: list[str] = []


def keep_error(event: dict[str, object]) -> None:
    """Keep an error instead of printing it."""
    if event["isError"]:
        unhandled.append(str(twisted_log.textFromEventDict(event)))


class Log(logging.Handler):
    """Collects what the client logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def open_table(table: str, addresses: list[str], timeout: int = TIMEOUT) -> Opened:
    """Open a table with the client, which runs in the thread of the reactor."""
    log = Log()
    logging.getLogger().addHandler(log)
    client = threads.blockingCallFromThread(reactor, Pegasus, addresses, table, timeout)
    try:
        succeeded = threads.blockingCallFromThread(reactor, client.init)
        known = client.table.query_cfg_response
        return Opened(
            succeeded=bool(succeeded),
            table_id=client.table.app_id,
            partition_count=known.partition_count if known else 0,
            primaries={
                index: "{}:{}".format(*address.to_host_port()) if address.address else None
                for index, address in client.table.partition_dict.items()
            },
            log="\n".join(log.lines),
        )
    finally:
        logging.getLogger().removeHandler(log)
        threads.blockingCallFromThread(reactor, client.close)


class Judge(unittest.TestCase):
    """The official Python client opens tables of the embedded server."""

    def check_temp(self, server: Server, opened: Opened) -> None:
        """Check that the client knows the table `temp` and the replica servers of the cluster."""
        self.assertTrue(opened.succeeded, opened.log)
        self.assertEqual((opened.table_id, opened.partition_count), (1, 8))
        self.assertEqual(sorted(opened.primaries), list(range(8)))
        self.assertEqual(set(opened.primaries.values()), server.nodes())

    def test_reads_the_partitions_and_their_primaries(self) -> None:
        for generation in NAMELESS:
            with Server("--behave-as", generation, "--nodes", "3") as server:
                self.check_temp(server, open_table("temp", server.addresses))

    def test_follows_the_leader_of_a_group(self) -> None:
        for generation in NAMELESS:
            options = ("--behave-as", generation, "--nodes", "3")
            with Server(*options, servers=3) as server:
                leader, *followers = server.addresses
                self.check_temp(server, open_table("temp", [followers[0], leader, followers[1]]))

    def test_does_not_open_a_table_at_followers_alone(self) -> None:
        # This client does not ask the server that a follower names.
        with Server("--behave-as", "checkpoint", "--nodes", "3", servers=3) as server:
            opened = open_table("temp", server.addresses[1:])
        self.assertFalse(opened.succeeded)
        self.assertIn("query partition info err. table: temp", opened.log)
        self.assertIn("ERR_FORWARD_TO_OTHERS", opened.log)

    def test_finds_the_new_leader(self) -> None:
        options = ("--behave-as", "checkpoint", "--nodes", "3")
        with Server(*options, "--fault", "query-config#1=change-leader", servers=2) as server:
            self.check_temp(server, open_table("temp", server.addresses))

    def test_reports_a_table_that_does_not_exist(self) -> None:
        for generation in NAMELESS:
            with Server("--behave-as", generation, "--nodes", "3") as server:
                opened = open_table("missing", server.addresses)
            self.assertFalse(opened.succeeded)
            self.assertEqual((opened.table_id, opened.primaries), (0, {}))
            self.assertIn("query partition info err. table: missing", opened.log)
            self.assertIn("ERR_OBJECT_NOT_FOUND", opened.log)

    def test_partitions_have_no_primary_without_replica_servers(self) -> None:
        for generation in (*NAMELESS, *NAMED):
            with Server("--behave-as", generation, "--nodes", "0") as server:
                opened = open_table("temp", server.addresses)
            self.assertTrue(opened.succeeded, opened.log)
            self.assertEqual(opened.primaries, dict.fromkeys(range(8)))

    def test_cannot_read_the_names_that_newer_servers_send(self) -> None:
        # A real 2.6 snapshot with replica servers has the same effect.
        for generation in NAMED:
            unhandled.clear()
            with Server("--behave-as", generation, "--nodes", "3") as server:
                opened = open_table("temp", server.addresses, SHORT_TIMEOUT)
            self.assertFalse(opened.succeeded)
            self.assertIn("timeout", opened.log)
            self.assertEqual(len(unhandled), 1, unhandled)
            self.assertIn("TProtocolException: invalid TType", unhandled[0])


def main() -> int:
    """Run the tests in this thread, and the reactor in another."""
    twisted_log.startLoggingWithObserver(keep_error, setStdout=False)
    threading.Thread(
        target=reactor.run, kwargs={"installSignalHandlers": False}, daemon=True
    ).start()
    result = unittest.main(exit=False, verbosity=2).result
    reactor.callFromThread(reactor.stop)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 0 if failed == 0 and result.testsRun > 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
