"""The resources of a cluster that outcomes and errors are about."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from . import _core
from ._enums import TableStatus
from ._values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar, Union

    from ._enums import FailMode, Status

    FieldValue = Union[str, int, bool, None, "tuple[FieldValue, ...]", "Mapping[str, FieldValue]"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _time(milliseconds: int | None) -> datetime | None:
    """Return the time that is this many milliseconds after the start of 1970, in UTC."""
    if milliseconds is None:
        return None
    try:
        # Not fromtimestamp: a float would not keep every millisecond.
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


class Resource:
    """The base class of the resources that a client can create."""

    kind: ClassVar[str]
    """The kind of the resource, such as ``duplication``."""

    def __str__(self) -> str:
        return _core.resource_text(self)


@dataclass(frozen=True)
class PartitionProgress:
    """The progress of one partition, in decrees. A decree that is not known yet is ``None``."""

    partition: int
    """The index of the partition."""
    confirmed_decree: int | None
    """The last decree that the remote cluster has confirmed."""
    last_committed_decree: int | None
    """The last decree that was committed in the source cluster."""


@dataclass(frozen=True)
class Identity:
    """The four values that identify a duplication.

    A dupid alone does not identify a duplication: if a duplication is removed and another one is
    added within a second, both have the same dupid.
    """

    table_id: int
    """The id of the table."""
    cluster: str
    """The name of the remote cluster."""
    dupid: int
    """The id of the duplication within the table."""
    create_ts_ms: int | None
    """The time of creation, in milliseconds since 1970."""


@dataclass(frozen=True)
class Duplication(Resource):
    """A duplication as the server reports it.

    A value that the server does not report is ``None``.
    """

    kind = "duplication"

    table: str
    """The table whose writes are shipped."""
    table_id: int
    """The id of the table in the source cluster."""
    cluster: str
    """The name of the remote cluster."""
    dupid: int
    """The id of the duplication within the table. The server may use the same id again after the
    duplication was removed: compare ``identity`` instead."""
    status: Status | None
    """The status. ``None`` if the generation of the server is not known, because the numbers on the
    wire mean different things in different generations, or if only the response to an add is
    known."""
    fail_mode: FailMode | None
    """What the duplication does with a write that the remote cluster refuses."""
    remote_table: str | None
    """The name of the table in the remote cluster. Only 2.6 snapshots report it."""
    remote_replica_count: int | None
    """The replica count of the remote table. Only 2.6 snapshots report it."""
    create_ts_ms: int | None
    """The time of creation, in milliseconds since 1970, by the server's clock."""
    partitions: tuple[PartitionProgress, ...]
    """The progress of each partition. Only newer 2.6 snapshots report it; otherwise it is empty.
    The tuple of a listed duplication is made anew each time this attribute is read."""

    @property
    def create_time(self) -> datetime | None:
        """The time of creation in UTC, by the server's clock.

        ``None`` if the server does not report it, or if no ``datetime`` can hold the number.
        """
        return _time(self.create_ts_ms)

    @property
    def identity(self) -> Identity:
        """The values that identify this duplication."""
        return Identity(self.table_id, self.cluster, self.dupid, self.create_ts_ms)


def _partitions(duplication: Duplication) -> tuple[PartitionProgress, ...]:
    """The progress of each partition."""  # noqa: D401 - this documents an attribute
    held: tuple[PartitionProgress, ...] | _core.PackedProgress = vars(duplication)["partitions"]
    return held.unpack() if isinstance(held, _core.PackedProgress) else held


# The property replaces no value, because the values of a dataclass are in the `__dict__` of its
# instances. It is set here because in the class it would be the default of the field.
Duplication.partitions = property(_partitions)  # type: ignore[assignment]


@dataclass(frozen=True)
class TableDuplications:
    """A table and its duplications. The table may have none."""

    table: str
    """The name of the table."""
    table_id: int
    """The id of the table in the source cluster."""
    partition_count: int | None
    """The number of partitions of the table. ``None`` if the server does not report it."""
    duplications: tuple[Duplication, ...]
    """The duplications of the table, in the order of their dupids."""


