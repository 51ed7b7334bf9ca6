"""Makes operations and checks their arguments. Both clients use it."""

from __future__ import annotations

from . import _args, _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from datetime import timedelta
    from typing import Union

    from ._core import Operation
    from ._outcome import (
        AlreadyExists,
        Changed,
        Created,
        Info,
        NotFound,
        Removed,
        Unchanged,
    )
    from ._resources import Duplication, TableDuplications

    Which = Union[int, str]
    Seconds = Union[float, timedelta]

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
    wanted, how = _tables(pattern, match)
    return _core.Operation("list", pattern=wanted, match=how)


def list_by_table(pattern: str | None, match: str) -> Operation[builtins.list[TableDuplications]]:
    """Make an operation that returns many tables with their duplications."""
    wanted, how = _tables(pattern, match)
    return _core.Operation("list_by_table", pattern=wanted, match=how)


def _tables(pattern: str | None, match: str) -> tuple[str | None, str]:
    how = _args.one_of("match", match, _MATCHES)
    wanted = _args.optional_text("pattern", pattern)
    return wanted, "all" if wanted is None else how


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
