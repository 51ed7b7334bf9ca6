"""Checks with requests and responses that are lost on the way."""

from __future__ import annotations

from proxy import Fault
from wire import ADD, MODIFY, QUERY
from world import World, same

from checks import check

#: The ways to lose the response to a request that the server executes.
LOST = ("drop", "close_after", "garble")


def add_with(what: str) -> None:
    @check(f"an add whose response is lost ({what}): Created, not certain")
    def lost_response(world: World) -> None:
        world.proxy.reset(Fault(ADD, what))
        shown = world.add().created("appeared_during_call")
        same(world.proxy.names().count(ADD), 1, "the number of adds that were sent")
        same(shown["dupid"], world.only().dupid, "the dupid")


for one in LOST:
    add_with(one)


def add_without(what: str) -> None:
    @check(f"an add whose request is lost ({what}): outcome_unknown, exit code 5")
    def lost_request(world: World) -> None:
        world.proxy.reset(Fault(ADD, what))
        result = world.add(timeout=4)
        result.fails("outcome_unknown", 5)
        same(world.proxy.names().count(ADD), 1, "the number of adds that were sent", result)
        same(world.listed(), [], "what the server shows", result)


for one in ("swallow", "close"):
    add_without(one)


@check(
    "an add is lost, and a rival's stands there otherwise than asked: AlreadyExists, listed_after"
)
def lost_and_differs(world: World) -> None:
    world.need("remote-name", "dup-exist", why="it knows no remote tables")
    rival = Fault(ADD, "swallow", before=lambda: world.rival_adds(remote_table="another_name"))
    world.proxy.reset(rival)
    result = world.add()
    shown = result.exists("listed_after", ["remote_table"])
    same(shown["dupid"], world.only().dupid, "the dupid", result)


@check("an add is lost, but another client adds the same: Created, not certain")
def lost_and_same(world: World) -> None:
    world.proxy.reset(Fault(ADD, "swallow", before=world.rival_adds))
    shown = world.add().created("appeared_during_call")
    same(shown["dupid"], world.only().dupid, "the dupid")


def read_with(what: str) -> None:
    @check(f"reads whose responses are lost ({what}) are repeated")
    def lost_read(world: World) -> None:
        world.add().created(world.evidence)
        world.proxy.reset(Fault(QUERY, what))
        result = world.cli("query", world.table)
        same((len(result.reports), result.code), (1, 0), "what query says", result)


for one in ("close_after", "close"):
    read_with(one)


def changes_with(what: str) -> None:
    @check(f"changes whose responses are lost ({what}) are read back, at the default timeout")
    def lost_change(world: World) -> None:
        world.add().created(world.evidence)
        for arguments, outcome in (
            (("pause", world.table, world.cluster), "changed"),
            (("start", world.table, world.cluster), "changed"),
            (("set-fail-mode", world.table, world.cluster, "skip"), "changed"),
            (("remove", world.table, world.cluster), "removed"),
        ):
            world.proxy.reset(Fault(MODIFY, what))
            result = world.cli(*arguments)
            same((result.report["outcome"], result.code), (outcome, 0), "what came of it", result)
            same(world.proxy.names().count(MODIFY), 1, "the changes that were sent", result)
        same(world.listed(), [], "what is left")


for one in LOST:
    changes_with(one)


@check("changes whose requests are lost: outcome_unknown, exit code 5, and nothing has changed")
def lost_changes(world: World) -> None:
    world.add().created(world.evidence)
    before = world.only()
    for arguments in (
        ("pause", world.table, world.cluster),
        ("set-fail-mode", world.table, world.cluster, "skip"),
        ("remove", world.table, world.cluster),
    ):
        world.proxy.reset(Fault(MODIFY, "swallow"))
        result = world.cli(*arguments, timeout=4)
        result.fails("outcome_unknown", 5)
        same(world.proxy.names().count(MODIFY), 1, "the changes that were sent", result)
        same(world.only(), before, "what the server shows", result)
