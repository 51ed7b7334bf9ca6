"""The history of calls: what was sent, what the servers responded and what was concluded."""

from __future__ import annotations

from contextvars import ContextVar

from . import _core
from ._values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from ._enums import EntryKind
    from ._resources import FieldValue

_recorder: ContextVar[_core.Recorder | None] = ContextVar("pegasus_dup_recorder", default=None)


@dataclass(frozen=True)
class HistoryEntry:
    """One entry in the history of calls."""

    kind: EntryKind
    """The kind of the entry."""
    call: int
    """The number of the call, from 1."""
    attempt: int
    """The number of the attempt within the call, from 1."""
    server: str | None = None
    """The server that the entry is about."""
    name: str | None = None
    """The code name of the RPC, ``GET /version``, or the name of the step."""
    request: Mapping[str, FieldValue] | None = None
    """The fields of the request, by their names in the IDL files of Pegasus. Absent fields are left
    out, and a list with many elements is described by their number."""
    response: Mapping[str, FieldValue] | None = None
    """The fields of the response."""
    text: str | None = None
    """The detail of the step, the reason why there is no response, the version, what was found out
    about the server, or the conclusion."""


class History:
    """What calls sent, what the servers responded and what was concluded, attempt by attempt.

    ``recording`` makes a history. ``str()`` returns the lines that the command line writes with
    ``--explain``. The history contains no times, so the same state gives the same text.
    """

    def __init__(self) -> None:
        self._core = _core.Recorder()

    @property
    def entries(self) -> tuple[HistoryEntry, ...]:
        """The entries until now, in the order in which the calls took steps and sent requests."""
        return self._core.entries()

    def json_lines(self) -> str:
        """Return each entry as a JSON object on one line."""
        return self._core.json_lines()

    def __str__(self) -> str:
        return self._core.text()


def recorder() -> _core.Recorder | None:
    """Return the recorder of the innermost block that this code runs in."""
    return _recorder.get()


class _Recording:
    def __enter__(self) -> History:
        history = History()
        self._token = _recorder.set(history._core)
        return history

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _recorder.reset(self._token)


def recording() -> AbstractContextManager[History]:
    """Record the history of the calls in a ``with`` block, whichever client makes them.

        with recording() as history:
            client.add("temp", "target")
        print(history)

    It works in the same manner for ``Client`` and ``AsyncClient``. The calls of the same thread or
    asyncio task are recorded, and those of tasks that are started in the block. Calls of other
    threads are not recorded, except those that ``asyncio.to_thread`` runs. In a block within the
    block, only the inner history gets the calls. A history can be read at any time, also after an
    exception. Without such a block, nothing is recorded.
    """
    return _Recording()
