import asyncio
import builtins
from collections.abc import Callable
from typing import Any, Final, Generic, TypedDict, TypeVar, final

from typing_extensions import Unpack

from ._history import HistoryEntry
from ._outcome import Difference, RemoteCluster
from ._resources import PartitionProgress, Resource
from .fleet import Exported, Plan, Summary

__all__ = [
    "ENUMS",
    "EXCEPTIONS",
    "Call",
    "Client",
    "Mailbox",
    "MetaGroup",
    "MetaServer",
    "Operation",
    "PackedProgress",
    "Recorder",
    "__version__",
    "apply_operation",
    "cli_main",
    "close_gate",
    "difference_text",
    "error_text",
    "export_operation",
    "fleet_json",
    "fleet_of_text",
    "fleet_toml",
    "item_difference_text",
    "item_text",
    "outcome_text",
    "plan_of_text",
    "plan_operation",
    "plan_text",
    "resource_text",
    "set_log",
    "step_text",
]

__version__: Final[str]
ENUMS: Final[dict[str, tuple[str, ...]]]
EXCEPTIONS: Final[dict[str, str]]

_T = TypeVar("_T")

def close_gate() -> None: ...
def cli_main(args: list[str]) -> int: ...
def set_log(lowest: int | None) -> None: ...
def outcome_text(kind: str, outcome: object) -> str: ...
def resource_text(resource: Resource | RemoteCluster) -> str: ...
def difference_text(difference: Difference) -> str: ...
def error_text(
    message: str, hint: str | None, code: str | None, server: str | None, cause: str | None
) -> str: ...
def step_text(step: str, detail: str | None) -> str: ...

class _Arguments(TypedDict, total=False):
    table: str
    cluster: str
    which: int | str
    remote_table: str | None
    remote_replica_count: int | None
    checkpoint: bool
    fail_mode: str
    match_tables: tuple[str, str | None]
    partition_count: int
    replica_count: int
    envs: dict[str, str]
    atomic_idempotent: bool | None
    partition_limit: int
    prove_authorship: bool
    reserve: int | None
    table_id: int
    new_name: str | None
    force: bool
    dropped: bool
    health: bool
    policy: str
    provider: str
    policy_tables: list[str]
    interval_seconds: int
    history_count: int
    start_time: str

@final
class Operation(Generic[_T]):
    def __new__(cls, kind: str, **arguments: Unpack[_Arguments]) -> Operation[_T]: ...

def plan_operation(fleet: str) -> Operation[Plan]: ...
def export_operation() -> Operation[Exported]: ...
def apply_operation(
    plan: str,
    *,
    fix: list[str],
    prune: bool,
    start_long_paused: bool,
    max_changes: int | None,
    max_removals: int | None,
    max_preparing: int | None,
    concurrency: int,
    keep_going: bool,
    audit: str | None,
) -> Operation[Summary]: ...
def fleet_of_text(text: str, file: str) -> str: ...
def fleet_toml(fleet: str) -> str: ...
def fleet_json(fleet: str) -> str: ...
def plan_of_text(text: str) -> Plan: ...
def plan_text(plan: str) -> str: ...
def item_text(item: str) -> str: ...
def item_difference_text(difference: str) -> str: ...

@final
class PackedProgress:
    def unpack(self) -> tuple[PartitionProgress, ...]: ...

@final
class Recorder:
    def __new__(cls) -> Recorder: ...
    def entries(self) -> tuple[HistoryEntry, ...]: ...
    def text(self) -> str: ...
    def json_lines(self) -> str: ...

@final
class Mailbox:
    def __new__(cls, call_soon: Callable[..., object]) -> Mailbox: ...
    def open(self) -> None: ...

@final
class Call:
    def cancel(self, exception: BaseException) -> None: ...

@final
class Client:
    def __new__(
        cls, metas: list[str], timeout: float, generation: str | None, direct: bool
    ) -> Client: ...
    def wait(
        self,
        operation: Operation[_T],
        timeout: float | None,
        progress: Callable[[Any], object] | None,
        recorder: Recorder | None,
    ) -> _T: ...
    def start(
        self,
        mailbox: Mailbox,
        operation: Operation[_T],
        timeout: float | None,
        future: asyncio.Future[tuple[_T, BaseException | None, BaseException | None]],
        progress: Callable[[Any], object] | None,
        recorder: Recorder | None,
    ) -> Call: ...
    @property
    def unsettled(self) -> builtins.list[str]: ...
    def close(self) -> None: ...

class _Settings(TypedDict):
    tables: list[str | tuple[str, int, int]]
    remote_clusters: list[tuple[str, list[str]]]
    cluster_name: str
    store: str | None
    duplication_enabled: bool
    backup_enabled: bool
    block_services: list[str]
    clock: str | None
    nodes: int | None
    min_alive_nodes: int
    ready_after: float
    partitions: list[str]

@final
class MetaServer:
    def __new__(
        cls, settings: _Settings, listen: str, behaviour: str, faults: list[str]
    ) -> MetaServer: ...
    @property
    def address(self) -> str: ...
    @property
    def would_have_died(self) -> int: ...
    def set_faults(self, faults: list[str]) -> None: ...
    def set_partitions(self, partitions: list[str]) -> None: ...
    def set_alive_nodes(self, count: int) -> None: ...
    def advance(self, seconds: float) -> bool: ...
    def stop(self) -> None: ...

@final
class MetaGroup:
    def __new__(
        cls, settings: _Settings, listen: str, behaviours: list[str], faults: list[str]
    ) -> MetaGroup: ...
    @property
    def addresses(self) -> list[str]: ...
    @property
    def leader(self) -> int: ...
    @property
    def would_have_died(self) -> int: ...
    def elect(
        self, leader: int | None, early: float, old_stays: bool, followers_learn: bool
    ) -> None: ...
    def set_faults(self, faults: list[str], server: int | None) -> None: ...
    def set_partitions(self, partitions: list[str]) -> None: ...
    def set_alive_nodes(self, count: int) -> None: ...
    def advance(self, seconds: float) -> bool: ...
    def stop(self) -> None: ...
