"""The objects that a check uses: the servers under test, the command line, and their results."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import deadly
from embedded import ROOT
from proxy import Proxy
from wire import (
    ADD,
    CLUSTER_INFO,
    LIST,
    LIST_APPS,
    MAX_REPLICA_COUNT,
    MODIFY,
    QUERY,
    Connection,
    Fields,
    Response,
)

#: The names of the statuses, by number.
STATUSES = {
    "freezed": ("DS_INIT", "DS_START", "DS_PAUSE", "DS_REMOVED"),
    "later": ("DS_INIT", "DS_PREPARE", "DS_APP", "DS_LOG", "DS_PAUSE", "DS_REMOVED"),
}
FAIL_MODES = ("FAIL_SLOW", "FAIL_SKIP", "FAIL_FAST")


class Skip(Exception):
    """Raised if the check makes no sense for this server. The text says why."""


class Failed(Exception):
    """Raised if the check has failed."""


def same(got: object, wanted: object, what: str, about: object = "") -> None:
    """Fails unless two values are equal."""
    if got != wanted:
        raise Failed(f"{what}: {got!r} instead of {wanted!r} {about}".rstrip())


def among(got: object, wanted: tuple[object, ...], what: str, about: object = "") -> None:
    """Fails unless the value is one of the given values."""
    if got not in wanted:
        raise Failed(f"{what}: {got!r}, which is none of {wanted!r} {about}".rstrip())


@dataclass
class Listed:
    """A duplication as the server shows it."""

    dupid: int
    cluster: str
    status: str
    fail_mode: str
    create_ts_ms: int
    remote_table: str | None
    remote_replica_count: int | None


@dataclass
class Result:
    """The result of a command."""

    command: str
    code: int
    reports: list[dict[str, Any]]
    stderr: str

    def __str__(self) -> str:
        lines = [f"\n      {self.command}", *(json.dumps(report) for report in self.reports)]
        return "\n      ".join([*lines, *self.stderr.strip().splitlines()])

    @property
    def report(self) -> dict[str, Any]:
        """The only report of the command."""
        same(len(self.reports), 1, "the number of reports", self)
        return self.reports[0]

    def fails(self, kind: str, code: int = 1) -> None:
        """Expects an error of the given kind."""
        same(self.report["outcome"], "error", "the outcome", self)
        same(self.report["error"]["kind"], kind, "the kind of the error", self)
        same(self.code, code, "the exit code", self)

    def created(self, evidence: str) -> dict[str, Any]:
        """Expects a Created with the given evidence, and returns the duplication."""
        same(self.report["outcome"], "created", "the outcome", self)
        same(self.report["evidence"], evidence, "the evidence", self)
        same(self.report["certain"], evidence == "server_said_so", "certain", self)
        same(self.code, 0, "the exit code", self)
        return self.duplication()

    def exists(
        self, evidence: str | tuple[str, ...], differences: list[str] | None = None
    ) -> dict[str, Any]:
        """Expects an AlreadyExists with these differences, and returns the duplication."""
        same(self.report["outcome"], "already_exists", "the outcome", self)
        known = (evidence,) if isinstance(evidence, str) else evidence
        among(self.report["evidence"], known, "the evidence", self)
        same(self.report["certain"], True, "certain", self)
        fields = [one["field"] for one in self.report["differences"]]
        same(fields, differences or [], "the differences", self)
        same(self.code, 4 if differences else 3, "the exit code", self)
        return self.duplication()

    def duplication(self) -> dict[str, Any]:
        """Returns the duplication in the report."""
        found = self.report["value"]
        if not isinstance(found, dict):
            raise Failed(f"the report has no duplication {self}")
        return found


def required_keys() -> set[str]:
    """Returns the keys that docs/json.md says every report has."""
    text = (ROOT / "docs/json.md").read_text()
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    schema = next(block for block in map(json.loads, blocks) if "$schema" in block)
    return set(schema["required"])


@dataclass
class World:
    """The servers under test."""

    args: argparse.Namespace
    binary: Path
    addresses: list[str]
    table: str
    table2: str
    cluster: str
    cluster2: str
    idempotent: bool = False
    generation: str = ""
    leader: str = ""
    version: str = ""
    own_cluster: str = ""
    proxy: Proxy = field(init=False)
    keys: set[str] = field(default_factory=required_keys)

    def find_out(self) -> None:
        """Finds the leader and its generation without the client, and starts the proxy to it."""
        for address in self.addresses:
            with Connection(address) as connection:
                if connection.call(QUERY, [(1, "string", b"")]).err != "ERR_FORWARD_TO_OTHERS":
                    self.leader = address
        if not self.leader:
            raise Failed("none of the servers leads")
        with Connection(self.leader) as connection:
            lists = connection.call(LIST, [(1, "string", b""), (2, "i32", 2)]).framework == "ERR_OK"
            counts = connection.call(MAX_REPLICA_COUNT, [(1, "string", b"")]).framework == "ERR_OK"
            info = connection.call(CLUSTER_INFO, []).fields
            keys = [key.decode() for key in info.get(2, [])]
            self.own_cluster = (
                dict(zip(keys, info.get(3, []), strict=False)).get("cluster_name", b"").decode()
            )
        self.version = self.page("/version")
        if lists:
            self.generation = "dup-exist"
        elif not counts:
            self.generation = "freezed"
        else:
            self.generation = "remote-name" if '"2.6' in self.version else "checkpoint"
        self.proxy = Proxy(self.leader, self.generation)

    def page(self, path: str) -> str:
        """Returns the body of an HTTP response of the leader."""
        with Connection(self.leader) as connection:
            request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            connection.socket.sendall(request.encode())
            data = b""
            while b"\r\n\r\n" not in data or not data.partition(b"\r\n\r\n")[2]:
                more = connection.socket.recv(65536)
                if not more:
                    break
                data += more
            return data.partition(b"\r\n\r\n")[2].decode(errors="replace").strip()

    @property
    def sure(self) -> bool:
        """Whether an ERR_OK of the server proves that the duplication was created."""
        return self.generation == "dup-exist"

    @property
    def names_remotes(self) -> bool:
        """Whether the server knows remote tables and replica counts."""
        return self.generation in ("remote-name", "dup-exist")

    def stated(self) -> tuple[str, ...]:
        """Returns the options that state the generation, if the client cannot find it out."""
        return () if self.sure else ("--generation", self.generation)

    @property
    def running(self) -> str:
        """The status of a running duplication."""
        return "DS_START" if self.generation == "freezed" else "DS_LOG"

    @property
    def evidence(self) -> str:
        """The evidence of a plain add."""
        return "server_said_so" if self.sure else "appeared_during_call"

    def need(self, *generations: str, why: str) -> None:
        """Skips the check unless the server has one of the given generations."""
        if self.generation not in generations:
            raise Skip(why)

    # Requests to the server without the client.

    def call(self, rpc: str, fields: Fields) -> Response:
        """Sends a request to the leader directly. Refuses a request that would end the leader."""
        if why := deadly.reason(self.generation, rpc, fields):
            raise AssertionError(
                f"a check would have sent what ends a server: {rpc} {fields}: {why}"
            )
        with Connection(self.leader) as connection:
            return connection.call(rpc, fields)

    def listed(self, table: str | None = None) -> list[Listed]:
        """Returns the duplications of a table, as the server lists them."""
        response = self.call(QUERY, [(1, "string", (table or self.table).encode())])
        same(response.err, "ERR_OK", f"the query of the table {table or self.table}")
        names = STATUSES["freezed" if self.generation == "freezed" else "later"]
        found = []
        for entry in response.fields[4]:
            remote = entry[8].decode() if 8 in entry else None
            found.append(
                Listed(
                    entry[1],
                    entry[3].decode(),
                    names[entry[2]],
                    FAIL_MODES[entry.get(7, 0)],
                    entry[4],
                    remote,
                    entry.get(9),
                )
            )
        return found

    def only(self, table: str | None = None) -> Listed:
        """Returns the only duplication of a table."""
        found = self.listed(table)
        same(len(found), 1, "the number of duplications that the server shows", found)
        return found[0]

    def rival_adds(self, checkpoint: bool = False, remote_table: str | None = None) -> None:
        """Adds a duplication as another client would."""
        fields: Fields = [(1, "string", self.table.encode()), (2, "string", self.cluster.encode())]
        if self.generation != "freezed":
            fields.append((3, "bool", checkpoint))
        if remote_table is not None:
            fields.append((4, "string", remote_table.encode()))
        same(self.call(ADD, fields).err, "ERR_OK", "the rival's add")

    def change(
        self, table: str, dupid: int, number: int | None, fail_mode: int | None = None
    ) -> str:
        """Changes a duplication as another client would, and returns the error code."""
        fields: Fields = [(1, "string", table.encode()), (2, "i32", dupid)]
        if number is not None:
            fields.append((3, "i32", number))
        if fail_mode is not None:
            fields.append((4, "i32", fail_mode))
        return self.call(MODIFY, fields).err

    def clean(self) -> None:
        """Removes every duplication of the two tables."""
        number = 3 if self.generation == "freezed" else 5
        for table in (self.table, self.table2):
            for _ in range(50):
                found = self.listed(table)
                if not found:
                    break
                for one in found:
                    self.change(table, one.dupid, number)
                time.sleep(0.05)
            same(self.listed(table), [], f"the duplications of {table} after the cleaning")

    def table_ids(self) -> dict[str, int]:
        """Returns the ids of the available tables, by name."""
        infos = self.call(LIST_APPS, [(1, "i32", 1)]).fields[2]
        return {info[3].decode(): info[4] for info in infos}

    def alive(self) -> None:
        """Fails unless the server still responds."""
        same(self.call(LIST_APPS, [(1, "i32", 0)]).err, "ERR_OK", "the list of the tables")

    # Commands of the client under test.

    def start(
        self, *arguments: str | bytes, meta: str | None = None, timeout: float = 10
    ) -> Command:
        """Starts the command line on the leader, through the proxy."""
        options = ["--json", "--meta", meta or self.proxy.address, "--timeout", f"{timeout:g}"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PEGASUS_DUP")}
        process = subprocess.Popen(
            [str(self.binary), *options, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        words = " ".join(one if isinstance(one, str) else repr(one) for one in arguments)
        return Command(self, process, f"pegasus-dup {' '.join(options[3:])} {words}", timeout + 20)

    def cli(self, *arguments: str | bytes, meta: str | None = None, timeout: float = 10) -> Result:
        """Runs the command line on the leader, through the proxy."""
        return self.start(*arguments, meta=meta, timeout=timeout).result()

    def add(self, *options: str, timeout: float = 10) -> Result:
        """Adds the duplication of the table to the cluster."""
        return self.cli("add", self.table, self.cluster, *options, timeout=timeout)


@dataclass
class Command:
    """A running command."""

    world: World
    process: subprocess.Popen[bytes]
    words: str
    patience: float

    def result(self) -> Result:
        """Waits until the command ends, and reads its reports."""
        try:
            out, said = self.process.communicate(timeout=self.patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise Failed(f"no end within {self.patience:g} s: {self.words}") from None
        stderr = said.decode(errors="replace")
        try:
            reports = [json.loads(line) for line in out.decode().splitlines()]
        except ValueError:
            raise Failed(f"not JSON: {out!r} {self.words} {stderr}") from None
        result = Result(self.words, self.process.returncode, reports, stderr)
        for report in reports:
            same(set(report), self.world.keys, "the keys of the report", result)
        if "panicked" in stderr:
            raise Failed(f"a panic {result}")
        return result


Check = Callable[[World], None]
