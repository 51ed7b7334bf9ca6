"""Add an Apache Pegasus duplication and know what happened.

    from pegasus_dup import AlreadyExists, Client, Created

    with Client("127.0.0.1:34601") as client:
        match client.add("temp", "target"):
            case Created(duplication):
                print("created", duplication.dupid)
            case AlreadyExists(existing, differences):
                print("there already", existing.dupid, differences)

An error, the third possibility, is an exception under ``PegasusDupError``, or with
``Client.try_add`` a ``Failed``. ``AsyncClient`` has the same methods as coroutines, for asyncio.
``MetaServer`` is an embedded server to try all this against, ``enable_logging`` shows what goes on.
"""

import atexit as _atexit

from . import _core
from ._async_client import AsyncClient
from ._client import Client
from ._core import __version__
from ._enums import (
    ErrorKind,
    Evidence,
    FailMode,
    Generation,
    KnownBy,
    Property,
    Role,
    Status,
    Step,
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
    Removed,
    ServerInfo,
    Unchanged,
)
from ._resources import (
    Duplication,
    Identity,
    PartitionProgress,
    Resource,
    TableDuplications,
)
from ._server import MetaGroup, MetaServer, Table

__all__ = [
    "AlreadyExists",
    "AsyncClient",
    "Busy",
    "Changed",
    "Client",
    "ClientUnusable",
    "Created",
    "Difference",
    "Duplication",
    "DuplicationNotFound",
    "ErrorKind",
    "Evidence",
    "FailMode",
    "Failed",
    "Generation",
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
    "PegasusDupError",
    "PermissionDenied",
    "Progress",
    "Property",
    "ProtocolError",
    "RemoteClusterNotConfigured",
    "RemoteTableTaken",
    "Removed",
    "Resource",
    "Role",
    "ServerInfo",
    "Status",
    "Step",
    "Table",
    "TableDuplications",
    "TableNotFound",
    "Timeout",
    "Unavailable",
    "Unchanged",
    "Unsupported",
    "WrongState",
    "__version__",
    "disable_logging",
    "enable_logging",
]

# Python code must not run on the clients' threads while the interpreter shuts down.
_atexit.register(_core.close_gate)

# Tracebacks, `repr` and pickles name things as they are imported, not by the file they stand in.
for _name in __all__:
    _thing = globals()[_name]
    if callable(_thing):
        _thing.__module__ = __name__
del _name, _thing
