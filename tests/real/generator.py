"""Random requests to a meta server, derived from a seed. They are sensible, odd or senseless."""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import deadly
from wire import (
    ADD,
    ADD_POLICY,
    CLUSTER_INFO,
    LIST,
    LIST_APPS,
    LIST_NODES,
    MAX_REPLICA_COUNT,
    MODIFY,
    MODIFY_POLICY,
    QUERY,
    QUERY_CONFIG,
    QUERY_POLICY,
    Fields,
    Shape,
    Type,
)

#: The name that is used instead of an RPC for a request over HTTP.
HTTP = "HTTP GET"

ODD_TEXTS = (
    b"", b" ", b"a/b", b"..", b"{", b"}", b"{}", b"a{b", b"{{}}", b"%s%n", b"\0", b"a\0b",
    b"temp\0x",
    b"target\0x", b"\xff\xfe", "é".encode(), b"x" * 47, b"x" * 48, b"y" * 255, b"\n", b'"', b"\\",
    b"temp ", b"TEMP", b"a:b", b"*", b".*", b"0", b"-1", b"\x7f", "\u202e".encode(), b"p", b"dup",
)  # fmt: skip
ODD_NUMBERS = (0, 1, -1, 2, 3, 4, 5, 6, 7, 8, 100, 255, 65536, 2147483647, -2147483648)


@dataclass(frozen=True)
class Dupid:
    """A placeholder for the dupid that the server has for this table and cluster."""

    table: bytes
    cluster: bytes
    #: Whether the placeholder stands for the previous dupid, which was removed.
    stale: bool = False


@dataclass(frozen=True)
class Policy:
    """A placeholder for the name of a backup policy.

    No request removes a policy, so each sequence of requests has names of its own.
    """

    name: bytes


@dataclass
class Step:
    """A request that is sent to both servers."""

    rpc: str
    fields: Fields
    shape: Shape = field(default_factory=Shape)

    def __str__(self) -> str:
        said = ", ".join(f"{n}: {show(value)}" for n, _, value in self.fields)
        return f"{self.rpc} {{{said}}}" + (f" {self.shape}" if self.shape != Shape() else "")


def show(value: Any) -> str:
    """Returns a value in readable form."""
    if isinstance(value, bytes):
        return (
            json.dumps(value.decode(errors="backslashreplace"))
            if len(value) < 60
            else f"{len(value)} bytes"
        )
    return str(value)


