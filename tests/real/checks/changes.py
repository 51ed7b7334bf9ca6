"""Checks of start, pause, remove and the fail mode."""

from __future__ import annotations

from wire import MODIFY
from world import Failed, World, same

from checks import check


@check("pause and start, by the cluster and by the dupid; the second time nothing is changed")
def pause_and_start(world: World) -> None:
    dupid = world.add().created(world.evidence)["dupid"]
    for which in (world.cluster, str(dupid)):
        for command, status in (("pause", "DS_PAUSE"), ("start", world.running)):
            result = world.cli(command, world.table, which)
            same((result.report["outcome"], result.code), ("changed", 0), "what came of it", result)
            same(result.duplication()["status"], status, "the status in the report", result)
            same(world.only().status, status, "the status that the server shows", result)
            world.proxy.reset()
            again = world.cli(command, world.table, which)
            same((again.report["outcome"], again.code), ("unchanged", 0), "the second time", again)
            same(world.proxy.names().count(MODIFY), 0, "the changes that were sent", again)


@check("the fail mode can be set, stays over pause and start, and can be set back")
def fail_mode(world: World) -> None:
    world.add().created(world.evidence)
    for name, shown in (("skip", "FAIL_SKIP"), ("fast", "FAIL_FAST"), ("slow", "FAIL_SLOW")):
        result = world.cli("set-fail-mode", world.table, world.cluster, name)
        same((result.report["outcome"], result.code), ("changed", 0), "what came of it", result)
        same(result.duplication()["fail_mode"], shown, "the fail mode in the report", result)
        for command in ("pause", "start"):
            same(
                world.cli(command, world.table, world.cluster).code,
                0,
                f"the exit code of {command}",
            )
            same(world.only().fail_mode, shown, f"the fail mode after {command}")
        again = world.cli("set-fail-mode", world.table, world.cluster, name)
        same((again.report["outcome"], again.code), ("unchanged", 0), "the second time", again)


@check("remove reports the removed duplication; the second time it finds none")
def remove(world: World) -> None:
    first = world.add().created(world.evidence)
    world.cli("add", world.table, world.cluster2).created(world.evidence)
    result = world.cli("remove", world.table, world.cluster)
    same((result.report["outcome"], result.code), ("removed", 0), "what came of it", result)
    was = result.duplication()
    same(
        (was["dupid"], was["create_ts_ms"]),
        (first["dupid"], first["create_ts_ms"]),
        "which",
        result,
    )
    same(world.only().cluster, world.cluster2, "what is left")
    world.cli("remove", world.table, world.cluster).fails("duplication_not_found")
    other = world.only().dupid
    same(
        world.cli("remove", world.table, str(other)).code, 0, "the exit code of a removal by dupid"
    )
    same(world.listed(), [], "what is left")
    again = world.add().created(world.evidence)
    if again["create_ts_ms"] == first["create_ts_ms"]:
        raise Failed(f"the new duplication is as old as the removed one: {again}")


@check("a change of a missing duplication: DuplicationNotFound, and nothing is sent")
def not_there(world: World) -> None:
    world.add().created(world.evidence)
    before = world.only()
    world.proxy.reset()
    for which in ("no_such_cluster", world.cluster2, "1", "2147483647"):
        for command in (("start",), ("pause",), ("remove",), ("set-fail-mode", "skip")):
            arguments = (command[0], world.table, which, *command[1:])
            world.cli(*arguments).fails("duplication_not_found")
    same(world.proxy.names().count(MODIFY), 0, "the changes that were sent")
    same(world.only(), before, "what the server shows")


@check("a duplication whose checkpoint is being made cannot be paused: WrongState, or it is done")
def preparing(world: World) -> None:
    world.need("checkpoint", "remote-name", "dup-exist", why="it makes no checkpoint")
    world.add("--checkpoint").created(world.evidence)
    before = world.only().status
    result = world.cli("pause", world.table, world.cluster)
    after = world.only().status
    if before == after == "DS_PREPARE":
        result.fails("wrong_state")
    started = world.cli("start", world.table, world.cluster)
    if world.only().status == "DS_PREPARE":
        same((started.report["outcome"], started.code), ("unchanged", 0), "the start", started)
        if not started.report["warning"]:
            raise Failed(f"no warning says that the checkpoint is not complete {started}")
    same(world.cli("remove", world.table, world.cluster).code, 0, "the exit code of the removal")
    same(world.listed(), [], "what is left")
