"""The asynchronous client."""

from __future__ import annotations

import sys

from . import _args, _core, _history, _operations
from ._client import ClientBase
from ._errors import ClientUnusable, PegasusDupError
from ._outcome import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    import builtins
    import os
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Callable, TypeVar

    from typing_extensions import Literal, Self

    from ._client import Watcher
    from ._enums import FailMode
    from ._operations import Seconds, Which
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
    from .fleet import Event, Exported, Fleet, Plan, Summary

    _T = TypeVar("_T")


class AsyncClient(ClientBase):
    """A client of the meta servers of one cluster for asyncio: ``Client`` with coroutines.

    The arguments are those of ``Client``. Many tasks may use the client at once, also tasks of
    different event loops and threads. After a fork, the child must create its own client. Without
    asyncio, for example under trio, every call raises ``ClientUnusable``.

    A cancelled task gets its ``CancelledError`` at once, so ``asyncio.timeout`` and ``TaskGroup``
    work as usual. After the cancellation, nothing more is sent. If an add or a change had been sent
    before, the ``CancelledError`` has a note (Python 3.11 and later), and ``unsettled`` lists the
    request. A call whose own ``timeout`` expires raises ``Timeout``, or ``OutcomeUnknown`` if
    something had been sent. These exceptions say more than a ``CancelledError``, so prefer the
    argument ``timeout`` to ``asyncio.timeout``.

    Every method has its own ``timeout``, and ``progress``, which is called on the event loop with a
    ``Progress`` whenever the call begins another step. An exception of ``progress`` ends the call.
    ``StopIteration`` becomes ``RuntimeError``.
    """

    _mailbox: tuple[asyncio.AbstractEventLoop, _core.Mailbox] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the client.

        Calls in flight continue. Later calls raise ``ClientUnusable``. Closing a closed client does
        nothing.
        """
        self._core.close()
        # The mailbox would keep the event loop alive.
        self._mailbox = None

    # Generated from _client.py: operations
    async def add(
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
        return await self._run(
            _operations.add(table, cluster, remote_table, remote_replica_count, checkpoint),
            timeout,
            progress,
        )

    async def try_add(
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
        return await self._try(
            lambda: _operations.add(table, cluster, remote_table, remote_replica_count, checkpoint),
            timeout,
            progress,
        )

    async def query(
        self,
        table: str,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> builtins.list[Duplication]:
        """Return the duplications of one table."""
        return await self._run(_operations.query(table), timeout, progress)

    async def list(
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
        return await self._run(_operations.list(pattern, match), timeout, progress)

    async def list_by_table(
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
        return await self._run(_operations.list_by_table(pattern, match), timeout, progress)

    async def start(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Changed[Duplication] | Unchanged[Duplication]:
        """Start a paused duplication. ``which`` is its dupid, or the name of its remote cluster."""
        return await self._run(_operations.start(table, which), timeout, progress)

    async def pause(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Changed[Duplication] | Unchanged[Duplication]:
        """Pause a duplication. ``which`` is its dupid, or the name of its remote cluster."""
        return await self._run(_operations.pause(table, which), timeout, progress)

    async def remove(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Removed[Duplication] | NotFound:
        """Remove a duplication. ``which`` is its dupid, or the name of its remote cluster."""
        return await self._run(_operations.remove(table, which), timeout, progress)

    async def set_fail_mode(
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
        return await self._run(_operations.set_fail_mode(table, which, mode), timeout, progress)

    async def info(
        self,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Info:
        """Return information about the meta servers, and the leader's version and generation.

        This changes nothing. If no server leads, the result says so, and no exception is raised.
        """
        return await self._run(_operations.info(), timeout, progress)

    async def create_table(
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
        return await self._run(
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

    async def try_create_table(
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
        return await self._try(
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

    async def wait_ready(
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
        return await self._run(_operations.wait_ready(table), timeout, progress)

    async def drop_table(
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
        return await self._run(_operations.drop_table(table, reserve), timeout, progress)

    async def recall_table(
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
        return await self._run(
            _operations.recall_table(table_id, new_name, force),
            timeout,
            progress,
        )

    async def list_tables(
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
        return await self._run(
            _operations.list_tables(pattern, match, dropped, health),
            timeout,
            progress,
        )

    async def describe_table(
        self,
        table: str,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Table:
        """Return the table of this name that is not dropped, with the replicas of each partition.

        Raises ``TableNotFound`` if there is none.
        """
        return await self._run(_operations.describe_table(table), timeout, progress)

    async def add_backup_policy(
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
        return await self._run(
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

    async def try_add_backup_policy(
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
        return await self._try(
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

    async def check_remote_cluster(
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
        return await self._run(_operations.check_remote_cluster(cluster), timeout, progress)

    async def plan(
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
        return await self._run(_operations.plan(fleet), timeout, progress)

    async def apply(
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
        return await self._run(
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

    async def export(
        self,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Exported:
        """Return a fleet that declares every duplication of the cluster as it is.

        This changes nothing. It takes several requests. ``timeout`` is the timeout of each of them.
        """
        return await self._run(_operations.export(), timeout, progress)

    # End of operations

    async def _run(
        self,
        operation: _core.Operation[_T],
        timeout: Seconds | None,
        progress: Callable[..., object] | None,
    ) -> _T:
        loop = _running_loop()
        future: asyncio.Future[tuple[_T, BaseException | None, BaseException | None]]
        future = loop.create_future()
        call = self._core.start(
            self._mailbox_of(loop),
            operation,
            _args.optional_seconds("timeout", timeout),
            future,
            _args.optional_callable("progress", progress),
            _history.recorder(),
        )
        told = None
        try:
            try:
                told = await future
                value, error, raised = told
                if raised is not None:
                    raise _for_coroutines(raised)
            except BaseException as interruption:
                # The task was cancelled, `progress` raised, or the loop was closed.
                call.cancel(interruption)
                raise
            if error is not None:
                raise error
            return value
        finally:
            # Otherwise the exception would keep this frame alive, and this frame the exception.
            error = raised = None
            del future, told

    async def _try(
        self,
        make: Callable[[], _core.Operation[_T]],
        timeout: Seconds | None,
        progress: Watcher | None,
    ) -> _T | Failed:
        try:
            return await self._run(make(), timeout, progress)
        except PegasusDupError as error:
            return Failed(error)

    def _mailbox_of(self, loop: asyncio.AbstractEventLoop) -> _core.Mailbox:
        known = self._mailbox
        if known is not None and known[0] is loop:
            return known[1]
        mailbox = _core.Mailbox(loop.call_soon_threadsafe)
        self._mailbox = (loop, mailbox)
        return mailbox


def _running_loop() -> asyncio.AbstractEventLoop:
    # A program that runs a coroutine has already imported asyncio. Other programs do not need it.
    import asyncio  # noqa: PLC0415

    library = _async_library()
    # A library that runs as a guest of asyncio cannot await asyncio's futures in its own tasks.
    if library in (None, "asyncio"):
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            pass
    raise ClientUnusable(
        "AsyncClient was awaited without asyncio" + (f": library={library}" if library else ""),
        hint="await it under asyncio.run(), or call the blocking Client in a thread; under trio, "
        "use trio.to_thread.run_sync()",
    )


def _async_library() -> str | None:
    # Libraries that run coroutines without asyncio register with this module.
    sniffio = sys.modules.get("sniffio")
    if sniffio is None:
        return None
    try:
        return str(sniffio.current_async_library())
    except sniffio.AsyncLibraryNotFoundError:
        return None


def _for_coroutines(raised: BaseException) -> BaseException:
    # A coroutine cannot raise StopIteration, because its caller would take it for the end of the
    # coroutine (PEP 479). Python replaces it as well, but then the replacement would lack the note
    # on what was sent.
    if not isinstance(raised, StopIteration):
        return raised
    replacement = RuntimeError("progress raised StopIteration")
    replacement.__cause__ = raised
    return replacement
