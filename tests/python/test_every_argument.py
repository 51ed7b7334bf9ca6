"""Every argument of every call refuses every kind of invalid value.

The calls and their arguments are read from the package, so that none can be forgotten.
"""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pegasus_dup
import pytest
from fake_meta import FakeMeta
from pegasus_dup import (
    AsyncClient,
    Client,
    Failed,
    InvalidArgument,
    MetaGroup,
    MetaServer,
    ServedTable,
)
from pegasus_dup.fleet import Declaration, Existing, Fleet, Item, Plan, SourceCluster, Verdict

# It is to be created, and exists.
SENSELESS_ITEM = Item(
    verdict=Verdict.CREATE,
    table="temp",
    table_id=1,
    cluster="target",
    wanted=None,
    existing=Existing(7, None, None, None, None, None),
    differences=(),
    unverified=(),
    steps=(),
    why=None,
    in_scope=False,
)


class Surrogate(str):
    """A string whose text is invalid, but that prints as a valid text."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"temp"

    def __str__(self) -> str:
        return "temp"


class Large(int):
    """A number that is out of range, but that prints as a valid number."""

    def __int__(self) -> int:
        return 1

    def __index__(self) -> int:
        return 1

    def __le__(self, other: object) -> bool:
        return True

    def __ge__(self, other: object) -> bool:
        return True


NO_TEXT = ["\ud800", Surrogate("\ud800")]
# Python refuses to convert a number with more than 4300 digits to text.
LARGE = [2**31, -(2**31) - 1, 2**63, 2**64, -(2**64), 10**400, 10**5000, -(10**5000), Large(2**64)]
NO_TIME = [0, -1, math.nan, math.inf, -math.inf, -1e300, timedelta(0), timedelta.min, timedelta.max]

# Values of the right type that make no sense.
SENSELESS: dict[str, list[Any]] = {
    "text": NO_TEXT,
    "int": LARGE,
    "which": [*NO_TEXT, *LARGE],
    "seconds": [*NO_TIME, *LARGE],
    "whole_seconds": [*NO_TIME, *LARGE, 0.5, 86400.5, timedelta(milliseconds=1500)],
    "flag": [],
    "choice": ["nope", "", *NO_TEXT],
    "callable": [],
    "count": [-1, *LARGE],
    "at_least_one": [0, -1, *LARGE],
    "fix": [*NO_TEXT, ["\ud800"], "nope", ["status", "nope"]],
    "fleet": [Fleet((Declaration("a[", "target"),)), Fleet(meta="\ud800")],
    "plan": [Plan(SourceCluster("", None, None), "", (SENSELESS_ITEM,), (), False)],
    "texts": [*NO_TEXT, ["\ud800"], "nope", ["nope"]],
    "names": [*NO_TEXT, ["\ud800"], "", ["temp", ""], ["x" * 256]],
    "settings": [{"\ud800": "a"}, {"a": "\ud800"}, {Surrogate("\ud800"): "a"}],
    "path": [*NO_TEXT, "a\0b", Path("a\0b")],
    "tables": [[""], ["a", "a"], NO_TEXT]
    + [[ServedTable("t", partitions=number)] for number in LARGE]
    + [[ServedTable("t", replicas=number)] for number in LARGE],
    "remote_clusters": [{"\ud800": "a:1"}, {"target": "\ud800"}, {"target": ["a:1", "nohost"]}],
}

NOT_TEXT: list[Any] = [1, b"temp", bytearray(b"temp"), Path("temp"), object(), Mock(spec=str)]
NOT_INT: list[Any] = ["1", True, 1.0, 1j, object(), timedelta(1), Mock(spec=int)]

# Values of a wrong type. `None` is also wrong, unless it is the default of the argument.
WRONG: dict[str, list[Any]] = {
    "text": [*NOT_TEXT, None],
    "int": [*NOT_INT, None],
    "which": [True, 1.0, b"target", Path("target"), object(), None],
    "seconds": ["1", True, 1j, object(), Mock(spec=float), Mock(spec=timedelta), None],
    "whole_seconds": ["1", True, 1j, object(), Mock(spec=float), Mock(spec=timedelta), None],
    "flag": [0, 1, "yes", object(), Mock(spec=bool), None],
    "choice": [*NOT_TEXT, None],
    "callable": [1, "print", object()],
    "count": [*NOT_INT, None],
    "at_least_one": [*NOT_INT, None],
    "fix": [1, b"status", [1], [None], object(), None],
    "fleet": [1, "fleet", {}, object(), Mock(spec=Fleet), None, Fleet(meta=1)],  # type: ignore[arg-type]
    "plan": [1, "plan", {}, object(), Fleet(), None],
    "texts": [1, b"a", [1], [None], [b"a"], [Path("a")], object(), None],
    "names": [1, b"a", [1], [None], [b"a"], [Path("a")], object(), None],
    "settings": ["a=b", ["a=b"], [("a", "b")], {1: "a"}, {"a": 1}, {"a": None}, 1, object()],
    "path": [1, b"path", object(), Mock(spec=str)],
    "tables": ["temp", b"temp", 1, [1], [ServedTable(1)], [ServedTable("t", partitions="8")], None],  # type: ignore[arg-type]
    "remote_clusters": ["target", ["target"], {1: "a:1"}, {"target": 1}, {"target": [1]}, 1],
}

KINDS = {
    "cluster": "text",
    "cluster_name": "text",
    "host": "text",
    "listen": "text",
    "new_name": "text",
    "pattern": "text",
    "policy": "text",
    "provider": "text",
    "remote_table": "text",
    "start_time": "text",
    "table": "text",
    "count": "int",
    "history_count": "int",
    "index": "int",
    "level": "int",
    "min_alive_nodes": "int",
    "nodes": "int",
    "partition_count": "int",
    "partition_limit": "int",
    "remote_replica_count": "int",
    "replica_count": "int",
    "server": "int",
    "servers": "int",
    "table_id": "int",
    "which": "which",
    "early": "seconds",
    "ready_after": "seconds",
    "time": "seconds",
    "timeout": "seconds",
    "interval": "whole_seconds",
    "reserve": "whole_seconds",
    "atomic_idempotent": "flag",
    "backup_enabled": "flag",
    "checkpoint": "flag",
    "dropped": "flag",
    "duplication_enabled": "flag",
    "followers_learn": "flag",
    "force": "flag",
    "health": "flag",
    "old_stays": "flag",
    "prove_authorship": "flag",
    "clock": "choice",
    "generation": "choice",
    "match": "choice",
    "mode": "choice",
    "keep_going": "flag",
    "prune": "flag",
    "start_long_paused": "flag",
    "max_changes": "count",
    "max_removals": "count",
    "concurrency": "at_least_one",
    "max_preparing": "at_least_one",
    "fix": "fix",
    "fleet": "fleet",
    "plan": "plan",
    "audit": "path",
    "on_event": "callable",
    "progress": "callable",
    "block_services": "names",
    "faults": "texts",
    "metas": "texts",
    "partitions": "texts",
    "store": "path",
    "envs": "settings",
    "tables": "tables",
    "remote_clusters": "remote_clusters",
}
# These calls give another meaning to the name of an argument.
KINDS_OF_CALL = {
    ("add_backup_policy", "tables"): "names",
    ("try_add_backup_policy", "tables"): "names",
}


def kind(call: str, argument: str) -> str:
    return KINDS_OF_CALL.get((call, argument)) or KINDS[argument]


# The values of the arguments without a default, while another argument is tested.
GIVEN: dict[str, Any] = {
    "cluster": "target",
    "faults": (),
    "fleet": Fleet(),
    "history_count": 7,
    "interval": 86400,
    "mode": "slow",
    "partition_count": 8,
    "partitions": (),
    "plan": Plan(SourceCluster("", None, None), "", (), (), False),
    "policy": "daily",
    "provider": "local_service",
    "start_time": "03:00",
    "table": "temp",
    "table_id": 1,
    "time": 1,
    "which": 1,
}

CLASSES: list[type] = [Client, AsyncClient, MetaServer, MetaGroup]


def arguments() -> Iterator[Any]:
    def of(function: Any, *names: str) -> Iterator[Any]:
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name != "self":
                yield pytest.param(*names, parameter, id=".".join((*names, parameter.name)))

    yield from of(pegasus_dup.enable_logging, "", "enable_logging")
    for each in CLASSES:
        yield from of(each, each.__name__, "__init__")
        for name, method in inspect.getmembers(each, inspect.isfunction):
            if not name.startswith("_"):
                yield from of(method, each.__name__, name)


EVERY_ARGUMENT = pytest.mark.parametrize(("owner", "name", "parameter"), list(arguments()))


class Subjects:
    """Return the objects whose methods are called. Their server notes the requests it receives."""

    def __init__(self, fake: FakeMeta) -> None:
        self.fake = fake
        self.Client = Client(fake.address)
        self.AsyncClient = AsyncClient(fake.address)
        self.MetaServer = MetaServer(clock="manual")
        self.MetaGroup = MetaGroup(2, clock="manual")


@pytest.fixture(scope="module")
def subjects() -> Iterator[Subjects]:
    with FakeMeta().running() as fake:
        subjects = Subjects(fake)
        with subjects.Client, subjects.MetaServer, subjects.MetaGroup:
            yield subjects


def call(subjects: Subjects, owner: str, name: str, parameter: str, value: Any) -> object:
    if name == "__init__":
        function: Any = getattr(pegasus_dup, owner)
        required = {"metas": "127.0.0.1:1"} if "Client" in owner else {}
    else:
        function = getattr(getattr(subjects, owner) if owner else pegasus_dup, name)
        wanted = inspect.signature(function).parameters
        given = {**GIVEN, "tables": ["temp"]} if "policy" in wanted else GIVEN
        required = {key: given[key] for key in given if key in wanted}
    result = function(**{**required, parameter: value})
    return asyncio.run(result) if inspect.iscoroutine(result) else result


@EVERY_ARGUMENT
def test_senseless_values(
    subjects: Subjects, owner: str, name: str, parameter: inspect.Parameter
) -> None:
    subjects.fake.seen.clear()
    for value in SENSELESS[kind(name, parameter.name)]:
        if name.startswith("try_"):
            outcome = call(subjects, owner, name, parameter.name, value)
            assert isinstance(outcome, Failed)
            assert isinstance(outcome.error, InvalidArgument)
            continue
        with pytest.raises(InvalidArgument) as caught:
            call(subjects, owner, name, parameter.name, value)
        assert len(str(caught.value)) < 500
    assert subjects.fake.seen == []


@EVERY_ARGUMENT
def test_wrong_types(
    subjects: Subjects, owner: str, name: str, parameter: inspect.Parameter
) -> None:
    subjects.fake.seen.clear()
    for value in WRONG[kind(name, parameter.name)]:
        if value is None and parameter.default is None:
            continue
        # Methods such as `try_add` raise it too, because the program has a defect.
        with pytest.raises(TypeError, match="must be "):
            call(subjects, owner, name, parameter.name, value)
    assert subjects.fake.seen == []
