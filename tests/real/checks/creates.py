"""Checks of creates of tables: certain outcomes, races, and lost responses."""

from __future__ import annotations

from collections.abc import Callable

from proxy import Fault
from wire import CREATE_APP
from world import Failed, Result, Skip, World, same

from checks import check
from checks.tables import PREFIX, apps, create, drop


def create_check(words: str) -> Callable[[Callable[[World, str], None]], None]:
    """Adds a check with a free name. The tables of the name are dropped afterwards."""

    def add(function: Callable[[World, str], None]) -> None:
        @check(f"creates: {words}")
        def with_name(world: World) -> None:
            name = f"{PREFIX}.create.{function.__name__}"
            try:
                # Without enough replica servers the server refuses every create.
                create(world, f"{name}.probe")
                function(world, name)
            finally:
                for info in apps(world).values():
                    if info[3].decode().startswith(name) and info[1] == 1:
                        drop(world, info[3].decode())

    return add


def run(world: World, name: str, *options: str, timeout: int | None = None) -> Result:
    """Creates a table of 2 partitions and 1 replica."""
    arguments = ("create-table", name, "-p", "2", "-r", "1", *options)
    return world.cli(*arguments) if timeout is None else world.cli(*arguments, timeout=timeout)


def created(world: World, result: Result, evidence: str) -> None:
    """Expects a Created, and that the server has this table and no other table of the name."""
    same(result.report["outcome"], "created", "the outcome", result)
    same(result.report["evidence"], evidence, "the evidence", result)
    same(result.code, 0, "the exit code", result)
    value = result.report["value"]
    there = [info for info in apps(world).values() if info[3].decode() == value["table"]]
    same([info[4] for info in there], [value["table_id"]], "the ids that the server shows", result)


@create_check("a create is certain, and a repeated one finds the table and its differences")
def repeated(world: World, name: str) -> None:
    created(world, run(world, name, "-e", "business.info=x"), "server_said_so")
    again = run(world, name, "-e", "business.info=x")
    same(again.report["outcome"], "already_exists", "the outcome", again)
    same(again.report["evidence"], "listed_before", "the evidence", again)
    same(again.report["differences"], [], "the differences", again)
    other = world.cli("create-table", name, "-p", "4", "-r", "1")
    fields = [one["field"] for one in other.report["differences"]]
    same(fields, ["partition_count", "envs"], "the differences", other)
    same(world.proxy.names().count(CREATE_APP), 1, "the creates that were sent")


@create_check("a rival creates the table just before: it exists")
def beaten(world: World, name: str) -> None:
    def rival() -> None:
        create(world, name)

    world.proxy.reset(Fault(CREATE_APP, before=rival))
    result = run(world, name)
    same(result.report["outcome"], "already_exists", "the outcome", result)
    evidence = "listed_after" if world.generation == "freezed" else "server_said_so"
    same(result.report["evidence"], evidence, "the evidence", result)


@create_check("processes create one table: exactly one is certain to have created it")
def race(world: World, name: str) -> None:
    arguments = ("create-table", name, "-p", "2", "-r", "1")
    results = [c.result() for c in [world.start(*arguments) for _ in range(8)]]
    certain = [one for one in results if one.report["outcome"] == "created"]
    same(len(certain), 1, "the processes that created it")
    for one in results:
        same(one.report["certain"], True, "certain", one)
        same(one.report["value"]["table_id"], certain[0].report["value"]["table_id"], "the id", one)


def lost_response(what: str, options: tuple[str, ...], evidence: str) -> None:
    def with_fault(world: World, name: str) -> None:
        world.proxy.reset(Fault(CREATE_APP, what))
        created(world, run(world, name, *options), evidence)
        same(world.proxy.names().count(CREATE_APP), 1, "the creates that were sent")

    with_fault.__name__ = f"lost_{what}_{evidence}"
    create_check(f"the response is lost ({what}): Created, {evidence}")(with_fault)


for one in ("drop", "close_after", "garble"):
    lost_response(one, (), "appeared_during_call")
    lost_response(one, ("--prove-authorship",), "proof_listed")


def lost_request(what: str) -> None:
    def with_fault(world: World, name: str) -> None:
        world.proxy.reset(Fault(CREATE_APP, what))
        run(world, name, timeout=4).fails("outcome_unknown", 5)
        same(world.proxy.names().count(CREATE_APP), 1, "the creates that were sent")
        if any(info[3].decode() == name for info in apps(world).values()):
            raise Failed("the server shows a table, although the request was lost")

    with_fault.__name__ = f"without_{what}"
    create_check(f"the request is lost ({what}): outcome_unknown")(with_fault)


for one in ("swallow", "close"):
    lost_request(one)


@create_check("too many replicas: an error, whose hint counts the replica servers")
def too_many(world: World, name: str) -> None:
    if world.generation == "freezed":
        raise Skip("servers of 2.3 create the table all the same")
    result = world.cli("create-table", name, "-p", "2", "-r", "100")
    result.fails("invalid_argument")
    if "alive=" not in str(result.report["error"]["hint"]):
        raise Failed(f"the hint has no number of replica servers {result}")
