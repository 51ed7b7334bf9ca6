"""Wrong types and senseless values raise different exceptions, before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fake_meta import FakeMeta
from pegasus_dup import Client, Failed, InvalidArgument, MetaServer

NOWHERE = "127.0.0.1:1"


@pytest.mark.parametrize("metas", [None, 1, b"127.0.0.1:1", ["127.0.0.1:1", 2], object()])
def test_metas_of_a_wrong_type(metas: Any) -> None:
    with pytest.raises(TypeError, match="metas"):
        Client(metas)


@pytest.mark.parametrize("metas", ["", [], ["", ""], "nohost", "a:b", "a:99999", "a:0", "\ud800:1"])
def test_metas_that_make_no_sense(metas: Any) -> None:
    with pytest.raises(InvalidArgument):
        Client(metas)


@pytest.mark.parametrize("timeout", ["1", None, True, 1j, object()])
def test_timeout_of_a_wrong_type(timeout: Any) -> None:
    with pytest.raises(TypeError, match="timeout"):
        Client(NOWHERE, timeout=timeout)


@pytest.mark.parametrize(
    ("timeout", "wrong"),
    [
        (math.inf, "must be at most 31536000 seconds, which is a year: timeout=inf"),
        (1e300, "must be at most 31536000 seconds"),
        (10**400, "must be at most 31536000 seconds"),
        pytest.param(10**5000, "must be at most 31536000 seconds", id="5000 digits"),
        (timedelta.max, "must be at most 31536000 seconds"),
        (math.nan, "must be a number of seconds: timeout=nan"),
        (-math.inf, "must be above 0: timeout=-inf"),
        (-(10**400), "must be above 0: timeout=-1000"),
        (0, "must be above 0: timeout=0"),
        (timedelta(seconds=-1), "must be above 0"),
        (1e-30, "must be at least a nanosecond"),
    ],
)
def test_timeout_that_cannot_be_is_explained(timeout: Any, wrong: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        Client(NOWHERE, timeout=timeout)
    assert wrong in raised.value.message
    with Client(NOWHERE) as client, pytest.raises(InvalidArgument) as raised:
        client.query("temp", timeout=timeout)
    assert wrong in raised.value.message


@pytest.mark.parametrize(
    "timeout", [0, -1, math.nan, math.inf, -math.inf, 1e300, 10**400, timedelta(0), timedelta.max]
)
def test_timeout_that_makes_no_sense(timeout: Any) -> None:
    with pytest.raises(InvalidArgument, match="timeout"):
        Client(NOWHERE, timeout=timeout)


def test_generation_and_mode() -> None:
    for generation in ("idempotent", "", "DUP-EXIST"):
        with pytest.raises(InvalidArgument, match="generation"):
            Client(NOWHERE, generation=generation)
    with pytest.raises(TypeError, match="generation"):
        Client(NOWHERE, generation=4)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="mode"):
        Client(NOWHERE, mode="fast")  # type: ignore[arg-type]


WRONG_TYPES: list[tuple[str, Callable[[Any], object]]] = [
    ("table", lambda client: client.add(1, "target")),
    ("table", lambda client: client.add(None, "target")),
    ("cluster", lambda client: client.add("temp", b"target")),
    ("remote_table", lambda client: client.add("temp", "target", remote_table=3)),
    ("remote_replica_count", lambda client: client.add("temp", "t", remote_replica_count="3")),
    ("remote_replica_count", lambda client: client.add("temp", "t", remote_replica_count=True)),
    ("remote_replica_count", lambda client: client.add("temp", "t", remote_replica_count=3.0)),
    ("checkpoint", lambda client: client.add("temp", "target", checkpoint=1)),
    ("timeout", lambda client: client.add("temp", "target", timeout="1")),
    ("table", lambda client: client.try_add(1, "target")),
    ("table", lambda client: client.query([])),
    ("pattern", lambda client: client.list(1)),
    ("which", lambda client: client.start("temp", True)),
    ("which", lambda client: client.pause("temp", 1.0)),
    ("which", lambda client: client.remove("temp", None)),
    ("mode", lambda client: client.set_fail_mode("temp", 1, 0)),
]

SENSELESS: list[tuple[str, Callable[[Any], object]]] = [
    ("table", lambda client: client.add("", "target")),
    ("cluster", lambda client: client.add("temp", "")),
    ("table", lambda client: client.add("\ud800", "target")),
    ("replica", lambda client: client.add("temp", "t", remote_replica_count=-1)),
    ("replica", lambda client: client.add("temp", "t", remote_replica_count=2**31)),
    ("timeout", lambda client: client.add("temp", "target", timeout=0)),
    ("match", lambda client: client.list("temp", match="regex")),
    ("which", lambda client: client.pause("temp", 2**31)),
    ("fail mode", lambda client: client.set_fail_mode("temp", 1, "never")),
    ("fail mode", lambda client: client.set_fail_mode("temp", 1, "FAIL_UNKNOWN")),
]


@pytest.mark.parametrize(("name", "call"), WRONG_TYPES)
def test_wrong_type(name: str, call: Callable[[Any], object]) -> None:
    with FakeMeta().running() as fake, Client(fake.address) as client:
        with pytest.raises(TypeError, match=name):
            call(client)
        assert fake.seen == []


@pytest.mark.parametrize(("name", "call"), SENSELESS)
def test_senseless_value(name: str, call: Callable[[Any], object]) -> None:
    with FakeMeta().running() as fake, Client(fake.address) as client:
        with pytest.raises(InvalidArgument, match=name):
            call(client)
        assert fake.seen == []


def test_try_add_returns_senseless_values_too() -> None:
    with Client(NOWHERE) as client:
        outcome = client.try_add("temp", "target", timeout=-1)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidArgument)


@pytest.mark.parametrize(
    "settings",
    [
        {"tables": "temp"},
        {"tables": [1]},
        {"tables": 1},
        {"remote_clusters": ["target"]},
        {"remote_clusters": {"target": 1}},
        {"remote_clusters": {1: "a:1"}},
        {"cluster_name": None},
        {"listen": 34601},
        {"store": 1},
        {"store": b"path"},
        {"generation": 1},
        {"clock": 1},
    ],
)
def test_server_settings_of_a_wrong_type(settings: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        MetaServer(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"tables": [""]},
        {"tables": ["temp", "temp"]},
        {"remote_clusters": {"target": "nohost"}},
        {"listen": "nohost"},
        {"listen": "127.0.0.1:99999"},
        {"generation": "2.5"},
        {"clock": "slow"},
    ],
)
def test_server_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        MetaServer(**settings)
