"""The exceptions: one base, and under it one class for each kind."""

from __future__ import annotations

from . import _core
from ._enums import ErrorKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar, TypeVar

    from ._resources import Resource

    _T = TypeVar("_T")


def _plain(text: _T) -> _T:
    # A subclass of str may print as something else than the text that it holds.
    return str.__str__(text) if isinstance(text, str) else text  # type: ignore[return-value]


class PegasusDupError(Exception):
    """The base of all exceptions of this package. Raised are its subclasses, one for each kind."""

    kind: ClassVar[ErrorKind]
    """What went wrong, by what to do about it."""
    message: str
    """What happened, for a person."""
    hint: str | None
    """What the server said of it, as it came, else what to do next.

    The server's words may hold any character, also one that does something to a terminal; ``str()``
    of the exception writes such a character as its number.
    """
    server: str | None
    """The meta server that answered, or was asked, as ``HOST:PORT``; if the host is a
    name, followed by the address that was tried: ``meta.example:34601 (10.0.0.1:34601)``."""
    code: str | None
    """The Pegasus error code, such as ``ERR_BUSY``, if a server gave one."""
    known: tuple[Resource, ...]
    """The resources that are known to exist, although the outcome is not known."""
    cause: str | None
    """What lies underneath: the operating system's word on a refused connection, say."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        server: str | None = None,
        code: str | None = None,
        known: Iterable[Resource] = (),
        cause: str | None = None,
    ) -> None:
        self.message = _plain(message)
        self.hint = _plain(hint)
        self.server = _plain(server)
        self.code = _plain(code)
        self.known = tuple(known)
        self.cause = _plain(cause)
        # Only the message stands in `args`: copying and pickling call the class with `args`, and
        # bring the attributes back by themselves.
        super().__init__(self.message)

    def __str__(self) -> str:
        return _core.error_text(self.message, self.hint, self.code, self.server, self.cause)


# Generated from src/enums.rs: exceptions
class TableNotFound(PegasusDupError):
    """The table does not exist or is not available.

    Check its name.
    """

    kind = ErrorKind.TABLE_NOT_FOUND


class DuplicationNotFound(PegasusDupError):
    """The table has no such duplication."""

    kind = ErrorKind.DUPLICATION_NOT_FOUND


class RemoteClusterNotConfigured(PegasusDupError):
    """The configuration of the meta servers lacks the id or the addresses of the remote cluster."""

    kind = ErrorKind.REMOTE_CLUSTER_NOT_CONFIGURED


class RemoteTableTaken(PegasusDupError):
    """Another table is already duplicated to the same table of the same remote cluster."""

    kind = ErrorKind.REMOTE_TABLE_TAKEN


class WrongState(PegasusDupError):
    """The existing table or duplication is in a state that does not allow the request."""

    kind = ErrorKind.WRONG_STATE


class InvalidArgument(PegasusDupError, ValueError):
    """The request is invalid.

    Correct the request.
    """

    kind = ErrorKind.INVALID_ARGUMENT


class Unsupported(PegasusDupError):
    """The server would ignore or misread the request, or could crash because of it.

    The request was not sent.
    """

    kind = ErrorKind.UNSUPPORTED


class PermissionDenied(PegasusDupError):
    """The access control of the server refused the request."""

    kind = ErrorKind.PERMISSION_DENIED


class Busy(PegasusDupError):
    """Another change of the same resource is in progress.

    Try again later.
    """

    kind = ErrorKind.BUSY


class Unavailable(PegasusDupError):
    """No meta server could take the request, and nothing was done.

    No meta server could be reached, no meta server is ready, duplication is switched off on the
    server, or this machine has no thread or file descriptor left for a connection. The hint says
    which.
    """

    kind = ErrorKind.UNAVAILABLE


class Timeout(PegasusDupError):
    """The timeout expired.

    Nothing was sent, or the request provably had no effect.
    """

    kind = ErrorKind.TIMEOUT


class OutcomeUnknown(PegasusDupError):
    """A request was sent, and its effect is not known.

    The message says what is known, and the hint says how to find out more.
    """

    kind = ErrorKind.OUTCOME_UNKNOWN


class ProtocolError(PegasusDupError):
    """The response is not one that a meta server sends."""

    kind = ErrorKind.PROTOCOL


# End of exceptions


class ClientUnusable(InvalidArgument, RuntimeError):
    """The client or server was closed, or made before this process was forked: make a new one.

    Or an ``AsyncClient`` was awaited without asyncio, under trio for example.
    """


class MetaServerError(InvalidArgument):
    """The embedded server can't run with what it was given. The message says what to change."""
