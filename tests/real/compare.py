"""Sends the same random requests to two servers of one generation, and shows the differences.

`scripts/compare-servers --help` describes the options.
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded import Embedded, binary
from generator import HTTP, Dupid, Generator, Policy, Step
from wire import (
    ADD,
    ADD_POLICY,
    MODIFY,
    MODIFY_POLICY,
    QUERY,
    QUERY_POLICY,
    Closed,
    Connection,
    Fields,
    Garbage,
    Response,
)

EXAMPLES = """\
The server must have the tables and remote clusters that --table and --cluster name. The defaults
are the tables dup_src:4, dup_src2:4 and temp:8, and the clusters target and target2. The server
must have no duplications, and no replica servers, because replica servers would move duplications
on. If backups are switched on, it must have the block service local_service, and no backup
policies. It must be fresh: if it remembers, for example, that a table once had a duplication, this
shows as a difference. Use a server that exists for tests only.

  scripts/compare-servers 127.0.0.1:34601 --generation dup-exist --seconds 60
"""

GENERATIONS = ("freezed", "checkpoint", "remote-name", "dup-exist")
REMOVED = {"freezed": 3, "checkpoint": 5, "remote-name": 5, "dup-exist": 5}


@dataclass
class Side:
    """One of the two servers, and what is known about its dupids."""

    name: str
    address: str
    generation: str
    tables: list[bytes]
    connection: Connection | None = None
    #: The current dupid, and the previous one, by the table's id and the cluster.
    dupids: dict[tuple[int, bytes], int] = field(default_factory=dict)
    stale: dict[tuple[int, bytes], int] = field(default_factory=dict)
    ids: dict[bytes, int] = field(default_factory=dict)
    #: The number of sequences so far. The names of backup policies contain it.
    sequence: int = 0

    def connected(self) -> Connection:
        if self.connection is None:
            try:
                self.connection = Connection(self.address, 1.5)
            except ConnectionRefusedError:
                raise Ended(self.name) from None
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.socket.close()
            self.connection = None

    def call(self, rpc: str, fields: Fields) -> Response:
        return self.connected().call(rpc, fields)

    def look(self) -> None:
        """Reads the ids of the tables and their duplications."""
        for table in self.tables:
            answer = self.call(QUERY, [(1, "string", table)])
            if answer.err != "ERR_OK":
                sys.exit(f"{self.name} has no table {table.decode()!r}: {answer.err}")
            self.ids[table] = answer.fields[3]
            for entry in answer.fields[4]:
                self.dupids[self.ids[table], entry[3]] = entry[1]

    def clean(self) -> None:
        """Removes every duplication of the tables. Backup policies cannot be removed."""
        self.sequence += 1
        self.close()
        for table in self.tables:
            for entry in self.call(QUERY, [(1, "string", table)]).fields[4]:
                removed: Fields = [
                    (1, "string", table),
                    (2, "i32", entry[1]),
                    (3, "i32", REMOVED[self.generation]),
                ]
                self.call(MODIFY, removed)
        self.dupids.clear()
        self.stale.clear()

    def resolve(self, value: Any, table: bytes) -> Any:
        if isinstance(value, list):
            return [self.resolve(one, table) for one in value]
        if isinstance(value, Policy):
            return b"%s_%d" % (value.name, self.sequence)
        if not isinstance(value, Dupid):
            return value
        dupid = self.find(value)
        # Dupids are derived from seconds, so two tables may have the same dupid by chance.
        mine = self.ids.get(table.split(b"\0")[0], 0)
        strange = self.ids.get(value.table.split(b"\0")[0], 0) != mine
        if strange and (mine, dupid) in [(key[0], one) for key, one in self.dupids.items()]:
            return 1
        return dupid

    def find(self, value: Dupid) -> int:
        key = (self.ids.get(value.table.split(b"\0")[0], 0), value.cluster.split(b"\0")[0])
        if not value.stale:
            return self.dupids.get(key, 1)
        old = self.stale.get(key, 1)
        # The server may have used the dupid again within the same second.
        return 1 if old in self.dupids.values() else old

    def play(self, step: Step) -> Any:
        """Sends a step, and returns the response without the values that may differ."""
        named = [value for number, of, value in step.fields if (number, of) == (1, "string")]
        table = named[-1] if named else b""
        fields = [(number, of, self.resolve(value, table)) for number, of, value in step.fields]
        if step.rpc == HTTP:
            return self.page(step)
        before = dict(self.dupids)
        try:
            response = self.connected().call(step.rpc, fields, step.shape)
        except (Closed, Garbage) as error:
            self.close()
            return type(error).__name__
        except TimeoutError:
            self.close()
            return "no answer"
        if step.rpc == ADD_POLICY and response.err == "ERR_OK":
            self.wait_for_policy(fields)
        seen: Any = {"framework": response.framework, "name": response.name}
        seen.update(self.normal(step, response))
        for key, dupid in before.items():
            if self.dupids.get(key) != dupid:
                self.stale[key] = dupid
        return seen

    def wait_for_policy(self, added: Fields) -> None:
        """Waits until a backup policy is listed. A real server responds to the add before that."""
        name = next((value for number, _, value in added if number == 2), b"")
        for _ in range(100):
            asked: Fields = [(1, ("list", "string"), [name]), (2, "i32", 0)]
            if self.call(QUERY_POLICY, asked).err == "ERR_OK":
                return
            time.sleep(0.01)

    def page(self, step: Step) -> Any:
        page, name = (self.resolve(value, b"") for _, _, value in step.fields)
        quoted = "".join(f"%{byte:02X}" for byte in name)
        host, port = self.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 5.0) as stream:
            request = f"GET {page.decode()}?name={quoted} HTTP/1.1\r\nHost: x\r\n"
            stream.sendall(f"{request}Connection: close\r\n\r\n".encode())
            data = b""
            try:
                while b"\r\n\r\n" not in data or len(data) < head_and_body(data):
                    more = stream.recv(65536)
                    if not more:
                        break
                    data += more
            except (TimeoutError, ConnectionError):
                data += b"(no more)"
        status, _, rest = data.partition(b"\r\n")
        text = rest.partition(b"\r\n\r\n")[2].decode(errors="replace")
        return {"status": status.decode(errors="replace"), "text": self.words(text)}

    def words(self, text: str) -> str:
        """Replaces dupids and times in a text."""
        # Two tables may have the same dupid, so a text does not show to which table a dupid
        # belongs.
        for dupid in {*self.dupids.values(), *self.stale.values()}:
            text = re.sub(rf"\b{dupid}\b", "<dupid>", text)
        text = re.sub(r"\b\d{4}-\d\d-\d\d[ _]\d\d:\d\d:\d\d", "<time>", text)
        return re.sub(r"\b127\.0\.0\.1:\d+", "<address>", text)

    def learn(self, table: int, cluster: bytes, dupid: int) -> str:
        if dupid == 0:
            return "0"
        self.dupids[table, cluster] = dupid
        return f"<dupid {table} {cluster.decode(errors='replace')}>"

    def entry(self, table: int, entry: dict[int, Any]) -> dict[int, Any]:
        told = self.dupids.get((table, entry[3]))
        label = self.learn(table, entry[3], entry[1])
        normal = {**entry, 1: label, 4: "<ms>" if entry[4] > 10**12 else entry[4]}
        return (
            normal
            if told in (None, entry[1])
            else {**normal, 1: f"{label}, but the response to the add named another"}
        )

    def normal(self, step: Step, response: Response) -> dict[Any, Any]:
        fields = dict(response.fields)
        asked = {number: value for number, _, value in step.fields}
        table = fields.get({ADD: 2, QUERY: 3}.get(step.rpc, 2))
        match step.rpc.removesuffix("_ACK"):
            case "RPC_CM_ADD_DUPLICATION" if 3 in fields:
                cluster = asked.get(2, b"")
                cluster = cluster.split(b"\0")[0] if isinstance(cluster, bytes) else b""
                fields[3] = self.learn(int(table or 0), cluster, fields[3])
            case "RPC_CM_QUERY_DUPLICATION" if 4 in fields:
                self.forget(int(table or 0), {one[3] for one in fields[4]})
                entries = [self.entry(int(table or 0), one) for one in fields[4]]
                fields[4] = sorted(entries, key=lambda one: str(one[1]))
            case "RPC_CM_LIST_DUPLICATION":
                for state in fields.get(3, {}).values():
                    self.forget(state[1], {one[3] for one in state[2].values()})
                    state[2] = {(e := self.entry(state[1], one))[1]: e for one in state[2].values()}
            case "RPC_CM_LIST_APPS":
                for info in fields.get(2, []):
                    info[10] = "<seconds>" if info[10] > 10**9 else info[10]
            case "RPC_CM_LIST_NODES":
                fields.pop(2, None)
            case "RPC_CM_CLUSTER_INFO":
                fields.pop(3, None)
            case "RPC_CM_QUERY_BACKUP_POLICY" if 3 in fields:
                # All policies include those of earlier sequences, of which a real server begins
                # further backups.
                fields[3] = [len(one) for one in fields[3]] if asked.get(1) else "<backups>"
        return {key: self.words_in(value) for key, value in fields.items()}

    def forget(self, table: int, clusters: set[bytes]) -> None:
        for key in [key for key in self.dupids if key[0] == table and key[1] not in clusters]:
            self.stale[key] = self.dupids.pop(key)

    def words_in(self, value: Any) -> Any:
        match value:
            case bytes():
                # The embedded server stores text, so it returns a name that is not UTF-8 with
                # replacement characters.
                return self.words(value.decode(errors="replace"))
            case dict():
                return {str(self.words_in(k)): self.words_in(v) for k, v in value.items()}
            case list():
                return [self.words_in(one) for one in value]
        return value


class Ended(Exception):
    """A server no longer accepts connections."""


def head_and_body(data: bytes) -> int:
    """Returns the length of an HTTP response with this beginning."""
    head = data.partition(b"\r\n\r\n")[0]
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return len(head) + 4 + (int(length[1]) if length else 1 << 30)


def differences(left: Any, right: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Returns each place where two responses differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        found = []
        for key in [*left, *(key for key in right if key not in left)]:
            a, b = left.get(key, "absent"), right.get(key, "absent")
            found += differences(a, b, f"{path}.{key}")
        return found
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return [
            one for a, b in zip(left, right, strict=True) for one in differences(a, b, f"{path}[]")
        ]
    return [] if left == right else [(path, left, right)]


def signature(step: Step, found: tuple[str, Any, Any]) -> str:
    """Returns a name that is equal for two occurrences of the same difference."""
    path, left, right = found

    def kind(value: Any) -> str:
        short = isinstance(value, (int, bool)) or str(value).isupper() or len(str(value)) < 12
        return str(value) if short else type(value).__name__

    page = step.fields[0][2].decode() if step.rpc == HTTP else ""
    return f"{step.rpc}{page}{re.sub('<.*?>', '<>', path)}: {kind(left)} / {kind(right)}"


@dataclass
class Comparison:
    """The two servers that are compared."""

    left: Side
    right: Side
    known: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    #: The steps that were sent since the servers were clean.
    played: list[Step] = field(default_factory=list)

    def run(
        self, steps: list[Step], stop_at: str | None = None
    ) -> list[tuple[int, str, tuple[str, Any, Any]]]:
        """Sends the steps to two clean servers, and returns the differences by step."""
        for side in (self.left, self.right):
            side.clean()
        found = []
        for index, step in enumerate(steps):
            self.played = steps[: index + 1]
            self.requests += 1
            both = [side.play(step) for side in (self.left, self.right)]
            for one in differences(*both):
                found.append((index, signature(step, one), one))
            # Read the duplications after each change, so that differences show at once and the
            # dupids are known.
            for side in (self.left, self.right):
                if step.rpc in (ADD, MODIFY):
                    side.connected()
                    self.relearn(side)
            if stop_at in [name for _, name, _ in found]:
                break
            # The servers are in different states now, so later differences would only follow from
            # this one.
            changes = step.rpc in (ADD, MODIFY, ADD_POLICY, MODIFY_POLICY)
            if changes and found and found[-1][0] == index:
                break
        return found

    @staticmethod
    def relearn(side: Side) -> None:
        for table in side.tables:
            answer = side.call(QUERY, [(1, "string", table)])
            side.normal(Step(QUERY, []), answer)

    def minimise(self, steps: list[Step], name: str) -> list[Step]:
        """Removes steps as long as the difference remains."""
        size = max(1, len(steps) // 2)
        while True:
            at = 0
            while at < len(steps) and len(steps) > 1:
                fewer = steps[:at] + steps[at + size :]
                if fewer and any(one == name for _, one, _ in self.run(fewer, name)):
                    steps = fewer
                else:
                    at += size
            if size == 1:
                return steps
            size //= 2

    def report(self, steps: list[Step], name: str) -> None:
        """Prints a difference with the fewest requests that show it."""
        steps = self.minimise(steps, name)
        found = [one for _, other, one in self.run(steps, name) if other == name]
        lines = [f"difference {len(self.known) + 1}: {name}", *(f"    {step}" for step in steps)]
        if found:
            path, left, right = found[0]
            for side, value in ((self.left, left), (self.right, right)):
                lines.append(f"  {side.name}: {path} = {str(value)[:400]}")
        else:
            lines.append("  (the difference did not occur again, so it depends on timing)")
        self.known[name] = "\n".join(lines)
        print(self.known[name], flush=True)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/compare-servers",
        description="Sends the same random requests to a running meta server and to the embedded "
        "one, and shows where the responses differ, apart from times and ids, each difference with "
        "the fewest requests that show it. Exit code: 0 no difference, 1 differences, 2 usage.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("server", nargs="?", metavar="HOST:PORT", help="the server to compare with")
    what.add_argument(
        "--self-test",
        action="store_true",
        help="compare embedded servers with each other: those of one generation must not differ, "
        "and those of two must differ; the last line is `N passed, N failed`",
    )
    parser.add_argument("--generation", choices=GENERATIONS, help="the server's generation")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--seeds", type=int, default=20, help="the sequences (default 20)")
    parser.add_argument("--seconds", type=float, help="stop after this time instead")
    parser.add_argument("--requests", type=int, default=40, help="requests in each (default 40)")
    parser.add_argument("--table", action="append", metavar="NAME:PARTITIONS[:REPLICAS]")
    parser.add_argument("--cluster", action="append", metavar="NAME", help="a remote cluster")
    parser.add_argument("--own-cluster", default="onebox", metavar="NAME")
    parser.add_argument("--binary", help="pegasus-dup (default: build it)")
    parser.add_argument(
        "--deadly",
        action="store_true",
        help="also send requests that end real servers",
    )
    args = parser.parse_args()
    if args.server and not args.generation:
        parser.error("--generation is needed")
    args.table = args.table or ["dup_src:4", "dup_src2:4", "temp:8"]
    args.cluster = args.cluster or ["target", "target2"]
    return args


def embedded(
    args: argparse.Namespace, program: Path, generation: str, backups: bool = True
) -> Embedded:
    """Starts an embedded server with the given tables and remote clusters."""
    options = ["--behave-as", generation, "--cluster-name", args.own_cluster]
    options += ["--backup-enabled", "true" if backups else "false"]
    for table in args.table:
        options += ["--table", table]
    for cluster in args.cluster:
        options += ["--remote-cluster", f"{cluster}=127.0.0.1:9"]
    return Embedded(program, *options)


def compare(args: argparse.Namespace, ours: str, other: str) -> int:
    """Compares two servers, and returns the number of differences."""
    tables = [table.split(":")[0].encode() for table in args.table]
    both = Comparison(
        Side("embedded", ours, args.generation, tables),
        Side("the other", other, args.generation, tables),
    )
    for side in (both.left, both.right):
        side.look()
        if side.dupids:
            sys.exit(f"{side.name} has duplications already: remove them first")
        if side.call(QUERY_POLICY, []).fields.get(2):
            sys.exit(f"{side.name} has backup policies already: use a fresh server")
    end = time.monotonic() + args.seconds if args.seconds else float("inf")
    seeds = range(args.seed, args.seed + (args.seeds if not args.seconds else 10**9))
    done = 0
    for seed in seeds:
        if time.monotonic() > end:
            break
        done += 1
        generator = Generator(args, seed)
        steps = [generator.step() for _ in range(args.requests)]
        try:
            for index, name, _ in both.run(steps):
                if name not in both.known:
                    both.report(steps[: index + 1], name)
        except Ended as server:
            # One of these steps has ended the server. Later steps need a fresh server.
            sys.exit("\n    ".join([f"{server} has ended after:", *map(str, both.played)]))
    for side in (both.left, both.right):
        side.clean()
        side.close()
    print(f"{done} sequences, {both.requests} requests, {len(both.known)} differences", flush=True)
    return len(both.known)


def self_test(args: argparse.Namespace, program: Path) -> int:
    """Compares embedded servers with each other, and returns the exit code."""
    passed = failed = 0
    # Two servers of different generations must show differences. This proves that the comparison
    # works.
    pairs = [*((one, one) for one in GENERATIONS), ("checkpoint", "remote-name")]
    for left, right in pairs:
        print(f"--- {left} and {right}", flush=True)
        args.generation = left
        with embedded(args, program, left) as ours, embedded(args, program, right) as other:
            found = compare(args, ours.address, other.address)
        ok = (found == 0) == (left == right)
        print(f"{'ok' if ok else 'FAILED'}: {left} and {right}")
        passed, failed = passed + ok, failed + (not ok)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


def main() -> int:
    """Runs the comparison."""
    args = arguments()
    program = binary(args.binary)
    if args.self_test:
        return self_test(args, program)
    with Connection(args.server) as probe:
        backups = probe.call(QUERY_POLICY, []).err != "ERR_SERVICE_NOT_ACTIVE"
    with embedded(args, program, args.generation, backups) as ours:
        return 1 if compare(args, ours.address, args.server) else 0


if __name__ == "__main__":
    sys.exit(main())
