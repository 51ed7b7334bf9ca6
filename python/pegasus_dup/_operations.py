"""Makes operations and checks their arguments. Both clients use it."""

from __future__ import annotations

from . import _args, _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    import os
    from collections.abc import Iterable, Mapping
    from datetime import timedelta
    from typing import Union

    from ._core import Operation
    from ._outcome import (
        AlreadyExists,
        Changed,
        Created,
        Info,
        NotFound,
        RemoteCluster,
        Removed,
        Unchanged,
    )
    from ._resources import BackupPolicy, Duplication, Table, TableDuplications
    from .fleet import Exported, Fleet, Plan, Summary

    Which = Union[int, str]
    Seconds = Union[float, timedelta]

_FIXES = ("status", "fail_mode")
_MATCHES = ("exact", "anywhere", "prefix", "postfix")


def add(
    table: str,
    cluster: str,
    remote_table: str | None,
    remote_replica_count: int | None,
    checkpoint: bool,
) -> Operation[Created[Duplication] | AlreadyExists[Duplication]]:
    """Make an operation that adds a duplication."""
    return _core.Operation(
        "add",
        table=_args.text("table", table),
        cluster=_args.text("cluster", cluster),
        remote_table=_args.optional_text("remote_table", remote_table),
        remote_replica_count=_args.optional_int32("remote_replica_count", remote_replica_count),
        checkpoint=_args.flag("checkpoint", checkpoint),
    )


def query(table: str) -> Operation[builtins.list[Duplication]]:
    """Make an operation that returns the duplications of one table."""
    return _core.Operation("query", table=_args.text("table", table))


def list(pattern: str | None, match: str) -> Operation[builtins.list[Duplication]]:
    """Make an operation that returns the duplications of many tables."""
    return _core.Operation("list", match_tables=_match(pattern, match))


def list_by_table(pattern: str | None, match: str) -> Operation[builtins.list[TableDuplications]]:
    """Make an operation that returns many tables with their duplications."""
    return _core.Operation("list_by_table", match_tables=_match(pattern, match))


def _match(pattern: str | None, match: str) -> tuple[str, str | None]:
    how = _args.one_of("match", match, _MATCHES)
    wanted = _args.optional_text("pattern", pattern)
    return "all" if wanted is None else how, wanted


def start(table: str, which: Which) -> Operation[Changed[Duplication] | Unchanged[Duplication]]:
    """Make an operation that starts a paused duplication."""
    return _core.Operation("start", table=_args.text("table", table), which=_args.which(which))


def pause(table: str, which: Which) -> Operation[Changed[Duplication] | Unchanged[Duplication]]:
    """Make an operation that pauses a duplication."""
    return _core.Operation("pause", table=_args.text("table", table), which=_args.which(which))


def remove(table: str, which: Which) -> Operation[Removed[Duplication] | NotFound]:
    """Make an operation that removes a duplication."""
    return _core.Operation("remove", table=_args.text("table", table), which=_args.which(which))


def set_fail_mode(
    table: str, which: Which, mode: str
) -> Operation[Changed[Duplication] | Unchanged[Duplication]]:
    """Make an operation that sets the fail mode of a duplication."""
    return _core.Operation(
        "set_fail_mode",
        table=_args.text("table", table),
        which=_args.which(which),
        fail_mode=_args.fail_mode(mode),
    )


def info() -> Operation[Info]:
    """Make an operation that returns information about the meta servers."""
    return _core.Operation("info")


def create_table(
    table: str,
    partition_count: int,
    *,
    replica_count: int,
    envs: Mapping[str, str] | None,
    atomic_idempotent: bool | None,
    partition_limit: int,
    prove_authorship: bool,
) -> Operation[Created[Table] | AlreadyExists[Table]]:
    """Make an operation that creates a table."""
    return _core.Operation(
        "create_table",
        table=_args.text("table", table),
        partition_count=_args.int32("partition_count", partition_count),
        replica_count=_args.int32("replica_count", replica_count),
        envs=_args.settings("envs", envs),
        atomic_idempotent=_args.optional_flag("atomic_idempotent", atomic_idempotent),
        partition_limit=_args.int32("partition_limit", partition_limit),
        prove_authorship=_args.flag("prove_authorship", prove_authorship),
    )