@dataclass(frozen=True)
class PartitionReplicas:
    """The replicas of one partition of a table."""

    partition: int
    """The index of the partition."""
    ready: bool
    """Whether the partition has a primary and enough secondaries."""
    primary: str | None
    """The replica server of the primary, as ``HOST:PORT``. ``None`` if the partition has no
    primary."""
    secondaries: tuple[str, ...]
    """The replica servers of the secondaries, as ``HOST:PORT``."""


@dataclass(frozen=True)
class Table(Resource):
    """A table as the server reports it.

    A value that the server does not report is ``None``. The table id and the time of creation
    identify a table. A name does not: if a table is dropped and created again, both tables have the
    same name.
    """

    kind = "table"

    table: str
    """The name of the table."""
    table_id: int
    """The id of the table. Servers do not use an id again."""
    status: TableStatus | None
    """The status. ``None`` if only the response to a request is known."""
    partition_count: int
    """The number of partitions."""
    replica_count: int
    """The number of replicas that each partition is supposed to have."""
    atomic_idempotent: bool | None
    """Whether the writes of the table are made idempotent before they are replicated. Only 2.6
    snapshots since March 2025 report it."""
    envs: Mapping[str, str]
    """The settings of the table, in the order of their keys. The dictionary cannot be changed."""
    duplicating: bool | None
    """Whether the table has a duplication, or had a duplication before it was dropped."""
    create_ts_ms: int | None
    """The time of creation, in milliseconds since 1970, by the server's clock. Servers report whole
    seconds."""
    drop_ts_ms: int | None
    """The time of the drop, in milliseconds since 1970, by the server's clock. ``None`` for a table
    that is not dropped."""
    expire_ts_ms: int | None
    """The time until which the table can be recalled, in milliseconds since 1970, by the server's
    clock. ``None`` for a table that is not dropped."""
    ready_partitions: int | None
    """The number of partitions that have a primary and enough secondaries. ``None`` if the
    partitions were not read. For a table that was just dropped, the number before the drop."""
    partitions: tuple[PartitionReplicas, ...]
    """The replicas of each partition. Empty if the partitions were not read."""

    @property
    def create_time(self) -> datetime | None:
        """The time of creation in UTC, by the server's clock.

        ``None`` if the server does not report it, or if no ``datetime`` can hold the number.
        """
        return _time(self.create_ts_ms)

    @property
    def drop_time(self) -> datetime | None:
        """The time of the drop in UTC, by the server's clock.

        ``None`` for a table that is not dropped, or if no ``datetime`` can hold the number.
        """
        return _time(self.drop_ts_ms)

    @property
    def expire_time(self) -> datetime | None:
        """The time until which the table can be recalled, in UTC, by the server's clock.

        ``None`` for a table that is not dropped, or if no ``datetime`` can hold the number.
        """
        return _time(self.expire_ts_ms)

    @property
    def is_dropped(self) -> bool:
        """Whether the table was dropped, or is being dropped."""
        return self.status in (TableStatus.DROPPING, TableStatus.DROPPED)

    @property
    def is_ready(self) -> bool | None:
        """Whether all partitions are ready. ``None`` if the partitions were not read.

        For a table that was just dropped, whether they were ready before the drop.
        """
        if self.ready_partitions is None:
            return None
        return self.ready_partitions >= self.partition_count


@dataclass(frozen=True)
class BackupPolicy(Resource):
    """A policy by which the cluster backs up tables periodically.

    The name identifies a policy. A policy can be disabled but not removed.
    """

    kind = "backup_policy"

    policy: str
    """The name of the policy."""
    provider: str
    """The storage to which the backups are written: the name of a section ``block_service.NAME`` in
    the configuration of the meta servers."""
    table_ids: tuple[int, ...]
    """The ids of the tables, in ascending order. An id stays in the policy after its table was
    dropped, and a table that is created anew with the same name has another id."""
    interval_seconds: int
    """The time between two backups, in seconds."""
    history_count: int
    """The number of backups that are kept."""
    start_time: str
    """The time of day at which a backup starts, as ``HH:MM`` in the server's local time. The server
    only uses the hour, and ``24:00`` stands for any time."""
    disabled: bool
    """Whether the policy is disabled."""

    @property
    def interval(self) -> timedelta | None:
        """The time between two backups. ``None`` if no ``timedelta`` can hold the number."""
        try:
            return timedelta(seconds=self.interval_seconds)
        except OverflowError:
            return None
