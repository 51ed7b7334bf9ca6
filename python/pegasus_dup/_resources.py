"""The resources of a cluster that outcomes and errors are about."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from . import _core
from ._values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar, Union

    from ._enums import FailMode, Status

    FieldValue = Union[str, int, bool, None, "tuple[FieldValue, ...]", "Mapping[str, FieldValue]"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


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
    """The progress of each partition. Only newer 2.6 snapshots report it; otherwise it is empty."""

    @property
    def create_time(self) -> datetime | None:
        """The time of creation in UTC, by the server's clock.

        ``None`` if the server does not report it, or if no ``datetime`` can hold the number.
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
        """The values that identify this duplication."""
        return Identity(self.table_id, self.cluster, self.dupid, self.create_ts_ms)


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
