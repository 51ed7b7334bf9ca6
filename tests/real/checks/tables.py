"""Checks of lists, creates, drops and recalls of tables. A server lists dropped tables for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from proxy import Fault
from wire import CREATE_APP, DROP_APP, LIST_APPS, RECALL_APP
from world import Failed, Result, Skip, World, same

from checks import check

#: The names of the tables of this run begin with this text, and no two runs have the same.
PREFIX = f"suite.{time.time_ns()}"
DROPPED = 6


def apps(world: World) -> dict[int, dict[int, Any]]:
    """Returns all tables that the server lists, dropped tables included, by id."""
    infos = world.call(LIST_APPS, [(1, "i32", 0)]).fields[2]
    return {info[4]: info for info in infos}


def create(world: World, name: str) -> int:
    """Creates a table as another client would, and returns its id."""
    options = [
        (1, "i32", 2),
        (2, "i32", 1),
        (3, "bool", False),
        (4, "string", b"pegasus"),
        (5, "bool", True),
        (6, ("map", "string", "string"), {}),
    ]
    response = world.call(CREATE_APP, [(1, "string", name.encode()), (2, "struct", options)])
    if response.err == "ERR_STATE_FREEZED":
        raise Skip("the cluster has too few replica servers to create a table")
    same(response.err, "ERR_OK", "the rival's create")
    return int(response.fields[2])


def drop(world: World, name: str) -> None:
    """Drops a table as another client would."""
    options = [(1, "bool", False)]
    response = world.call(DROP_APP, [(1, "string", name.encode()), (2, "struct", options)])
    same(response.err, "ERR_OK", "the rival's drop")


def table_check(words: str) -> Callable[[Callable[[World, str, int], None]], None]:
    """Adds a check with a table of its own, which is dropped afterwards."""

    def add(function: Callable[[World, str, int], None]) -> None:
        @check(f"tables: {words}")
        def with_table(world: World) -> None:
            name = f"{PREFIX}.{function.__name__}"
            table_id = create(world, name)
            try:
                function(world, name, table_id)
            finally:
                for info in apps(world).values():
                    if info[3].decode().startswith(name) and info[1] == 1:
                        drop(world, info[3].decode())

    return add


def removed(result: Result, table_id: int, evidence: str) -> dict[str, Any]:
    """Expects a Removed of this table, and returns the table."""
    same(result.report["outcome"], "removed", "the outcome", result)
    same(result.report["evidence"], evidence, "the evidence", result)
    same(result.code, 0, "the exit code", result)
    value = result.report["value"]
    same(value["table_id"], table_id, "the id of the table", result)
    return dict(value)


@check("tables: the list agrees with the server")
def listed(world: World) -> None:
    shown = {one.report["value"]["table_id"]: one.report["value"] for one in rows(world)}
    there = apps(world)
    same(set(shown), set(there), "the ids of the tables")
    for table_id, info in there.items():
        value = shown[table_id]
        same(value["table"], info[3].decode(), "the name", value)
        same(value["partition_count"], info[5], "the number of partitions", value)
        same(value["replica_count"], info[8], "the number of replicas", value)
        is_dropped = info[1] == DROPPED
        same(value["expire_ts_ms"], info[9] * 1_000 if is_dropped else None, "the end", value)


def rows(world: World) -> list[Result]:
    """Returns the reports of all tables, dropped tables included, as a result for each."""
    result = world.cli("tables", "--dropped")
    return [Result(result.command, result.code, [one], result.stderr) for one in result.reports]


@check("tables: there is nothing to drop, and nothing is sent")
def nothing(world: World) -> None:
    world.cli("drop-table", f"{PREFIX}.nothing").fails("table_not_found")
    same(world.proxy.names().count(DROP_APP), 0, "the drops that were sent")
    world.cli("recall-table", "999999").fails("table_not_found")
    same(world.proxy.names().count(RECALL_APP), 0, "the recalls that were sent")


@table_check("a drop says until when the table can be recalled; a recall would be dangerous")
def dropped(world: World, name: str, table_id: int) -> None:
    result = world.cli("drop-table", name, "--reserve", "1000")
    value = removed(result, table_id, "server_said_so")
    same(apps(world)[table_id][1], DROPPED, "the status that the server shows", result)
    same(value["expire_ts_ms"] - value["drop_ts_ms"], 1_000_000, "the reserve time", result)
    world.cli("drop-table", name).fails("table_not_found")
    # The table existed for less than a minute.
    world.cli("recall-table", str(table_id)).fails("unsupported")
    same(world.proxy.names().count(RECALL_APP), 0, "the recalls that were sent")


@table_check("a table that is available is not recalled")
def available(world: World, name: str, table_id: int) -> None:
    result = world.cli("recall-table", str(table_id))
    same((result.report["outcome"], result.code), ("unchanged", 0), "what came of it", result)
    world.cli("recall-table", str(table_id), "--as", f"{name}.new").fails("wrong_state")


def lost_response(what: str) -> None:
    def with_fault(world: World, name: str, table_id: int) -> None:
        world.proxy.reset(Fault(DROP_APP, what))
        removed(world.cli("drop-table", name), table_id, "appeared_during_call")
        same(world.proxy.names().count(DROP_APP), 1, "the drops that were sent")

    with_fault.__name__ = f"lost_{what}"
    table_check(f"a drop whose response is lost ({what}): Removed, not certain")(with_fault)


for one in ("drop", "close_after", "garble"):
    lost_response(one)


def lost_request(what: str) -> None:
    def with_fault(world: World, name: str, table_id: int) -> None:
        world.proxy.reset(Fault(DROP_APP, what))
        world.cli("drop-table", name, timeout=4).fails("outcome_unknown", 5)
        same(world.proxy.names().count(DROP_APP), 1, "the drops that were sent")
        same(apps(world)[table_id][1], 1, "the status that the server shows")

    with_fault.__name__ = f"without_{what}"
    table_check(f"a drop whose request is lost ({what}): outcome_unknown")(with_fault)


for one in ("swallow", "close"):
    lost_request(one)


@table_check("a rival drops the table and creates it anew just before: both are named")
def moved(world: World, name: str, table_id: int) -> None:
    anew: list[int] = []

    def rival() -> None:
        drop(world, name)
        anew.append(create(world, name))

    world.proxy.reset(Fault(DROP_APP, before=rival))
    result = world.cli("drop-table", name)
    removed(result, table_id, "server_said_so")
    if f"table_id={anew[0]}" not in str(result.report["warning"]):
        raise Failed(f"the warning does not name the table that was dropped {result}")
    same(apps(world)[anew[0]][1], DROPPED, "the status of the other table", result)
