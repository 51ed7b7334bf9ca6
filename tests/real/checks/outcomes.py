"""Checks of every outcome of an add, and of query and list."""

from __future__ import annotations

from proxy import Fault
from wire import ADD
from world import Failed, Listed, World, same

from checks import check


def agrees(shown: dict[str, object], listed: Listed) -> None:
    """Fails unless the report shows the duplication as the server lists it."""
    for key in ("dupid", "cluster", "status", "fail_mode", "create_ts_ms"):
        same(shown[key], getattr(listed, key), f"the {key} in the report", shown)
    for key in ("remote_table", "remote_replica_count"):
        same(shown[key], getattr(listed, key), f"the {key} in the report", shown)


@check("info finds out the leader, its version and its generation")
def info(world: World) -> None:
    # This command does not use the proxy, because a follower names the leader by its own address.
    result = world.cli("info", meta=",".join(world.addresses))
    found = result.report["value"]
    same(found["leader"], world.leader, "the leader", result)
    roles = {one["server"]: one["role"] for one in found["servers"]}
    same(set(roles), set(world.addresses), "the servers", result)
    same(roles[world.leader], "leader", "the leader's role", result)
    if str(found["version"]) not in world.version:
        raise Failed(f"the version of the server is {world.version} {result}")
    # A server of the generation `remote-name` does not show that it is one.
    shown = "snapshot-2.6" if world.generation == "remote-name" else world.generation
    same(found["generation"], shown, "the generation", result)


@check("an add of a new duplication: Created, and the server lists what the report says")
def created(world: World) -> None:
    result = world.add()
    shown = result.created(world.evidence)
    same(world.proxy.names().count(ADD), 1, "the number of adds that were sent")
    listed = world.only()
    agrees(shown, listed)
    same(listed.status, world.running, "the status")
    same((listed.cluster, shown["table"]), (world.cluster, world.table), "the pair")
    if world.names_remotes:
        same(listed.remote_table, world.table, "the remote table")


@check("an add of an existing duplication: AlreadyExists, exit code 3, and nothing is sent")
def exists(world: World) -> None:
    first = world.add().created(world.evidence)
    world.proxy.reset()
    before = world.only()
    again = world.add()
    shown = again.exists("listed_before")
    same((shown["dupid"], shown["create_ts_ms"]), (first["dupid"], first["create_ts_ms"]), "which")
    same(world.proxy.names().count(ADD), 0, "the number of adds that were sent")
    same(world.only(), before, "what the server shows")


@check("--exist-ok: exit code 0 if the duplication exists as requested")
def exist_ok(world: World) -> None:
    world.add().created(world.evidence)
    result = world.add("--exist-ok")
    same(
        (result.report["outcome"], result.code),
        ("already_exists", 0),
        "outcome and exit code",
        result,
    )


@check("an add of a paused duplication leaves it paused, with its fail mode")
def exists_paused(world: World) -> None:
    world.add().created(world.evidence)
    same(world.cli("pause", world.table, world.cluster).code, 0, "the exit code of the pause")
    same(world.cli("set-fail-mode", world.table, world.cluster, "skip").code, 0, "the exit code")
    before = world.only()
    same((before.status, before.fail_mode), ("DS_PAUSE", "FAIL_SKIP"), "what was prepared")
    result = world.add()
    result.exists("listed_before")
    same(world.only(), before, "what the server shows")
    if not result.report["warning"]:
        raise Failed(f"no warning says that the duplication is paused {result}")


@check(
    "an add with the checkpoint: Created in DS_PREPARE; 2.3 and older would pause it: Unsupported"
)
def with_checkpoint(world: World) -> None:
    result = world.add("--checkpoint")
    if world.generation == "freezed":
        result.fails("unsupported")
        same(world.proxy.names().count(ADD), 0, "the number of adds that were sent")
        same(world.listed(), [], "what the server shows")
        return
    result.created(world.evidence)
    status = world.only().status
    if status not in ("DS_PREPARE", "DS_APP", "DS_LOG"):
        raise Failed(f"the status is {status} {result}")


@check("an add with another remote table: Created, or Unsupported if the server may ignore it")
def with_remote_table(world: World) -> None:
    result = world.add("--remote-table", "another_name", "--remote-replica-count", "5")
    # A server of the generation `remote-name` does not show that it is one.
    if not world.sure:
        result.fails("unsupported")
        same(world.proxy.names().count(ADD), 0, "the number of adds that were sent")
        same(world.listed(), [], "what the server shows")
        if not world.names_remotes:
            return
        told = ("--remote-table", "another_name", "--remote-replica-count", "5", *world.stated())
        result = world.add(*told)
    shown = result.created(world.evidence)
    listed = world.only()
    agrees(shown, listed)
    same(
        (listed.remote_table, listed.remote_replica_count), ("another_name", 5), "the remote table"
    )


@check("a duplication to another remote table exists: AlreadyExists that differs, exit code 4")
def differs(world: World) -> None:
    world.add().created(world.evidence)
    before = world.only()
    result = world.add("--remote-table", "another_name")
    result.exists("listed_before", ["remote_table"])
    same(result.report["differences"][0]["asked"], "another_name", "what was asked", result)
    same(result.report["differences"][0]["existing"], world.table, "what exists", result)
    same(
        world.add("--remote-table", "another_name", "--exist-ok").code, 4, "--exist-ok's exit code"
    )
    same(world.only(), before, "what the server shows")


@check("a checkpoint is requested, and a running duplication exists: it is unverified")
def unverified_checkpoint(world: World) -> None:
    world.add().created(world.evidence)
    before = world.only()
    result = world.add("--checkpoint")
    result.exists("listed_before")
    same(result.report["unverified"], ["checkpoint"], "what is unverified", result)
    same(world.only(), before, "what the server shows")


