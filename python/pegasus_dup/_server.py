"""The embedded meta server."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from . import _args, _core

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Literal, Self

    from ._enums import Generation

_BEHAVIOURS = ("freezed", "checkpoint", "remote-name", "dup-exist", "idempotent")
_CLOCKS = ("real", "fast", "stopped")


class Table(NamedTuple):
    """A table of the embedded server's cluster."""

    name: str
    """Its name."""
    partitions: int = 8
    """Its number of partitions."""
    replicas: int = 3
    """Its replica count."""


class MetaServer:
    """An embedded meta server, on threads of its own: to try the client, and for tests.

    A real server: real bytes over TCP, a durable store, the rules of a real one. It listens when
    the constructor returns, and stops with the ``with`` block, ``stop()``, or the last reference.

    ``tables`` are names or ``Table``; their ids are 1, 2, ... in this order. ``remote_clusters``
    says which clusters may be duplicated to, as ``{"target": "HOST:PORT"}`` (or an iterable of
    such); nothing is ever sent there. ``store`` is the path of a file that keeps what was
    acknowledged, or ``None`` (or ``"memory"``) for nothing kept.

    ``generation`` makes it behave as that generation of servers does, side effects included;
    unless given it is ``"idempotent"``: a repeated add changes nothing and says so. ``clock`` is
    how duplications move on: ``"real"``, ``"fast"`` (100 times as fast), ``"stopped"``; unless
    given, stopped with an explicit generation, else real.
    """

    def __init__(
        self,
        *,
        tables: Iterable[str | Table] = (),
        remote_clusters: Mapping[str, str | Iterable[str]] | None = None,
        cluster_name: str = "onebox",
        listen: str = "127.0.0.1:0",
        store: str | os.PathLike[str] | None = None,
        generation: Generation | Literal["idempotent"] | str | None = None,
        clock: Literal["real", "fast", "stopped"] | None = None,
    ) -> None:
        behaviour = "idempotent"
        if generation is not None:
            behaviour = _args.one_of("generation", generation, _BEHAVIOURS)
            # As on the command line: who names a generation gets a server that stands still.
            clock = clock or "stopped"
        self._core = _core.MetaServer(
            _tables(tables),
            _remote_clusters({} if remote_clusters is None else remote_clusters),
            _args.text("cluster_name", cluster_name),
            _args.text("listen", listen),
            None if store in (None, "memory") else _path(store),
            behaviour,
            None if clock is None else _args.one_of("clock", clock, _CLOCKS),
        )

    def __repr__(self) -> str:
        return f"MetaServer({self.address!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where it listens, as ``HOST:PORT``; kept after it stopped."""
        return self._core.address

    @property
    def would_have_died(self) -> int:
        """How many requests would have ended a real server of this generation."""
        return self._core.would_have_died

    def stop(self) -> None:
        """Take no more requests, answer those taken, and end. Stopping a stopped one is nothing."""
        self._core.stop()


def _tables(value: object) -> list[tuple[str, int, int]]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"tables must be an iterable of str or Table, not {type(value).__name__}")
    result = []
    for index, item in enumerate(value):
        name = f"tables[{index}]"
        table = item if isinstance(item, Table) else Table(_args.text(name, item))
        result.append(
            (
                _args.text(f"{name}.name", table.name),
                _args.int32(f"{name}.partitions", table.partitions),
                _args.int32(f"{name}.replicas", table.replicas),
            )
        )
    return result


def _remote_clusters(value: object) -> list[tuple[str, list[str]]]:
    if not isinstance(value, Mapping):
        raise TypeError(
            f"remote_clusters must be a mapping of names to addresses, not {type(value).__name__}"
        )
    return [
        (
            _args.text("a remote cluster's name", name),
            [
                address
                for group in _args.texts(f"remote_clusters[{name!r}]", addresses)
                for address in group.split(",")
                if address
            ],
        )
        for name, addresses in value.items()
    ]


def _path(value: object) -> str:
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"store must be a path or None, not {type(value).__name__}")
    path = os.fspath(value)
    if not isinstance(path, str):
        raise TypeError("store must be a path of str, not of bytes")
    return path
