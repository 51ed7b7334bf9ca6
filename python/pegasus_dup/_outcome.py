"""The results of calls.

The classes are frozen. Their objects can be compared, hashed, copied and used in ``match``.
"""

from __future__ import annotations

from . import _core
from ._values import Generic, T_co, dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._enums import Evidence, Generation, KnownBy, Property, RemoteClusterState, Role, Step
    from ._errors import PegasusDupError
    from ._resources import FieldValue


@dataclass(frozen=True)
class Difference:
    """A field in which the existing resource differs from the request."""

    field: Property
    """The field."""
    asked: FieldValue
    """The requested value. A request without a remote table requests the table's own name."""
    existing: FieldValue
    """The value of the existing resource."""

    def __str__(self) -> str:
        return _core.difference_text(self)


@dataclass(frozen=True)
class Created(Generic[T_co]):
    """The resource did not exist before the call, and exists now."""

    value: T_co
    """The resource that was created."""
    evidence: Evidence
    """How the outcome is known."""
    warning: str | None = None
    """Additional information for the user."""
    unverified: tuple[Property, ...] = ()
    """The properties that were requested and could not be compared, because the server does not
    report them. Empty if the outcome is certain."""

    def __str__(self) -> str:
        return _core.outcome_text("created", self)

    @property
    def certain(self) -> bool:
        """Whether it is known that this call, and not a concurrent call, created the resource."""
        return self.evidence.certain


@dataclass(frozen=True)
class AlreadyExists(Generic[T_co]):
    """The resource existed before the call. The call created nothing."""

    existing: T_co
    """The resource that exists."""
    differences: tuple[Difference, ...]
    """The fields in which the existing resource differs from the request. The resource is as
    requested if both ``differences`` and ``unverified`` are empty."""
    evidence: Evidence
    """How the outcome is known."""
    warning: str | None = None
    """Additional information for the user, for example that the duplication is paused."""
    unverified: tuple[Property, ...] = ()
    """The properties that were requested and could not be compared, because the server does not
    report them. A checkpoint, for example, is reported only while it is being shipped."""

    def __str__(self) -> str:
        return _core.outcome_text("already_exists", self)

    @property
    def certain(self) -> bool:
        """Whether the outcome is certain."""
        return self.evidence.certain


@dataclass(frozen=True)
class Failed:
    """An error as a value: ``Client.try_add`` returns it where ``Client.add`` raises.

    ``try_create_table`` and ``try_add_backup_policy`` do the same.
    """

    error: PegasusDupError
    """The exception that ``add`` would have raised."""


@dataclass(frozen=True)
class Changed(Generic[T_co]):
    """The call changed the resource."""

    before: T_co
    """The resource before the change."""
    after: T_co
    """The resource after the change."""
    warning: str | None = None
    """Additional information for the user."""

    def __str__(self) -> str:
        return _core.outcome_text("changed", self)


@dataclass(frozen=True)
class Unchanged(Generic[T_co]):
    """The resource was as requested already. The call changed nothing."""

    current: T_co
    """The resource as it is."""
    warning: str | None = None
    """Additional information for the user."""

    def __str__(self) -> str:
        return _core.outcome_text("unchanged", self)


@dataclass(frozen=True)
class Removed(Generic[T_co]):
    """The resource existed when the call began, and no longer exists."""

    was: T_co
    """The resource that was removed: a table as it is listed afterwards if it could be read, and
    any other resource as it was before."""
    evidence: Evidence
    """How the outcome is known."""
    warning: str | None = None
    """Additional information for the user."""

    def __str__(self) -> str:
        return _core.outcome_text("removed", self)

    @property
    def certain(self) -> bool:
        """Whether the outcome is certain."""
        return self.evidence.certain


@dataclass(frozen=True)
class NotFound:
    """There was nothing to remove. The call has changed nothing."""

    def __str__(self) -> str:
        return _core.outcome_text("not_found", self)


@dataclass(frozen=True)
class ServerInfo:
    """A meta server."""

    server: str
    """The address as it was given. If it is a host name, the IP address follows in parentheses."""
    role: Role
    """The current role of the server."""
    detail: str | None = None
    """More information in words, for example why the server cannot be reached, or which leader a
    follower names."""


@dataclass(frozen=True)
class Info:
    """The meta servers of a cluster."""

    servers: tuple[ServerInfo, ...]
    """All servers that were asked. The listed servers come first, in their order, and each address
    of a host name counts as a server. Servers that a follower named as the leader come last."""
    leader: str | None
    """The server that leads. ``None`` if no server says that it leads."""
    version: str | None
    """The version that the leader reports over HTTP. ``None`` if it reports none."""
    generation: Generation | None
    """The generation of the leader that the client relies on. ``None`` if it is not known."""
    known_by: KnownBy | None
    """How the generation is known."""
    warning: str | None = None
    """Additional information for the user, for example that the leader refutes the stated
    generation."""
    cluster_name: str | None = None
    """The name of the cluster itself. ``None`` if the leader does not report the name."""

    def __str__(self) -> str:
        return _core.outcome_text("info", self)


@dataclass(frozen=True)
class RemoteCluster:
    """A remote cluster, as ``check_remote_cluster`` finds it in the configuration of the leader."""

    cluster: str
    """The name of the remote cluster."""
    state: RemoteClusterState
    """Whether the leader accepts the remote cluster as the target of duplications."""
    hint: str | None = None
    """The explanation of the server, if it refuses the remote cluster."""

    def __str__(self) -> str:
        return _core.resource_text(self)


@dataclass(frozen=True)
class Progress:
    """The step that a call begins. The callback ``progress`` receives it."""

    step: Step
    """The step."""
    detail: str | None = None
    """The server that is asked, the change that is sent, or what went wrong."""

    def __str__(self) -> str:
        return _core.step_text(self.step, self.detail)
