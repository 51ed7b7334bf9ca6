"""The asynchronous client."""

from __future__ import annotations

import sys

from . import _args, _core, _operations
from ._client import ClientBase
from ._errors import ClientUnusable, PegasusDupError
from ._outcome import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    import builtins
    from types import TracebackType
    from typing import TypeVar

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
        Removed,
        Unchanged,
    )
    from ._resources import Duplication, TableDuplications

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
        try:
            return await self.add(
                table,
                cluster,
                remote_table=remote_table,
                remote_replica_count=remote_replica_count,
                checkpoint=checkpoint,
                timeout=timeout,
                progress=progress,
            )
        except PegasusDupError as error:
            return Failed(error)

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

    # End of operations

    async def _run(
        self,
        operation: _core.Operation[_T],
        timeout: Seconds | None,
        progress: Watcher | None,
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
