"""The exceptions: a base class, and a subclass for each kind of error."""

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
    # A subclass of str may print something else than its text.
    return str.__str__(text) if isinstance(text, str) else text  # type: ignore[return-value]


class PegasusDupError(Exception):
    """The base class of all exceptions of this package. Each kind of error has its own subclass."""

    kind: ClassVar[ErrorKind]
    """The kind of the error, which says what to do."""
    message: str
    """What happened, in words for the user."""
    hint: str | None
    """The server's own words about the error, or otherwise advice on what to do next.

    The server's words may contain any character, including characters that control a terminal.
    ``str()`` of the exception escapes such characters.
    """
    server: str | None
    """The meta server that responded or was asked, as ``HOST:PORT``. If the host is a name, the
    address that was tried follows: ``meta.example:34601 (10.0.0.1:34601)``."""
    code: str | None
    """The Pegasus error code, such as ``ERR_BUSY``, if a server sent one."""
    known: tuple[Resource, ...]
    """The resources that are known to exist: those that the request met or may have created."""
    cause: str | None
    """The cause, for example the error of the operating system if a connection was refused."""

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
        # `args` holds only the message. Copying and pickling call the class with `args`, and
        # restore the attributes themselves.
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
    """The server cannot do what the request says.

    The server would ignore or misread the request, or could crash because of it, or the feature is
    switched off on the server. The request was not sent, or the server refused it.
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
    """The client or server cannot be used. The message says why.

    It was closed, or it was made before this process was forked, or an ``AsyncClient`` was awaited
    without asyncio, for example under trio.
    """


class MetaServerError(InvalidArgument):
    """The embedded server cannot run with its arguments. The message says what to change."""
