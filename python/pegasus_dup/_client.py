"""The blocking client, and the base class of both clients."""

from __future__ import annotations

from . import _args, _core, _history, _operations
from ._errors import PegasusDupError
from ._outcome import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    import os
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Callable, TypeVar

    from typing_extensions import Literal, Self

    from ._enums import FailMode, Generation
    from ._operations import Seconds, Which
    from ._outcome import (
        AlreadyExists,
        Changed,
        Created,
        Info,
        NotFound,
        Progress,
        RemoteCluster,
        Removed,
        Unchanged,
    )
    from ._resources import BackupPolicy, Duplication, Table, TableDuplications
    from .fleet import Event, Exported, Fleet, Plan, Summary

    _T = TypeVar("_T")
    Watcher = Callable[[Progress], object]

_MODES = ("safe", "direct")


class ClientBase:
    """The base class of both clients."""

    def __init__(
        self,
        metas: str | Iterable[str],
        *,
        timeout: Seconds = 10.0,
        generation: Generation | str | None = None,
        mode: Literal["safe", "direct"] = "safe",
    ) -> None:
        addresses = _args.texts("metas", metas)
        self._repr = f"{type(self).__name__}({', '.join(addresses)!r})"
        self._core = _core.Client(
            addresses,
            _args.seconds("timeout", timeout),
            _args.generation(generation),
            _args.one_of("mode", mode, _MODES) == "direct",
        )

    def __repr__(self) -> str:
        return self._repr

    @property
    def unsettled(self) -> builtins.list[str]:
        """The adds and changes that were sent and whose effect is not known, as text.

        They are still in flight, were interrupted, or ended in ``OutcomeUnknown``. They are listed
        in the order in which they were sent, and at most the latest thousand.
        """
        return self._core.unsettled


