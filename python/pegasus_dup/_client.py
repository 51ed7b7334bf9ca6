"""The blocking client, and what it shares with the asynchronous one."""

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
    """What both clients are made of."""

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
    """A client of one cluster's meta servers.

    Connects with the first call. May be used from many threads at once; calls release the GIL
    while they wait, and Ctrl-C interrupts them. After a fork the child needs a client of its own.

    ``metas`` is ``"HOST:PORT"``, several with commas between, or an iterable of such; IPv6 as
    ``[::1]:34601``. ``timeout`` is the time limit of each call, in seconds or as a ``timedelta``.
    ``generation`` states which servers these are. Only an add with another remote table or replica
    count on a 2.6 snapshot without the list RPC needs it. The servers are asked all the same, and
    a statement that they refute raises ``InvalidArgument``. Where their version cannot be had by
    HTTP, a wrong statement may let a 2.5 server ignore the remote table; that add raises
    ``OutcomeUnknown``.
    ``mode="direct"`` sends an add alone, in one round trip, and only to servers proven to tell the
    two apart. If the duplication exists, that may resume it, move it from ``DS_APP`` to ``DS_LOG``
    and reset its fail mode, until the meta server restarts; the outcome has a warning then.

    Every method takes a ``timeout`` of its own, and ``progress``, which is called with a
    ``Progress`` whenever the call goes on to another step; what it raises ends the call.
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
        """Close the client: calls under way go on, later ones raise ``ClientUnusable``.

        Closing a closed one does nothing.
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
        """Add a duplication of ``table`` to the remote ``cluster``, and tell what happened.

        ``remote_table`` is the table's name there, its own unless given; ``remote_replica_count``
        the remote table's replica count, the table's own unless given. ``checkpoint`` ships what
        the table holds already, too.

        An add that created nothing is no exception: look at what is returned.

        Raises a ``PegasusDupError``; ``OutcomeUnknown`` where it was sent and what became of it
        can't be known.
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
        """Like ``add``, with the error as a value: ``Failed(error)`` instead of an exception.

        Arguments of a wrong type raise ``TypeError`` here too.
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

        ``match`` says how: the whole name, the text anywhere in it, its start or its end.
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

        Tables without a duplication are there too. ``match`` is as with ``list``.
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
        """Let a paused duplication run. ``which`` is its dupid, or its remote cluster's name."""
        return self._wait(_operations.start(table, which), timeout, progress)

    def pause(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Changed[Duplication] | Unchanged[Duplication]:
        """Pause a duplication. ``which`` is its dupid, or its remote cluster's name."""
        return self._wait(_operations.pause(table, which), timeout, progress)

    def remove(
        self,
        table: str,
        which: Which,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Removed[Duplication] | NotFound:
        """Remove a duplication. ``which`` is its dupid, or its remote cluster's name."""
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
        """Set what a duplication does with a write that the remote cluster doesn't take.

        ``which`` is its dupid, or its remote cluster's name.
        """
        return self._wait(_operations.set_fail_mode(table, which, mode), timeout, progress)

    def info(
        self,
        *,
        timeout: Seconds | None = None,
        progress: Watcher | None = None,
    ) -> Info:
        """Return what the meta servers are: who leads, and the leader's version and generation.

        Changes nothing. That no server leads is no error: the result says so.
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
