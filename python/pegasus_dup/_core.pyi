import builtins
from typing import Final, TypedDict, final

from ._outcome import (
    AlreadyExists,
    Changed,
    Created,
    Duplication,
    NotFound,
    Removed,
    Unchanged,
)

__all__ = [
    "EVIDENCES",
    "EXCEPTIONS",
    "FAIL_MODES",
    "GENERATIONS",
    "STATUSES",
    "Client",
    "MetaGroup",
    "MetaServer",
    "__version__",
    "cli_main",
]

__version__: Final[str]
EVIDENCES: Final[tuple[str, ...]]
EXCEPTIONS: Final[dict[str, str]]
FAIL_MODES: Final[tuple[str, ...]]
GENERATIONS: Final[tuple[str, ...]]
STATUSES: Final[tuple[str, ...]]

def cli_main(args: list[str]) -> int: ...

@final
class Client:
    def __new__(
        cls, metas: list[str], timeout: float, generation: str | None, direct: bool
    ) -> Client: ...
    def add(
        self,
        table: str,
        cluster: str,
        remote_table: str | None,
        remote_replica_count: int | None,
        checkpoint: bool,
        timeout: float | None,
    ) -> Created | AlreadyExists: ...
    def query(self, table: str, timeout: float | None) -> builtins.list[Duplication]: ...
    def list(
        self, pattern: str | None, match: str, timeout: float | None
    ) -> builtins.list[Duplication]: ...
    def start(self, table: str, which: int | str, timeout: float | None) -> Changed | Unchanged: ...
    def pause(self, table: str, which: int | str, timeout: float | None) -> Changed | Unchanged: ...
    def remove(self, table: str, which: int | str, timeout: float | None) -> Removed | NotFound: ...
    def set_fail_mode(
        self, table: str, which: int | str, mode: str, timeout: float | None
    ) -> Changed | Unchanged: ...
    @property
    def unknown(self) -> builtins.list[str]: ...
    def close(self) -> None: ...

class _Settings(TypedDict):
    tables: list[tuple[str, int, int]]
    remote_clusters: list[tuple[str, list[str]]]
    cluster_name: str
    store: str | None
    clock: str | None

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
    def stop(self) -> None: ...
