"""The embedded meta server, alone and in groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import _args, _core
from ._errors import InvalidArgument
from ._values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from datetime import timedelta
    from types import TracebackType

    from typing_extensions import Literal, Self

    from ._enums import Generation

_BEHAVIOURS = ("freezed", "checkpoint", "remote-name", "dup-exist", "idempotent")
_CLOCKS = ("real", "fast", "stopped", "manual")
# More are taken for a slip: each has a port.
_MOST_SERVERS = 100


@dataclass(frozen=True)
class Table:
    """A table of the embedded server's cluster."""

    name: str
    """Its name."""
    partitions: int = 8
    """Its number of partitions."""
    replicas: int = 3
    """Its replica count."""


class _Served:
    """What a server and a group have in common."""

    _core: _core.MetaServer | _core.MetaGroup

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
    def would_have_died(self) -> int:
        """How many requests would have ended a real server of this generation."""
        return self._core.would_have_died

    def advance(self, time: float | timedelta) -> None:
        """Turn the clock on by that time, in seconds; it must be one of ``clock="manual"``.

        When this returns, whoever asks sees what that time brought.
        """
        if not self._core.advance(_args.seconds("time", time)):
            raise InvalidArgument(
                "only a manual clock can be turned", hint='give clock="manual" when it is made'
            )

    def set_partitions(self, partitions: Iterable[str]) -> None:
        """Have other partitions lag or stick from now on; ``[]`` is none."""
        self._core.set_partitions(_args.texts("partitions", partitions))

    def stop(self) -> None:
        """Take no more requests, answer those taken, and end. Stopping a stopped one is nothing."""
        self._core.stop()


class MetaServer(_Served):
    """An embedded meta server, on threads of its own: to try the client, and for tests.

    A real server: real bytes over TCP, a durable store, the rules of a real one. It listens when
    the constructor returns, and stops with the ``with`` block, ``stop()``, or the last reference.

    ``tables`` are texts ``"NAME[:PARTITIONS[:REPLICAS]]"``, as ``serve --table`` takes them, or
    ``Table``; their ids are 1, 2, ... in this order. ``remote_clusters`` says which clusters may be
    duplicated to, as ``{"target": "HOST:PORT"}`` (or an iterable of such); nothing is ever sent
    there. ``store`` is the path of a file that keeps what was
    acknowledged, or ``None`` (or ``"memory"``) for nothing kept.

    ``generation`` makes it behave as that generation of servers does, side effects included;
    unless given it is ``"idempotent"``: a repeated add changes nothing and says so. ``clock`` is
    how duplications move on: ``"real"``, ``"fast"`` (100 times as fast), ``"stopped"``, or
    ``"manual"``, which stands still until ``advance()`` turns it; unless given, stopped with an
    explicit generation, else real. ``partitions`` says which of them lag or stick, as in
    ``"temp:1=lag:30"`` (decrees behind) and ``"temp:2=stick:40"`` (never beyond that decree).

    ``duplication_enabled=False`` behaves as servers do on which duplication is switched off: every
    request about duplication is refused with ERR_SERVICE_NOT_ACTIVE.

    ``faults`` says which requests meet which mishap: ``"add#1=drop-reply"`` (the first add is done,
    and its answer lost), ``"query#2+=delay:200"`` (milliseconds, from the second query on),
    ``"add=refuse:ERR_BUSY"``; docs/server.md has them all.
    """

    _core: _core.MetaServer

    def __init__(
        self,
        *,
        tables: Iterable[str | Table] = (),
        remote_clusters: Mapping[str, str | Iterable[str]] | None = None,
        cluster_name: str = "onebox",
        listen: str = "127.0.0.1:0",
        store: str | os.PathLike[str] | None = None,
        generation: Generation | Literal["idempotent"] | str | None = None,
        duplication_enabled: bool = True,
        clock: Literal["real", "fast", "stopped", "manual"] | None = None,
        partitions: Iterable[str] = (),
        faults: Iterable[str] = (),
    ) -> None:
        self._core = _core.MetaServer(
            _settings(
                tables=tables,
                remote_clusters=remote_clusters,
                cluster_name=cluster_name,
                store=store,
                duplication_enabled=duplication_enabled,
                clock=_clock(clock, generation is not None),
                partitions=partitions,
            ),
            _args.text("listen", listen),
            _behaviour(generation),
            _args.texts("faults", faults),
        )

    def __repr__(self) -> str:
        return f"MetaServer({self.address!r})"

    @property
    def address(self) -> str:
        """Where it listens, as ``HOST:PORT``; kept after it stopped."""
        return self._core.address

    def set_faults(self, faults: Iterable[str]) -> None:
        """Have other fault rules from now on; ``[]`` is none. Counting starts again."""
        self._core.set_faults(_args.texts("faults", faults))


