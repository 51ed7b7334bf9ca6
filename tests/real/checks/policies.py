"""Checks of backup policies.

The policies stay on the server, disabled, because no request removes them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proxy import Fault
from wire import ADD_POLICY, MODIFY_POLICY, QUERY_POLICY, Fields
from world import Result, Skip, World, same

from checks import check

DAY = 86_400

#: The names of the policies of this run begin with this text, and no two runs have the same.
PREFIX = f"suite_{time.time_ns()}"


@dataclass
class Policy:
    """A policy that a check adds."""

    world: World
    name: str

    def add(self, *options: str, timeout: float = 10, **others: object) -> Result:
        """Adds the policy by the command line. The other values replace the usual ones."""
        # No backup begins, because the start time is half a day away.
        start = f"{(time.localtime().tm_hour + 12) % 24:02}:30"
        values = {
            "provider": self.world.args.backup_provider,
            "tables": self.world.table,
            "interval": DAY,
            "keep": 3,
            "start": start,
        } | others
        words = [word for key, value in values.items() for word in (f"--{key}", str(value))]
        return self.world.cli("add-backup-policy", self.name, *words, *options, timeout=timeout)

    def shown(self) -> dict[int, Any] | None:
        """Returns the policy as the server shows it."""
        fields: Fields = [(1, ("list", "string"), [self.name.encode()]), (2, "i32", 0)]
        response = self.world.call(QUERY_POLICY, fields)
        if response.err == "ERR_INVALID_PARAMETERS":
            return None
        same(response.err, "ERR_OK", "the query of the policy")
        shown: dict[int, Any] = response.fields[2][0]
        return shown

    def rival_adds(self, keep: int) -> None:
        """Adds the policy as another client would."""
        tables = self.world.table_ids()
        fields: Fields = [
            (1, "string", self.world.args.backup_provider.encode()),
            (2, "string", self.name.encode()),
            (3, ("list", "i32"), [tables[self.world.table]]),
            (4, "i64", DAY),
            (5, "i32", keep),
            (6, "string", b"23:30"),
        ]
        same(self.world.call(ADD_POLICY, fields).err, "ERR_OK", "the rival's add")

    def disable(self) -> None:
        """Disables the policy, if it exists."""
        fields: Fields = [(1, "string", self.name.encode()), (6, "bool", True)]
        self.world.call(MODIFY_POLICY, fields)


def policy_check(words: str) -> Callable[[Callable[[World, Policy], None]], None]:
    """Adds a check with a policy of its own."""

    def add(function: Callable[[World, Policy], None]) -> None:
        @check(f"backup policies: {words}")
        def with_policy(world: World) -> None:
            if not world.args.backup_provider:
                raise Skip("no --backup-provider is given")
            policy = Policy(world, f"{PREFIX}_{function.__name__}")
            try:
                function(world, policy)
            finally:
                policy.disable()

    return add


def adds(world: World) -> int:
    """Returns how many adds reached the proxy."""
    return world.proxy.names().count(ADD_POLICY)


@policy_check("an add, and the same add again")
def twice(world: World, policy: Policy) -> None:
    first = policy.add()
    made = first.created("appeared_during_call")
    shown = policy.shown()
    same(shown is not None and shown[1].decode(), policy.name, "what the server shows", first)
    same(made["table_ids"], [world.table_ids()[world.table]], "the ids of the tables", first)
    policy.add().exists("listed_before")
    same(policy.add("--exist-ok").code, 0, "the exit code with --exist-ok")
    same(adds(world), 1, "the number of adds that were sent")


@policy_check("every difference is reported, and nothing is sent")
def differs(world: World, policy: Policy) -> None:
    policy.add(start="03:30").created("appeared_during_call")
    world.proxy.reset()
    other = policy.add(
        provider="another",
        tables=f"{world.table},{world.table2}",
        interval=2 * DAY,
        keep=4,
        start="04:30",
    )
    fields = ["provider", "table_ids", "interval_seconds", "history_count", "start_time"]
    other.exists("listed_before", fields)
    same(adds(world), 0, "the number of adds that were sent")


@policy_check("a provider and a table that do not exist")
def missing(world: World, policy: Policy) -> None:
    policy.add(provider="no_such_provider").fails("invalid_argument")
    policy.add(tables=f"{world.table},no_such_table").fails("table_not_found")
    same(policy.shown(), None, "what the server shows")


@policy_check("an interval below a day")
def hourly(world: World, policy: Policy) -> None:
    result = policy.add(interval=3_600)
    if world.generation in ("freezed", "checkpoint"):
        result.created("appeared_during_call")
    else:
        result.fails("invalid_argument")


@policy_check("names that end servers are not sent")
def deadly_names(world: World, policy: Policy) -> None:
    Policy(world, f"{policy.name}/x").add().fails("invalid_argument", 2)
    if world.generation in ("remote-name", "dup-exist"):
        Policy(world, policy.name + "{x").add().fails("unsupported")
        policy.add(provider="{}").fails("unsupported")
    same(adds(world), 0, "the number of adds that were sent")


@policy_check("a response that is lost (drop): Created, not certain")
def lost_response(world: World, policy: Policy) -> None:
    world.proxy.reset(Fault(ADD_POLICY, "drop"))
    policy.add().created("appeared_during_call")
    same(adds(world), 1, "the number of adds that were sent")


@policy_check("a connection that breaks after the add: Created, not certain")
def broken(world: World, policy: Policy) -> None:
    world.proxy.reset(Fault(ADD_POLICY, "close_after"))
    policy.add().created("appeared_during_call")
    same(adds(world), 1, "the number of adds that were sent")


@policy_check("a request that is lost: outcome_unknown, exit code 5")
def lost_request(world: World, policy: Policy) -> None:
    world.proxy.reset(Fault(ADD_POLICY, "swallow"))
    policy.add(timeout=4).fails("outcome_unknown", 5)
    same(adds(world), 1, "the number of adds that were sent")
    same(policy.shown(), None, "what the server shows")


@policy_check("a rival adds it otherwise just before: AlreadyExists, listed_after")
def rival(world: World, policy: Policy) -> None:
    world.proxy.reset(Fault(ADD_POLICY, before=lambda: policy.rival_adds(7)))
    policy.add(start="23:30").exists("listed_after", ["history_count"])
    shown = policy.shown()
    same(shown and shown[5], 7, "the number of backups that the server shows")


@policy_check("a disabled policy is a warning")
def disabled(_world: World, policy: Policy) -> None:
    policy.add().created("appeared_during_call")
    policy.disable()
    result = policy.add()
    result.exists("listed_before")
    same(result.report["warning"], "the policy is disabled", "the warning", result)
