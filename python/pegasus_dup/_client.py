"""The blocking client, and the base class of both clients."""

from __future__ import annotations

from . import _args, _core, _operations
from ._errors import PegasusDupError
from ._outcome import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable
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
        Removed,
        Unchanged,
    )
    from ._resources import Duplication, TableDuplications

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
        try:
            return self.add(
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

    def _wait(
        self,
        operation: _core.Operation[_T],
        timeout: Seconds | None,
        progress: Watcher | None,
    ) -> _T:
        return self._core.wait(
            operation,
            _args.optional_seconds("timeout", timeout),
            _args.optional_callable("progress", progress),
        )
