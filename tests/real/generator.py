"""Random requests to a meta server, derived from a seed. They are sensible, odd or senseless."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import deadly
from wire import (
    ADD,
    CLUSTER_INFO,
    LIST,
    LIST_APPS,
    LIST_NODES,
    MAX_REPLICA_COUNT,
    MODIFY,
    QUERY,
    QUERY_CONFIG,
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
            plain = [(n, t, 1 if isinstance(v, Dupid) else v) for n, t, v in step.fields]
            if self.args.deadly or deadly.reason(self.args.generation, step.rpc, plain) is None:
                return step

    def draw(self) -> Step:
        pick = self.random.choice
        rpc = self.random.choices(
            (ADD, MODIFY, QUERY, LIST, LIST_APPS, QUERY_CONFIG, MAX_REPLICA_COUNT, HTTP, "?",
             LIST_NODES, CLUSTER_INFO),
            (24, 24, 8, 6, 4, 4, 3, 4, 2, 1, 1),
        )[0]  # fmt: skip
        if rpc == "?":
            return Step(pick(("RPC_CM_NO_SUCH", "", "x" * 60, "RPC_CM_QUERY_DUPLICATION\0x")), [])
        if rpc == HTTP:
            page = pick(
                ("/meta/app/duplication", "/meta/apps", "/meta/app", "/meta/nodes", "/no/such")
            )
            return Step(HTTP, [(1, "string", page.encode()), (2, "string", self.table())])
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
        }[rpc]  # type: ignore[return-value]

    def table(self) -> bytes:
        names: list[bytes] = self.tables if self.random.random() > 0.15 else list(ODD_TEXTS)
        return self.random.choice(names)

    def cluster(self) -> bytes:
        odd: list[bytes] = [*ODD_TEXTS, self.args.own_cluster.encode()]
        names: list[bytes] = odd if self.random.random() < 0.15 else self.clusters
        return self.random.choice(names)

    def dupid(self) -> Dupid | int:
        if self.random.random() < 0.1:
            return self.random.choice(ODD_NUMBERS)
        return Dupid(self.table(), self.cluster(), self.random.random() < 0.1)