class Generator:
    """Derives requests from a seed."""

    def __init__(self, args: argparse.Namespace, seed: int) -> None:
        self.random = random.Random(seed)
        self.args = args
        self.tables = [table.split(":")[0].encode() for table in args.table]
        self.clusters = [cluster.encode() for cluster in args.cluster]

    def step(self) -> Step:
        """Returns a request that ends no real server."""
        while True:
            step = self.draw()
            plain = [(n, t, self.plain(v)) for n, t, v in step.fields]
            if self.args.deadly or deadly.reason(self.args.generation, step.rpc, plain) is None:
                return step

    @staticmethod
    def plain(value: Any) -> Any:
        """Returns a value without placeholders."""
        match value:
            case Dupid():
                return 1
            case Policy():
                return value.name
            case list():
                return [Generator.plain(one) for one in value]
        return value

    def draw(self) -> Step:
        pick = self.random.choice
        rpc = self.random.choices(
            (ADD, MODIFY, QUERY, LIST, LIST_APPS, QUERY_CONFIG, MAX_REPLICA_COUNT, HTTP, "?",
             LIST_NODES, CLUSTER_INFO, ADD_POLICY, MODIFY_POLICY, QUERY_POLICY),
            (24, 24, 8, 6, 4, 4, 3, 4, 2, 1, 1, 6, 6, 3),
        )[0]  # fmt: skip
        if rpc == "?":
            return Step(pick(("RPC_CM_NO_SUCH", "", "x" * 60, "RPC_CM_QUERY_DUPLICATION\0x")), [])
        if rpc == HTTP:
            page = pick((
                b"/meta/app/duplication", b"/meta/apps", b"/meta/app", b"/meta/nodes", b"/no/such",
                b"/meta/backup_policy",
            ))  # fmt: skip
            name = self.known_policy() if page == b"/meta/backup_policy" else self.table()
            return Step(HTTP, [(1, "string", page), (2, "string", name)])
        fields: Fields = []
        for number, of, make, optional in self.shapes(rpc):
            chance = self.random.random()
            if optional and chance < 0.4:
                continue
            if chance > 0.985:
                continue  # Leaves out a field that is required.
            if chance > 0.97:
                other = pick([("string", b"5"), ("i32", 1), ("bool", True), ("i64", 5)])
                if other[0] != of:
                    fields.append((number, *other))
                    continue
            fields.append((number, of, make()))
        if self.random.random() < 0.02:
            fields.append((pick((20, 99)), "string", b"unknown"))
        return Step(rpc, fields, self.shape())

    def shape(self) -> Shape:
        if self.random.random() > 0.04:
            return Shape()
        return self.random.choice((
            Shape(header_version=1), Shape(old_envelope=True), Shape(oneway=True),
            Shape(trailing=b"\0xyz"),
        ))  # fmt: skip

    def shapes(self, rpc: str) -> list[tuple[int, Type, Callable[[], Any], bool]]:
        pick = self.random.choice
        known = list(deadly.STATUSES[self.args.generation])

        def number() -> int:
            return pick(ODD_NUMBERS)

        def status() -> int:
            return pick(ODD_NUMBERS if self.random.random() < 0.05 else known)

        def fail_mode() -> int:
            return pick(ODD_NUMBERS if self.random.random() < 0.05 else (0, 1, 2))

        def flag() -> bool:
            return pick((True, False))

        def count() -> int:
            return number() if self.random.random() < 0.3 else pick((0, 1, 3))

        def indices() -> list[int]:
            return pick(([], [0], [0, 1], [99], [-1], [1, 1, 0], [2147483647, 1]))

        # Servers of the generation remote-name do not know field 8. The real server of this
        # generation knows the field: only its duplications are those of an older version.
        force = [] if self.args.generation == "remote-name" else [(8, "bool", flag, True)]
        table = self.table
        return {
            ADD: [
                (1, "string", table, False),
                (2, "string", self.cluster, False),
                (3, "bool", flag, True),
                (4, "string", table, True),
                (5, "i32", count, True),
            ],
            MODIFY: [
                (1, "string", table, False),
                (2, "i32", self.dupid, False),
                (3, "i32", status, True),
                (4, "i32", fail_mode, True),
            ],
            QUERY: [(1, "string", table, False)],
            LIST: [(1, "string", table, False), (2, "i32", number, False)],
            LIST_APPS: [
                (1, "i32", lambda: pick((0, 1, number())), False),
                (2, "string", table, True),
                (3, "i32", number, True),
            ],
            QUERY_CONFIG: [(1, "string", table, False), (2, ("list", "i32"), indices, False)],
            MAX_REPLICA_COUNT: [(1, "string", table, False)],
            LIST_NODES: [(1, "i32", lambda: pick((0, 1, 2, 7)), False)],
            CLUSTER_INFO: [],
            ADD_POLICY: [
                (1, "string", self.provider, False),
                (2, "string", self.policy, False),
                (3, ("list", "i32"), self.table_ids, False),
                (4, "i64", self.interval, False),
                (5, "i32", count, False),
                (6, "string", self.start_time, False),
            ],
            MODIFY_POLICY: [
                (1, "string", self.known_policy, False),
                (2, ("list", "i32"), self.table_ids, True),
                (3, ("list", "i32"), self.table_ids, True),
                (4, "i64", self.interval, True),
                (5, "i32", number, True),
                (6, "bool", flag, True),
                (7, "string", self.start_time, True),
                *force,
            ],
            QUERY_POLICY: [
                (1, ("list", "string"), self.policies, False),
                (2, "i32", number, False),
            ],
        }[rpc]  # type: ignore[return-value]

    def table(self) -> bytes:
        names: list[bytes] = self.tables if self.random.random() > 0.15 else list(ODD_TEXTS)
        return self.random.choice(names)

    def cluster(self) -> bytes:
        odd: list[bytes] = [*ODD_TEXTS, self.args.own_cluster.encode()]
        names: list[bytes] = odd if self.random.random() < 0.15 else self.clusters
        return self.random.choice(names)

    def policy(self) -> Policy | bytes:
        if self.random.random() < 0.2:
            return self.random.choice([*ODD_TEXTS, b"backup_info", b"9", b"a:b", b"__a", b"_a"])
        return self.known_policy()

    def known_policy(self) -> Policy:
        return Policy(self.random.choice((b"daily", b"weekly", b"_x9")))

    def policies(self) -> list[Policy | bytes]:
        return [self.policy() for _ in range(self.random.choice((0, 1, 1, 2, 3)))]

    def provider(self) -> bytes:
        if self.random.random() < 0.9:
            return b"local_service"
        return self.random.choice([*ODD_TEXTS, b"LOCAL_SERVICE", b"local_service\0x"])

    def table_ids(self) -> list[int]:
        odd = self.random.random() < 0.2
        ids = list(ODD_NUMBERS) if odd else list(range(1, len(self.tables) + 1))
        return [self.random.choice(ids) for _ in range(self.random.choice((0, 1, 1, 2, 3)))]

    def interval(self) -> int:
        return self.random.choice(
            (86400, 86400, 86400, 90000, 86399, 601, 600, 1, 0, -1, 2**63 - 1)
        )

    def start_time(self) -> bytes:
        # The hour is not close to the current hour. The servers may have different local times, and
        # a backup must begin on both servers or on none.
        now = (time.gmtime().tm_hour, time.localtime().tm_hour)
        near = {(hour + offset) % 24 for hour in now for offset in (-1, 0, 1)}
        hour = self.random.choice([hour for hour in range(24) if hour not in near])
        form = self.random.choice((
            "{:02}:30", "{}:5", " {:02}:07", "{:02}:08x", "{:02}", "{:02}:60", "{:02} :1", "+{}:+1",
            "24:00", "24:01", "25:00", "25", "-1:-1", "-{}:100", "", "x", ":5",
        ))  # fmt: skip
        return str(form.format(hour)).encode()

    def dupid(self) -> Dupid | int:
        if self.random.random() < 0.1:
            return self.random.choice(ODD_NUMBERS)
        return Dupid(self.table(), self.cluster(), self.random.random() < 0.1)
