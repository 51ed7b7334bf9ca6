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
    """A client of one cluster's meta servers, for asyncio: ``Client`` with coroutines.

    Takes the same arguments as ``Client``. May be used from many tasks at once, from one event
    loop after the other, and from event loops of several threads. After a fork the child needs a
    client of its own. Without asyncio, as under trio, every call raises ``ClientUnusable``.

    A cancelled task always gets its ``CancelledError``, at once: ``asyncio.timeout`` and
    ``TaskGroup`` work as with anything else. What was not sent by then never is; where an add or a
    change had been sent, the ``CancelledError`` carries a note (Python 3.11 and later) and
    ``unsettled`` lists it. A call whose own ``timeout`` ran out raises ``Timeout``, or
    ``OutcomeUnknown`` where something had been sent: it says more than a cancelled one can, so
    give the time limit here rather than around it.

    Every method takes a ``timeout`` of its own, and ``progress``, which is called on the event
    loop with a ``Progress`` whenever the call goes on to another step; whatever it raises ends
    the call, a ``StopIteration`` as ``RuntimeError``.
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
        """Close the client: calls under way go on, later ones raise ``ClientUnusable``.

        Closing a closed one does nothing.
        """
        self._core.close()
        # It would keep the event loop.
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
        """Add a duplication of ``table`` to the remote ``cluster``, and tell what happened.

        ``remote_table`` is the table's name there, its own unless given; ``remote_replica_count``
        the remote table's replica count, the table's own unless given. ``checkpoint`` ships what
        the table holds already, too.

        An add that created nothing is no exception: look at what is returned.

        Raises a ``PegasusDupError``; ``OutcomeUnknown`` where it was sent and what became of it
        can't be known.
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
        """Like ``add``, with the error as a value: ``Failed(error)`` instead of an exception.

        Arguments of a wrong type raise ``TypeError`` here too.
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

        ``match`` says how: the whole name, the text anywhere in it, its start or its end.
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

        Tables without a duplication are there too. ``match`` is as with ``list``.
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
        """Let a paused duplication run. ``which`` is its dupid, or its remote cluster's name."""
        return await self._run(_operations.start(table, which), timeout, progress)

    async def pause(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Changed[Duplication] | Unchanged[Duplication]:
        """Pause a duplication. ``which`` is its dupid, or its remote cluster's name."""
        return await self._run(_operations.pause(table, which), timeout, progress)

    async def remove(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Removed[Duplication] | NotFound:
        """Remove a duplication. ``which`` is its dupid, or its remote cluster's name."""
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
        """Set what a duplication does with a write that the remote cluster doesn't take.

        ``which`` is its dupid, or its remote cluster's name.
        """
        return await self._run(_operations.set_fail_mode(table, which, mode), timeout, progress)

    async def info(
        self,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Info:
        """Return what the meta servers are: who leads, and the leader's version and generation.

        Changes nothing. That no server leads is no error: the result says so.
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
                # Cancelled, or ended by what `progress` raised, or given up with its loop.
                call.cancel(interruption)
                raise
            if error is not None:
                raise error
            return value
        finally:
            # Else an exception would keep this frame, and this frame the exception.
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
    # Whoever runs a coroutine has imported it, and nobody else has to wait for it.
    import asyncio  # noqa: PLC0415

    library = _async_library()
    # A library that runs as a guest of asyncio awaits nothing of asyncio's for its own tasks.
    if library in (None, "asyncio"):
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            pass
    raise ClientUnusable(
        "AsyncClient was awaited without asyncio" + (f": library={library}" if library else ""),
        hint="await it under asyncio.run(), or call the blocking Client in a thread, under trio by "
        "trio.to_thread.run_sync()",
    )


def _async_library() -> str | None:
    # The libraries that run coroutines without asyncio tell this module that they do.
    sniffio = sys.modules.get("sniffio")
    if sniffio is None:
        return None
    try:
        return str(sniffio.current_async_library())
    except sniffio.AsyncLibraryNotFoundError:
        return None


def _for_coroutines(raised: BaseException) -> BaseException:
    # What a coroutine can't raise, since to its caller it would be the coroutine's end (PEP 479).
    # Python replaces it so too, but then the note on what was sent would not be on the replacement.
    if not isinstance(raised, StopIteration):
        return raised
    replacement = RuntimeError("progress raised StopIteration")
    replacement.__cause__ = raised
    return replacement