class Client(ClientBase):
    """A client of the meta servers of one cluster.

    The client connects at the first call. Several threads may use it at once. Calls release the GIL
    while they wait, and Ctrl-C interrupts them. After a fork, the child must create its own client.

    ``metas`` is ``"HOST:PORT"``, several of these separated by commas, or an iterable of these.
    IPv6 addresses are written as ``[::1]:34601``. ``timeout`` is the timeout of each call, in
    seconds or as a ``timedelta``.

    ``generation`` states the generation of the servers. Only an add with another remote table or
    replica count on a 2.6 snapshot without the list RPC needs it. The client checks the statement,
    and a call raises ``InvalidArgument`` if the servers refute it. If the version of the servers
    cannot be read over HTTP, a wrong statement may make a 2.5 server ignore the remote table. That
    add raises ``OutcomeUnknown``.

    ``mode="direct"`` sends an add without looking for the duplication first, in one round trip, and
    only to servers whose response says whether the add created the duplication. If the duplication
    exists, the add may resume it, move it from ``DS_APP`` to ``DS_LOG`` and reset its fail mode,
    until the meta server restarts. The outcome then has a warning.

    Every method has its own ``timeout``, and ``progress``, which is called with a ``Progress``
    whenever the call begins another step. An exception of ``progress`` ends the call.
    ``apply`` has ``on_event`` instead. The first Ctrl-C, or exception of ``on_event``, lets the
    requests of an apply that are in flight come to their end, and starts nothing more. A second
    Ctrl-C ends the apply at once.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the client.

        Calls in flight continue. Later calls raise ``ClientUnusable``. Closing a closed client does
        nothing.
        """
        self._core.close()

    def add(
        self,
        table: str,
        cluster: str,
        *,
        remote_table: str | None = None,
        remote_replica_count: int | None = None,
        checkpoint: bool = False,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Created[Duplication] | AlreadyExists[Duplication]:
        """Add a duplication of ``table`` to the remote ``cluster``, and return the outcome.

        ``remote_table`` is the name of the table in the remote cluster; the default is the table's
        own name. ``remote_replica_count`` is the replica count of the remote table; the default is
        the table's own replica count. ``checkpoint`` also ships the data that the table already
        holds.

        An add that created nothing raises no exception. Look at the returned outcome.

        Raises a subclass of ``PegasusDupError`` if the add fails, and ``OutcomeUnknown`` if the add
        was sent and its effect is not known.
        """
        return self._wait(
            _operations.add(table, cluster, remote_table, remote_replica_count, checkpoint),
            timeout,
            progress,
        )

    def try_add(
        self,
        table: str,
        cluster: str,
        *,
        remote_table: str | None = None,
        remote_replica_count: int | None = None,
        checkpoint: bool = False,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Created[Duplication] | AlreadyExists[Duplication] | Failed:
        """Add a duplication like ``add``, but return errors instead of raising them.

        An error is returned as ``Failed(error)``. Arguments of a wrong type raise ``TypeError``
        nevertheless.
        """
        return self._try(
            lambda: _operations.add(table, cluster, remote_table, remote_replica_count, checkpoint),
            timeout,
            progress,
        )

    def query(
        self,
        table: str,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> builtins.list[Duplication]:
        """Return the duplications of one table."""
        return self._wait(_operations.query(table), timeout, progress)

    def list(
        self,
        pattern: str | None = None,
        *,
        match: Literal["exact", "anywhere", "prefix", "postfix"] = "exact",
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> builtins.list[Duplication]:
        """Return the duplications of all tables, or of those whose name matches ``pattern``.

        ``match`` says which part of the name must be ``pattern``: the whole name, any part of it,
        its start or its end.
        """
        return self._wait(_operations.list(pattern, match), timeout, progress)

    def list_by_table(
        self,
        pattern: str | None = None,
        *,
        match: Literal["exact", "anywhere", "prefix", "postfix"] = "exact",
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> builtins.list[TableDuplications]:
        """Return all tables, or those whose name matches ``pattern``, with their duplications.

        The result contains tables without duplications too. ``match`` has the same meaning as in
        ``list``.
        """
        return self._wait(_operations.list_by_table(pattern, match), timeout, progress)

    def start(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Changed[Duplication] | Unchanged[Duplication]:
        """Start a paused duplication. ``which`` is its dupid, or the name of its remote cluster."""
        return self._wait(_operations.start(table, which), timeout, progress)

    def pause(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Changed[Duplication] | Unchanged[Duplication]:
        """Pause a duplication. ``which`` is its dupid, or the name of its remote cluster."""
        return self._wait(_operations.pause(table, which), timeout, progress)

    def remove(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Removed[Duplication] | NotFound:
        """Remove a duplication. ``which`` is its dupid, or the name of its remote cluster."""
        return self._wait(_operations.remove(table, which), timeout, progress)

    def set_fail_mode(
        self,
        table: str,
        which: Which,
        mode: FailMode | Literal["slow", "skip", "fast"],
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Changed[Duplication] | Unchanged[Duplication]:
        """Set what a duplication does with a write that the remote cluster refuses.

        ``which`` is its dupid, or the name of its remote cluster.
        """
        return self._wait(_operations.set_fail_mode(table, which, mode), timeout, progress)

    def info(
        self,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Info:
        """Return information about the meta servers, and the leader's version and generation.

        This changes nothing. If no server leads, the result says so, and no exception is raised.
        """
        return self._wait(_operations.info(), timeout, progress)

    def create_table(
        self,
        table: str,
        partition_count: int,
        *,
        replica_count: int = 3,
        envs: Mapping[str, str] | None = None,
        atomic_idempotent: bool | None = None,
        partition_limit: int = 1024,
        prove_authorship: bool = False,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Created[Table] | AlreadyExists[Table]:
        """Create a table, and return the outcome.

        A table that was created has no replicas yet: see ``wait_ready``.

        ``replica_count`` is the number of replicas of each partition. ``envs`` are the settings of
        the table. Settings that begin with ``restore.`` or ``duplication.``, and
        ``max_replica_count.update``, are refused, because they make servers do more than create a
        table. So is ``default_ttl``, which ends the replica servers of 2.6 if a new table has it.
        ``atomic_idempotent`` says whether writes are made idempotent before they are replicated;
        ``None`` leaves it to the server. A ``partition_count`` above ``partition_limit`` is
        refused. The limit protects against typing errors, because a server allocates memory for all
        partitions at once.

        ``prove_authorship`` writes a random value into the settings of the table, under the key
        ``pegasus_dup.created_by``. If the response is lost, the value shows whether this call
        created the table. The setting stays, duplications copy it, and a repeated ``create`` of the
        Pegasus shell fails because of it.

        A create that created nothing raises no exception. Look at the returned outcome.

        Raises a subclass of ``PegasusDupError`` if the create fails, and ``OutcomeUnknown`` if the
        create was sent and its effect is not known.
        """
        return self._wait(
            _operations.create_table(
                table,
                partition_count,
                replica_count=replica_count,
                envs=envs,
                atomic_idempotent=atomic_idempotent,
                partition_limit=partition_limit,
                prove_authorship=prove_authorship,
            ),
            timeout,
            progress,
        )

    def try_create_table(
        self,
        table: str,
        partition_count: int,
        *,
        replica_count: int = 3,
        envs: Mapping[str, str] | None = None,
        atomic_idempotent: bool | None = None,
        partition_limit: int = 1024,
        prove_authorship: bool = False,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Created[Table] | AlreadyExists[Table] | Failed:
        """Create a table like ``create_table``, but return errors instead of raising them.

        An error is returned as ``Failed(error)``. Arguments of a wrong type raise ``TypeError``
        nevertheless.
        """
        return self._try(
            lambda: _operations.create_table(
                table,
                partition_count,
                replica_count=replica_count,
                envs=envs,
                atomic_idempotent=atomic_idempotent,
                partition_limit=partition_limit,
                prove_authorship=prove_authorship,
            ),
            timeout,
            progress,
        )

    def wait_ready(
        self,
        table: str,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Table:
        """Wait until each partition of a table has its primary and enough secondaries.

        Returns the table with its partitions. This changes nothing. Raises ``Timeout`` if the table
        is not ready in time. The message says which partitions lack replicas, and why if that is
        known. With the default settings of the servers, a new table is ready after 10 seconds and a
        few more, so state a ``timeout``, such as 60 seconds.
        """
        return self._wait(_operations.wait_ready(table), timeout, progress)

    def drop_table(
        self,
        table: str,
        *,
        reserve: Seconds | None = None,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Removed[Table] | NotFound:
        """Drop a table, which can be recalled until its reserve time ends.

        ``reserve`` is a whole number of seconds, or a ``timedelta``. The default is what the
        servers are configured to, which is a week unless it is changed. ``Removed.was`` says until
        when the table can be recalled (``expire_time``), and how many of its partitions were ready
        when it was dropped.

        A request that may have been sent is never repeated, because a drop names no table id and
        could drop a newer table.

        Raises ``OutcomeUnknown`` if the drop was sent and its effect is not known. A table that
        does not exist raises no exception.
        """
        return self._wait(_operations.drop_table(table, reserve), timeout, progress)

    def recall_table(
        self,
        table_id: int,
        *,
        new_name: str | None = None,
        force: bool = False,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Changed[Table] | Unchanged[Table]:
        """Recall a dropped table by its id. A table that is available already is not changed.

        ``new_name`` is the name that the table gets; the default is the name that it had. A table
        that was dropped less than a minute after it was created is refused with ``Unsupported``
        unless ``force`` is true: if its replicas were not ready then, the recall can end all
        replica servers.

        Raises ``TableNotFound`` if no dropped table with this id can be recalled,
        ``InvalidArgument`` if the name is taken, and ``OutcomeUnknown`` if the recall was sent and
        its effect is not known.
        """
        return self._wait(
            _operations.recall_table(table_id, new_name, force),
            timeout,
            progress,
        )

    def list_tables(
        self,
        pattern: str | None = None,
        *,
        match: Literal["exact", "anywhere", "prefix", "postfix"] = "exact",
        dropped: bool = False,
        health: bool = False,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> builtins.list[Table]:
        """Return all tables, or those whose name matches ``pattern``.

        ``match`` has the same meaning as in ``list``. ``dropped`` also returns the tables that were
        dropped. ``health`` also reads the number of ready partitions, with one request for each
        table that is available.
        """
        return self._wait(
            _operations.list_tables(pattern, match, dropped, health),
            timeout,
            progress,
        )

    def describe_table(
        self,
        table: str,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Table:
        """Return the table of this name that is not dropped, with the replicas of each partition.

        Raises ``TableNotFound`` if there is none.
        """
        return self._wait(_operations.describe_table(table), timeout, progress)

    def add_backup_policy(
        self,
        policy: str,
        provider: str,
        tables: str | Iterable[str],
        *,
        interval: Seconds,
        history_count: int,
        start_time: str,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Created[BackupPolicy] | AlreadyExists[BackupPolicy]:
        """Add a backup policy, and return the outcome. No server removes a policy again.

        ``provider`` is the storage to which the backups are written: the name of a section
        ``block_service.NAME`` in the configuration of the meta servers. ``tables`` are the names of
        the tables. ``interval`` is the time between two backups, a whole number of seconds or a
        ``timedelta``; servers of 2.6 require at least a day. ``history_count`` is the number of
        backups that are kept. ``start_time`` is the time of day at which a backup starts, as
        ``HH:MM`` from ``00:00`` to ``23:59`` in the server's local time. Servers only use the hour.

        ``Created`` is never certain, because servers report success to an add that had no effect,
        too.

        Raises ``Unsupported`` if backups are switched off on the server, and ``OutcomeUnknown`` if
        the add was sent and its effect is not known.
        """
        return self._wait(
            _operations.add_backup_policy(
                policy,
                provider,
                tables,
                interval=interval,
                history_count=history_count,
                start_time=start_time,
            ),
            timeout,
            progress,
        )

    def try_add_backup_policy(
        self,
        policy: str,
        provider: str,
        tables: str | Iterable[str],
        *,
        interval: Seconds,
        history_count: int,
        start_time: str,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Created[BackupPolicy] | AlreadyExists[BackupPolicy] | Failed:
        """Add a backup policy like ``add_backup_policy``, but return errors.

        An error is returned as ``Failed(error)``. Arguments of a wrong type raise ``TypeError``
        nevertheless.
        """
        return self._try(
            lambda: _operations.add_backup_policy(
                policy,
                provider,
                tables,
                interval=interval,
                history_count=history_count,
                start_time=start_time,
            ),
            timeout,
            progress,
        )

    def check_remote_cluster(
        self,
        cluster: str,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> RemoteCluster:
        """Return whether the leader accepts a remote cluster as the target of duplications.

        Sends an add for a table that does not exist, which every server refuses, so nothing is
        created. An exception means that the state is not known.
        """
        return self._wait(_operations.check_remote_cluster(cluster), timeout, progress)

    def plan(
        self,
        fleet: Fleet,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Plan:
        """Compare a fleet with the cluster, and return a plan. This changes nothing.

        A plan takes several requests. ``timeout`` is the timeout of each of them.

        Raises ``InvalidArgument`` if the fleet is wrong, if a glob matches no table, or if the
        cluster is not the one that the fleet expects.
        """
        return self._wait(_operations.plan(fleet), timeout, progress)

    def apply(
        self,
        plan: Plan,
        *,
        fix: Iterable[Literal["status", "fail_mode"]] = (),
        prune: bool = False,
        start_long_paused: bool = False,
        max_changes: int | None = None,
        max_removals: int | None = None,
        max_preparing: int | None = None,
        concurrency: int = 16,
        keep_going: bool = False,
        audit: str | os.PathLike[str] | None = None,
        timeout: Seconds | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> Summary:
        """Apply a plan, and return what was done with each duplication.

        By default, this only creates duplications. ``fix`` names the properties of existing
        duplications that are altered: ``status``, ``fail_mode`` or both. A duplication that may
        have been paused for more than an hour is only started with ``start_long_paused``, because
        its retained log may be large. With ``prune``, unmanaged duplications in the scopes of the
        fleet are removed, if the ``audit`` file records an earlier finished apply to this cluster.

        ``max_changes`` and ``max_removals`` limit the duplications that may be changed and removed.
        If the plan has more, nothing is sent. ``max_preparing`` limits the duplications that may be
        in ``DS_PREPARE`` at the same time. ``concurrency`` is the number of duplications that are
        worked on at the same time. After a failure, nothing more is started unless ``keep_going``
        is set. ``audit`` is a file that records each change before it is sent and after it.

        An apply takes many requests. ``timeout`` is the timeout of each of them. ``on_event`` is
        called with an ``Event`` whenever the work on a duplication begins or ends.

        A failure of a single duplication raises no exception. Look at the returned summary. Raises
        a subclass of ``PegasusDupError`` if nothing was sent, for example because the cluster is
        not the one of the plan.
        """
        return self._wait(
            _operations.apply(
                plan,
                fix=fix,
                prune=prune,
                start_long_paused=start_long_paused,
                max_changes=max_changes,
                max_removals=max_removals,
                max_preparing=max_preparing,
                concurrency=concurrency,
                keep_going=keep_going,
                audit=audit,
            ),
            timeout,
            _args.optional_callable("on_event", on_event),
        )

    def export(
        self,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Exported:
        """Return a fleet that declares every duplication of the cluster as it is.

        This changes nothing. It takes several requests. ``timeout`` is the timeout of each of them.
        """
        return self._wait(_operations.export(), timeout, progress)

    def _wait(
        self,
        operation: _core.Operation[_T],
        timeout: Seconds | None,
        progress: Callable[..., object] | None,
    ) -> _T:
        return self._core.wait(
            operation,
            _args.optional_seconds("timeout", timeout),
            _args.optional_callable("progress", progress),
            _history.recorder(),
        )

    def _try(
        self,
        make: Callable[[], _core.Operation[_T]],
        timeout: Seconds | None,
        progress: Watcher | None,
    ) -> _T | Failed:
        try:
            return self._wait(make(), timeout, progress)
        except PegasusDupError as error:
            return Failed(error)
