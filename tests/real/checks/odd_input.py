"""Checks with invalid names and numbers, missing servers, and wrongly stated generations."""

from __future__ import annotations

import socket

from proxy import Fault
from wire import ADD, MODIFY, QUERY_CONFIG
from world import Failed, World, among, same

from checks import check

GENERATIONS = ("freezed", "checkpoint", "remote-name", "dup-exist")


@check("a brace in a name: not sent to a 2.6 server, which it would end; harmless to older ones")
def braces(world: World) -> None:
    for table, cluster, options in (
        ("a{b", world.cluster, ()),
        (world.table, "a}b", ()),
        (world.table, "{}", ()),
        (world.table, world.cluster, ("--remote-table", "a{b")),
    ):
        world.proxy.reset()
        result = world.cli("add", table, cluster, *options)
        same(result.report["outcome"], "error", "the outcome", result)
        if world.names_remotes or options:
            # No add succeeds for a table that does not exist.
            among(
                result.report["error"]["kind"],
                ("unsupported", "table_not_found"),
                "the kind",
                result,
            )
            same(world.proxy.names().count(ADD), 0, "the number of adds that were sent", result)
    world.alive()
    for arguments in (("query", "a{b"), ("pause", "a{b", "target"), ("remove", "{}", "1")):
        world.cli(*arguments).fails("table_not_found")
    world.cli("pause", world.table, "a{b").fails("duplication_not_found")
    same(world.cli("list", "-a", "{").reports, [], "what list shows of such a name")
    same(world.listed(), [], "what the server shows")


@check("odd names of tables and clusters: an error of the right kind")
def odd_names(world: World) -> None:
    for name in (" ", "a/b", "..", "%s%n", "é", '"', "\\", "*", "x" * 255, "0", "-"):
        world.cli("query", "--", name).fails("table_not_found")
        world.cli("add", "--", name, world.cluster).fails("table_not_found")
        world.cli("add", "--", world.table, name).fails("remote_cluster_not_configured")
    same(world.listed(), [], "what the server shows")


@check("a mistake that the command line alone shows: exit code 2, and nothing is sent")
def usage(world: World) -> None:
    world.proxy.reset()
    for arguments in (
        ("add", "", world.cluster),
        ("add", world.table, ""),
        ("add", world.table, world.cluster, "-a", ""),
        ("add", world.table, world.cluster, "-r", "-1"),
        ("add", "x" * 256, world.cluster),
        ("add", world.table, "x" * 256),
        ("query", ""),
        ("query", "a\nb"),
        ("add", world.table, "a\x7fb"),
        ("pause", world.table, ""),
        ("pause", world.table, "99999999999"),
        ("set-fail-mode", world.table, world.cluster, "no_such_mode"),
        ("no_such_command",),
        ("add", world.table),
        ("list", "-m", "prefix"),
    ):
        result = world.cli(*arguments)
        same(
            (result.report["error"]["kind"], result.code),
            ("invalid_argument", 2),
            "what came of it",
            result,
        )
    same(world.cli("query", b"\xff\xfe").code, 2, "the exit code for a name that is not UTF-8")
    same(world.proxy.names(), [], "the requests that were sent")


@check("no server, no response, and no meta server: an error in time, and nothing is done")
def no_server(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"127.0.0.1:{free.getsockname()[1]}"
    world.cli("add", world.table, world.cluster, meta=closed, timeout=2).fails("unavailable")
    # The socket accepts connections and never responds.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        meta = f"127.0.0.1:{silent.getsockname()[1]}"
        result = world.cli("add", world.table, world.cluster, meta=meta, timeout=2)
        among(
            result.report["error"]["kind"],
            ("unavailable", "timeout"),
            "the kind of the error",
            result,
        )
    # The other addresses still lead to the server.
    both = f"{closed},{world.proxy.address}"
    world.cli("add", world.table, world.cluster, meta=both).created(world.evidence)


@check("every read is lost: an error in time, and nothing is done")
def all_reads_lost(world: World) -> None:
    world.proxy.reset(Fault(QUERY_CONFIG, "swallow", times=100))
    result = world.add(timeout=2)
    among(
        result.report["error"]["kind"], ("unavailable", "timeout"), "the kind of the error", result
    )
    same(world.proxy.names().count(ADD), 0, "the number of adds that were sent", result)
    same(world.listed(), [], "what the server shows")


@check(
    "--generation that is wrong: nothing is sent that ends the server or means something else there"
)
def wrong_generation(world: World) -> None:
    world.add().created(world.evidence)
    before = world.only()
    for generation in GENERATIONS:
        if generation == world.generation:
            continue
        if (world.generation, generation) == ("remote-name", "dup-exist"):
            # Some servers of `dup-exist` had no list RPC, so nothing contradicts this generation.
            continue
        for arguments in (
            ("pause", world.table, world.cluster),
            ("set-fail-mode", world.table, world.cluster, "skip"),
            ("remove", world.table, world.cluster),
            ("add", world.table2, world.cluster, "--remote-table", "another_name"),
            ("add", world.table2, world.cluster, "--checkpoint"),
        ):
            world.proxy.reset()
            result = world.cli(*arguments, "--generation", generation)
            if world.proxy.refused:
                raise Failed(f"the request would have ended a real server {result}")
            if (
                result.report["outcome"] == "created"
                and result.report["certain"]
                and not world.sure
            ):
                raise Failed(f"the outcome is certain, but must not be {result}")
            same(world.only(), before, "what the server shows", result)
            same(result.report["outcome"], "error", "the outcome", result)
            sent = world.proxy.names()
            same((sent.count(ADD), sent.count(MODIFY)), (0, 0), "what was sent", result)


@check("--generation dup-exist, if only responses could contradict it: never certain")
def not_refuted(world: World) -> None:
    world.need("remote-name", why="it is refuted, or true")
    world.add("--generation", "dup-exist").created("appeared_during_call")


@check("a correct --generation: the same outcomes")
def right_generation(world: World) -> None:
    world.add("--generation", world.generation).created(world.evidence)
    result = world.cli("pause", world.table, world.cluster, "--generation", world.generation)
    same(
        (result.report["outcome"], world.only().status),
        ("changed", "DS_PAUSE"),
        "the pause",
        result,
    )
    again = world.add("--generation", world.generation)
    again.exists("listed_before")
