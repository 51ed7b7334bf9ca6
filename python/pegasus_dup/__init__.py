"""Add an Apache Pegasus duplication and know what happened.

    from pegasus_dup import AlreadyExists, Client, Created

    with Client("127.0.0.1:34601") as client:
        match client.add("temp", "target"):
            case Created(duplication):
                print("created", duplication.dupid)
            case AlreadyExists(existing, differences):
                print("already exists", existing.dupid, differences)

``Client.create_table`` and ``Client.add_backup_policy`` do the same for tables and backup policies.
An error is raised as a subclass of ``PegasusDupError``. ``Client.try_add`` returns it as ``Failed``
instead. ``AsyncClient`` has the same methods as coroutines for asyncio. ``MetaServer`` is an
embedded server for trials and tests, and ``enable_logging`` shows what the client does.
"""

import atexit as _atexit

from . import _core
from ._async_client import AsyncClient
from ._client import Client
from ._core import __version__
from ._enums import (
    EntryKind,
    ErrorKind,
    Evidence,
    FailMode,
    Generation,
    KnownBy,
    Property,
    RemoteClusterState,
    Role,
    Status,
    Step,
    TableStatus,
)
from ._errors import (
    Busy,
    ClientUnusable,
    DuplicationNotFound,
    InvalidArgument,
    MetaServerError,
    OutcomeUnknown,
    PegasusDupError,
    PermissionDenied,
    ProtocolError,
    RemoteClusterNotConfigured,
    RemoteTableTaken,
    TableNotFound,
    Timeout,
    Unavailable,
    Unsupported,
    WrongState,
)
from ._history import History, HistoryEntry, recording
from ._logging import disable_logging, enable_logging
from ._outcome import (
    AlreadyExists,
    Changed,
    Created,
    Difference,
    Failed,
    Info,
    NotFound,
    Progress,
    RemoteCluster,
    Removed,
    ServerInfo,
    Unchanged,
)
from ._resources import (
    BackupPolicy,
    Duplication,
    Identity,
    PartitionProgress,
    PartitionReplicas,
    Resource,
    Table,
    TableDuplications,
)
from ._server import MetaGroup, MetaServer, ServedTable

__all__ = [
    "AlreadyExists",
    "AsyncClient",
    "BackupPolicy",
    "Busy",
    "Changed",
    "Client",
    "ClientUnusable",
    "Created",
    "Difference",
    "Duplication",
    "DuplicationNotFound",
    "EntryKind",
    "ErrorKind",
    "Evidence",
    "FailMode",
    "Failed",
    "Generation",
    "History",
    "HistoryEntry",
    "Identity",
    "Info",
    "InvalidArgument",
    "KnownBy",
    "MetaGroup",
    "MetaServer",
    "MetaServerError",
    "NotFound",
    "OutcomeUnknown",
    "PartitionProgress",
    "PartitionReplicas",
    "PegasusDupError",
    "PermissionDenied",
    "Progress",
    "Property",
    "ProtocolError",
    "RemoteCluster",
    "RemoteClusterNotConfigured",
    "RemoteClusterState",
    "RemoteTableTaken",
    "Removed",
    "Resource",
    "Role",
    "ServedTable",
    "ServerInfo",
    "Status",
    "Step",
    "Table",
    "TableDuplications",
    "TableNotFound",
    "TableStatus",
    "Timeout",
    "Unavailable",
    "Unchanged",
    "Unsupported",
    "WrongState",
    "__version__",
    "disable_logging",
    "enable_logging",
    "recording",
]

# While the interpreter shuts down, no Python code may run on the threads of clients.
_atexit.register(_core.close_gate)

# Tracebacks, `repr` and pickles show the name under which a class is imported, not its file.
for _name in __all__:
    _thing = globals()[_name]
    if callable(_thing):
        _thing.__module__ = __name__
del _name, _thing