def wait_ready(table: str) -> Operation[Table]:
    """Make an operation that waits until all partitions of a table have their replicas."""
    return _core.Operation("wait_ready", table=_args.text("table", table))


def drop_table(table: str, reserve: Seconds | None) -> Operation[Removed[Table] | NotFound]:
    """Make an operation that drops a table."""
    return _core.Operation(
        "drop_table",
        table=_args.text("table", table),
        reserve=_args.optional_whole_seconds("reserve", reserve),
    )


def recall_table(
    table_id: int, new_name: str | None, force: bool
) -> Operation[Changed[Table] | Unchanged[Table]]:
    """Make an operation that recalls a dropped table."""
    return _core.Operation(
        "recall_table",
        table_id=_args.int32("table_id", table_id),
        new_name=_args.optional_text("new_name", new_name),
        force=_args.flag("force", force),
    )


def list_tables(
    pattern: str | None, match: str, dropped: bool, health: bool
) -> Operation[builtins.list[Table]]:
    """Make an operation that returns many tables."""
    return _core.Operation(
        "list_tables",
        match_tables=_match(pattern, match),
        dropped=_args.flag("dropped", dropped),
        health=_args.flag("health", health),
    )


def describe_table(table: str) -> Operation[Table]:
    """Make an operation that returns one table with its partitions."""
    return _core.Operation("describe_table", table=_args.text("table", table))


def add_backup_policy(
    policy: str,
    provider: str,
    tables: str | Iterable[str],
    *,
    interval: Seconds,
    history_count: int,
    start_time: str,
) -> Operation[Created[BackupPolicy] | AlreadyExists[BackupPolicy]]:
    """Make an operation that adds a backup policy."""
    return _core.Operation(
        "add_backup_policy",
        policy=_args.text("policy", policy),
        provider=_args.text("provider", provider),
        policy_tables=_args.texts("tables", tables),
        interval_seconds=_args.whole_seconds("interval", interval),
        history_count=_args.int32("history_count", history_count),
        start_time=_args.text("start_time", start_time),
    )


def check_remote_cluster(cluster: str) -> Operation[RemoteCluster]:
    """Make an operation that finds out whether a remote cluster is configured."""
    return _core.Operation("check_remote_cluster", cluster=_args.text("cluster", cluster))


def plan(fleet: Fleet) -> Operation[Plan]:
    """Make an operation that compares a fleet with the cluster."""
    # Only programs that use fleets need the module.
    from .fleet import Fleet, fleet_json  # noqa: PLC0415

    if not isinstance(fleet, Fleet):
        _args.wrong_type("fleet", "a Fleet", fleet)
    return _core.plan_operation(fleet_json(fleet))


def export() -> Operation[Exported]:
    """Make an operation that declares what the cluster has."""
    return _core.export_operation()


def apply(
    plan: Plan,
    *,
    fix: Iterable[str],
    prune: bool,
    start_long_paused: bool,
    max_changes: int | None,
    max_removals: int | None,
    max_preparing: int | None,
    concurrency: int,
    keep_going: bool,
    audit: str | os.PathLike[str] | None,
) -> Operation[Summary]:
    """Make an operation that applies a plan."""
    from .fleet import Plan  # noqa: PLC0415

    if not isinstance(plan, Plan):
        _args.wrong_type("plan", "a Plan", plan)
    return _core.apply_operation(
        plan.to_text(),
        fix=[_args.one_of("fix", one, _FIXES) for one in _args.texts("fix", fix)],
        prune=_args.flag("prune", prune),
        start_long_paused=_args.flag("start_long_paused", start_long_paused),
        max_changes=_args.optional_count("max_changes", max_changes),
        max_removals=_args.optional_count("max_removals", max_removals),
        max_preparing=_args.optional_count("max_preparing", max_preparing, least=1),
        concurrency=_args.count("concurrency", concurrency, least=1),
        keep_going=_args.flag("keep_going", keep_going),
        audit=None if audit is None else _args.path("audit", audit),
    )