@check("another replica count than the existing one is requested: it differs, exit code 4")
def another_count(world: World) -> None:
    world.add().created(world.evidence)
    result = world.add("--remote-replica-count", "7")
    result.exists("listed_before", ["remote_replica_count"])
    same(result.report["unverified"], [], "what is unverified", result)
    same(world.add("--remote-replica-count", "0").report["unverified"], [], "without a count")


@check("a remote table that another table is duplicated to: RemoteTableTaken")
def taken(world: World) -> None:
    world.need("remote-name", "dup-exist", why="it knows no remote tables")
    options = ("--remote-table", world.table, *world.stated())
    other = world.cli("add", world.table2, world.cluster, *options)
    other.created(world.evidence)
    world.add().fails("remote_table_taken")
    same(world.listed(), [], "what the server shows")


@check("a table that does not exist: TableNotFound from add, query and pause")
def no_table(world: World) -> None:
    world.cli("add", "no_such_table", world.cluster).fails("table_not_found")
    world.cli("query", "no_such_table").fails("table_not_found")
    world.cli("pause", "no_such_table", world.cluster).fails("table_not_found")


@check("a remote cluster that is not configured: RemoteClusterNotConfigured")
def no_cluster(world: World) -> None:
    world.cli("add", world.table, "no_such_cluster").fails("remote_cluster_not_configured")
    same(world.listed(), [], "what the server shows")


@check("a duplication to the cluster itself: InvalidArgument")
def to_itself(world: World) -> None:
    world.cli("add", world.table, world.own_cluster).fails("invalid_argument")
    same(world.listed(), [], "what the server shows")


@check("--mode direct: the same outcomes if the server is proven, otherwise Unsupported")
def direct(world: World) -> None:
    if not world.sure:
        world.add("--mode", "direct").fails("unsupported")
        same(world.proxy.names().count(ADD), 0, "the number of adds that were sent")
        return
    world.add("--mode", "direct").created("server_said_so")
    before = world.only()
    again = world.add("--mode", "direct")
    shown = again.exists(("server_said_so", "listed_before", "listed_after"))
    same(shown["dupid"], before.dupid, "the dupid", again)
    same(world.only(), before, "what the server shows")


@check("another client is faster, and the server says that it exists: server_said_so")
def rival_and_told(world: World) -> None:
    world.need("dup-exist", why="it has no ERR_DUP_EXIST")
    world.proxy.reset(Fault(ADD, before=world.rival_adds))
    shown = world.add().exists("server_said_so")
    same(shown["dupid"], world.only().dupid, "the dupid")


@check("another client is faster, and the server refuses the add: listed_after")
def rival_and_refused(world: World) -> None:
    world.need("checkpoint", "remote-name", "dup-exist", why="it refuses no repeated add")
    world.proxy.reset(Fault(ADD, before=world.rival_adds))
    # A duplication in DS_LOG refuses an add with the checkpoint.
    result = world.add("--checkpoint")
    said = "server_said_so" if world.idempotent else "listed_after"
    same(result.exists(said)["dupid"], world.only().dupid, "the dupid", result)


@check("another client is faster, with another remote table: never Created")
def rival_and_differs(world: World) -> None:
    world.need("remote-name", "dup-exist", why="it knows no remote tables")
    world.proxy.reset(Fault(ADD, before=lambda: world.rival_adds(remote_table="another_name")))
    said = "server_said_so" if world.sure else "listed_after"
    result = world.add()
    shown = result.exists(said, ["remote_table"])
    same(shown["remote_table"], "another_name", "the remote table", result)


@check("each address alone gives the same result, and so do all addresses together")
def addresses(world: World) -> None:
    there = world.add().created(world.evidence)
    for meta in (*world.addresses, ",".join(world.addresses)):
        # Reads do not use the proxy, because a follower names the leader by its own address.
        result = world.cli("query", world.table, meta=meta)
        same(result.duplication()["dupid"], there["dupid"], f"the dupid by {meta}", result)


@check("query and list show the duplications of the server, table by table")
def shown(world: World) -> None:
    same(world.cli("query", world.table).reports, [], "the reports of a table without duplications")
    world.add().created(world.evidence)
    world.cli("add", world.table, world.cluster2).created(world.evidence)
    world.cli("add", world.table2, world.cluster).created(world.evidence)
    for table in (world.table, world.table2):
        wanted = sorted(world.listed(table), key=lambda one: one.dupid)
        for command in (("query", table), ("list", "-a", table)):
            result = world.cli(*command)
            same(len(result.reports), len(wanted), "the number of reports", result)
            for report, listed in zip(result.reports, wanted, strict=True):
                agrees(report["value"], listed)
    for pattern, kind in (
        (world.table, "exact"),
        (world.table[:2], "prefix"),
        (world.table[1:], "postfix"),
    ):
        listed_tables = world.cli("list", "-a", pattern, "-m", kind).reports
        if world.table not in [report["value"]["table"] for report in listed_tables]:
            raise Failed(f"list -m {kind} does not show {world.table}: {listed_tables}")
    everything = world.cli("list").reports
    pairs = [(one["value"]["table"], one["value"]["cluster"]) for one in everything]
    ours = [pair for pair in pairs if pair[0] in (world.table, world.table2)]
    wanted_pairs = {
        (world.table, world.cluster),
        (world.table, world.cluster2),
        (world.table2, world.cluster),
    }
    same((len(ours), set(ours)), (3, wanted_pairs), "what list shows of the two tables")
