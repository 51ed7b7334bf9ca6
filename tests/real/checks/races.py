"""Checks with several processes at once."""

from __future__ import annotations

from world import Failed, World, among, same

from checks import check

#: Errors that are correct if another process was faster.
QUICKER = ("busy", "duplication_not_found", "wrong_state", "outcome_unknown")


@check("eight processes add the same: one duplication, and at most one certain Created")
def one_pair(world: World) -> None:
    world.need(
        "checkpoint",
        "remote-name",
        "dup-exist",
        why="two adds of one pair at once end a 2.3 server",
    )
    results = [
        c.result() for c in [world.start("add", world.table, world.cluster) for _ in range(8)]
    ]
    there = world.only()
    certain = 0
    for result in results:
        among(result.report["outcome"], ("created", "already_exists"), "the outcome", result)
        same(result.duplication()["dupid"], there.dupid, "the dupid", result)
        same(result.duplication()["create_ts_ms"], there.create_ts_ms, "the time", result)
        certain += result.report["outcome"] == "created" and result.report["certain"]
    among(certain, (0, 1), "the number of processes that are certain to have created it")
    if world.sure and certain == 0:
        raise Failed("no process reports a certain Created, although the server is proven")


@check("processes add different duplications: each is Created")
def different_pairs(world: World) -> None:
    pairs = [
        (table, cluster)
        for table in (world.table, world.table2)
        for cluster in (world.cluster, world.cluster2)
    ]
    for command in [world.start("add", *pair) for pair in pairs]:
        command.result().created(world.evidence)
    same((len(world.listed()), len(world.listed(world.table2))), (2, 2), "what the server shows")


@check("processes pause and start one duplication: each reports its result, and one of them holds")
def pause_and_start(world: World) -> None:
    world.add().created(world.evidence)
    commands = [
        world.start(word, world.table, world.cluster)
        for _ in range(4)
        for word in ("pause", "start")
    ]
    for command in commands:
        result = command.result()
        if result.report["outcome"] == "error":
            among(result.report["error"]["kind"], QUICKER, "the kind of the error", result)
        else:
            among(result.report["outcome"], ("changed", "unchanged"), "the outcome", result)
    among(world.only().status, ("DS_PAUSE", world.running), "the status")


@check("six processes remove one duplication: it is gone, and each reports removed or not found")
def removals(world: World) -> None:
    world.add().created(world.evidence)
    commands = [world.start("remove", world.table, world.cluster) for _ in range(6)]
    removed = 0
    for command in commands:
        result = command.result()
        if result.report["outcome"] == "error":
            among(result.report["error"]["kind"], QUICKER, "the kind of the error", result)
        else:
            same(result.report["outcome"], "removed", "the outcome", result)
            removed += 1
    same(world.listed(), [], "what is left")
    if removed == 0:
        raise Failed("the duplication is gone, but no process reports that it removed it")


@check("adds and removals of one duplication at once: no false result, and one duplication or none")
def adds_and_removals(world: World) -> None:
    world.need(
        "checkpoint",
        "remote-name",
        "dup-exist",
        why="two adds of one pair at once end a 2.3 server",
    )
    for _ in range(3):
        commands = [
            world.start(word, world.table, world.cluster)
            for _ in range(3)
            for word in ("add", "remove")
        ]
        for command in commands:
            result = command.result()
            if result.report["outcome"] == "error":
                among(result.report["error"]["kind"], QUICKER, "the kind of the error", result)
        among(len(world.listed()), (0, 1), "the number of duplications", world.listed())
