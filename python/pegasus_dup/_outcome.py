"""What a caller gets: frozen classes, with equality, hash, copying and ``match``."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from . import _core
from ._values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._enums import (
        Evidence,
        FailMode,
        Generation,
        KnownBy,
        Property,
        Role,
        Status,
        Step,
    )
    from ._errors import PegasusDupError

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class PartitionProgress:
    """How far one partition has come, in decrees. ``None`` = not known yet."""

    partition: int
    """The partition's index."""
    confirmed_decree: int | None
    """The last decree that the remote cluster has confirmed."""
    last_committed_decree: int | None
    """The last decree committed in this cluster."""


@dataclass(frozen=True)
class Identity:
    """What makes two duplications the same one.

    A dupid alone doesn't: one removed and added again within a second gets the same.
    """

    table_id: int
    """The table's id."""
    cluster: str
    """The remote cluster's name."""
    dupid: int
    """The duplication's id within the table."""
    create_ts_ms: int | None
    """When it was made, in milliseconds since 1970."""


@dataclass(frozen=True)
class Duplication:
    """A duplication, as far as the server told of it. What it didn't tell is ``None``."""

    table: str
    """The table whose writes are shipped."""
    table_id: int
    """The table's id in this cluster."""
    cluster: str
    """The remote cluster's name."""
    dupid: int
    """The duplication's id within the table. Reused after a removal: see ``identity``."""
    status: Status | None
    """Where it stands; ``None`` where the server's generation isn't known, since the numbers mean
    different things, or where only the answer to an add told of it."""
    fail_mode: FailMode | None
    """What it does with writes that the remote cluster refuses."""
    remote_table: str | None
    """The table's name in the remote cluster. Told by 2.6 snapshots only."""
    remote_replica_count: int | None
    """The remote table's replica count. Told by 2.6 snapshots only."""
    create_ts_ms: int | None
    """When it was made, in milliseconds since 1970, by the server's clock."""
    partitions: tuple[PartitionProgress, ...]
    """How far each partition has come. Told by newer 2.6 snapshots only, else empty."""

    @property
    def create_time(self) -> datetime | None:
        """When it was made, in UTC, by the server's clock.

        ``None`` too for a number that no ``datetime`` can hold.
        """
        if self.create_ts_ms is None:
            return None
        try:
            # Not fromtimestamp: a float would not keep every millisecond.
            return _EPOCH + timedelta(milliseconds=self.create_ts_ms)
        except OverflowError:
            return None

    @property
    def identity(self) -> Identity:
        """What makes two duplications the same one."""
        return Identity(self.table_id, self.cluster, self.dupid, self.create_ts_ms)


@dataclass(frozen=True)
class TableDuplications:
    """A table, and its duplications: none, if nothing of the table is shipped."""

    table: str
    """The table."""
    table_id: int
    """The table's id in this cluster."""
    partition_count: int | None
    """The table's number of partitions; ``None`` where the server did not tell it."""
    duplications: tuple[Duplication, ...]
    """The table's duplications, in dupid order."""


@dataclass(frozen=True)
class Difference:
    """What an existing duplication has otherwise than asked."""

    field: str
    """``remote_table`` or ``remote_replica_count``."""
    asked: str | int
    """What was asked for. Not asking for a remote table is asking for the table's own name."""
    existing: str | int
    """What exists."""

    def __str__(self) -> str:
        asked, existing = _core.shown_name(str(self.asked)), _core.shown_name(str(self.existing))
        return f"{self.field}: asked={asked} existing={existing}"


@dataclass(frozen=True)
class Created:
    """It wasn't there before, and is now."""

    value: Duplication
    """What was created."""
    evidence: Evidence
    """How that is known."""
    warning: str | None = None
    """What a person should know besides."""
    unverified: tuple[Property, ...] = ()
    """Which properties were requested and could not be compared, because the server does not tell
    them. Empty where the outcome is certain."""

    @property
    def certain(self) -> bool:
        """Whether this call, and no racing one, is known to have made it."""
        return self.evidence.certain


@dataclass(frozen=True)
class AlreadyExists:
    """It was there already; this call created nothing."""

    existing: Duplication
    """What exists."""
    differences: tuple[Difference, ...]
    """What it has otherwise than asked. It is as asked where this and ``unverified`` are empty."""
    evidence: Evidence
    """How that is known."""
    warning: str | None = None
    """What a person should know besides: that it is paused, say."""
    unverified: tuple[Property, ...] = ()
    """Which properties were requested and could not be compared, because the server does not tell
    them: of a checkpoint it tells only while the checkpoint is being shipped."""

    @property
    def certain(self) -> bool:
        """Whether the outcome is certain."""
        return self.evidence.certain


@dataclass(frozen=True)
class Failed:
    """What ``Client.try_add`` returns where ``Client.add`` raises."""

    error: PegasusDupError
    """The exception that ``add`` would have raised."""


@dataclass(frozen=True)
class Changed:
    """It was otherwise before."""

    before: Duplication
    """As it was when this call looked."""
    after: Duplication
    """As it is now."""
    warning: str | None = None
    """What a person should know besides."""


@dataclass(frozen=True)
class Unchanged:
    """It was so already; this call changed nothing."""

    current: Duplication
    """As it is."""
    warning: str | None = None
    """What a person should know besides."""


@dataclass(frozen=True)
class Removed:
    """It was there when this call looked, and is gone."""

    was: Duplication
    """As it was."""
    warning: str | None = None
    """What a person should know besides."""


@dataclass(frozen=True)
class ServerInfo:
    """One meta server."""

    server: str
    """The address as it was given, with the IP address in parentheses if it was a name."""
    role: Role
    """What the server is at the moment."""
    detail: str | None = None
    """What more is known, in words: why it cannot be reached, whom a follower names."""


@dataclass(frozen=True)
class Info:
    """The meta servers of a cluster."""

    servers: tuple[ServerInfo, ...]
    """Every server that was asked: the listed ones in their order, each address of a name as a
    server of its own; then those that a follower named as the leader."""
    leader: str | None
    """The server that leads; ``None`` if no server says that it does."""
    version: str | None
    """The version that the leader tells over HTTP; ``None`` if it tells none."""
    generation: Generation | None
    """The generation of the leader that the client goes by; ``None`` if it is not known."""
    known_by: KnownBy | None
    """How the generation is known."""
    warning: str | None = None
    """What a person should know besides: that the leader refutes the stated generation, say."""


@dataclass(frozen=True)
class NotFound:
    """There was none to remove; nothing was sent."""


@dataclass(frozen=True)
class Progress:
    """What a call goes on to do: what ``progress`` is called with."""

    step: Step
    """The step."""
    detail: str | None = None
    """The server that is asked, the change that is sent, or what went wrong."""

    def __str__(self) -> str:
        words = str(self.step).replace("_", " ")
        return words if self.detail is None else _core.shown_text(f"{words}: {self.detail}")