class MetaGroup(_Served):
    """Embedded meta servers in a group over one store, of which the first leads.

    The others send a client on to the leader, as real followers do. ``Client(group.addresses)`` is
    a client of all of them.

    ``servers`` says how many. ``generation`` is one for all, or an iterable of one for each: a
    group half upgraded. ``faults`` are of the whole group: its servers count together. Everything
    else is as ``MetaServer`` has it; each server listens on a free port of ``host``.
    """

    _core: _core.MetaGroup

    def __init__(
        self,
        servers: int = 3,
        *,
        tables: Iterable[str | Table] = (),
        remote_clusters: Mapping[str, str | Iterable[str]] | None = None,
        cluster_name: str = "onebox",
        host: str = "127.0.0.1",
        store: str | os.PathLike[str] | None = None,
        generation: Generation
        | Literal["idempotent"]
        | str
        | Iterable[Generation | Literal["idempotent"] | str]
        | None = None,
        duplication_enabled: bool = True,
        clock: Literal["real", "fast", "stopped", "manual"] | None = None,
        partitions: Iterable[str] = (),
        faults: Iterable[str] = (),
    ) -> None:
        count = _args.int32("servers", servers)
        if not 1 <= count <= _MOST_SERVERS:
            raise InvalidArgument(f"a group has 1 to {_MOST_SERVERS} servers: servers={count}")
        if generation is None or isinstance(generation, str):
            behaviours = [_behaviour(generation)] * count
        else:
            behaviours = [_behaviour(one) for one in _args.texts("generation", generation)]
            if len(behaviours) != count:
                raise InvalidArgument(
                    "generation is one for all servers, or one for each: "
                    f"servers={count} generations={len(behaviours)}"
                )
        self._core = _core.MetaGroup(
            _settings(
                tables=tables,
                remote_clusters=remote_clusters,
                cluster_name=cluster_name,
                store=store,
                duplication_enabled=duplication_enabled,
                clock=_clock(clock, generation is not None),
                partitions=partitions,
            ),
            f"{_args.text('host', host)}:0",
            behaviours,
            _args.texts("faults", faults),
        )

    def __repr__(self) -> str:
        return f"MetaGroup({', '.join(self.addresses)})"

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where they listen, each as ``HOST:PORT``; kept after they stopped."""
        return tuple(self._core.addresses)

    @property
    def leader(self) -> int:
        """Which one leads: its place in ``addresses``."""
        return self._core.leader

    def elect(
        self,
        index: int | None = None,
        *,
        early: float | timedelta | None = None,
        old_stays: bool = False,
        followers_learn: bool = True,
    ) -> None:
        """Have the server at that place lead, or with ``None`` the one after the leader.

        With ``early`` it serves that long (seconds) before it has read its duplications back, as a
        real one may: an add then makes a second duplication. With ``old_stays`` the old leader
        thinks that it still leads. Without ``followers_learn`` the others go on naming the old one.
        """
        place = None if index is None else self._place("index", index)
        self._core.elect(
            place,
            0.0 if early is None else _args.seconds("early", early),
            _args.flag("old_stays", old_stays),
            _args.flag("followers_learn", followers_learn),
        )

    def set_faults(self, faults: Iterable[str], *, server: int | None = None) -> None:
        """Have other fault rules from now on; ``[]`` is none. Counting starts again.

        They are of the whole group, whose servers then count together, or of the one server at
        that place.
        """
        place = None if server is None else self._place("server", server)
        self._core.set_faults(_args.texts("faults", faults), place)

    def _place(self, name: str, value: object) -> int:
        place = _args.int32(name, value)
        servers = len(self._core.addresses)
        if not 0 <= place < servers:
            raise InvalidArgument(f"the group has {servers} servers, from 0: {name}={place}")
        return place


def _settings(
    *,
    tables: object,
    remote_clusters: object,
    cluster_name: object,
    store: object,
    duplication_enabled: object,
    clock: str | None,
    partitions: object,
) -> _core._Settings:
    return {
        "tables": _tables(tables),
        "remote_clusters": _remote_clusters({} if remote_clusters is None else remote_clusters),
        "cluster_name": _args.text("cluster_name", cluster_name),
        "store": _store(store),
        "duplication_enabled": _args.flag("duplication_enabled", duplication_enabled),
        "clock": clock,
        "partitions": _args.texts("partitions", partitions),
    }


def _behaviour(generation: object) -> str:
    if generation is None:
        return "idempotent"
    return _args.one_of("generation", generation, _BEHAVIOURS)


def _clock(clock: object, generation_given: bool) -> str | None:
    if clock is None:
        # As on the command line: who names a generation gets a server that stands still.
        return "stopped" if generation_given else None
    return _args.one_of("clock", clock, _CLOCKS)


def _tables(value: object) -> list[str | tuple[str, int, int]]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        _args.wrong_type("tables", "an iterable of str or Table", value)
    result: list[str | tuple[str, int, int]] = []
    for index, item in enumerate(value):
        name = f"tables[{index}]"
        if not isinstance(item, Table):
            result.append(_args.text(name, item))
            continue
        result.append(
            (
                _args.text(f"{name}.name", item.name),
                _args.int32(f"{name}.partitions", item.partitions),
                _args.int32(f"{name}.replicas", item.replicas),
            )
        )
    return result


def _remote_clusters(value: object) -> list[tuple[str, list[str]]]:
    if not isinstance(value, Mapping):
        _args.wrong_type("remote_clusters", "a mapping of names to addresses", value)
    result = []
    for key, addresses in value.items():
        name = _args.text("a remote cluster's name", key)
        groups = _args.texts(f"remote_clusters[{name!r}]", addresses)
        result.append((name, [one for group in groups for one in group.split(",") if one]))
    return result


def _store(value: object) -> str | None:
    path = None if value is None else _args.path("store", value)
    # A path object of that name is a file's.
    return None if isinstance(value, str) and path == "memory" else path
