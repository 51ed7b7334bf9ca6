"""The embedded meta server, and groups of embedded meta servers."""

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
# A larger number is most likely a mistake, because each server needs a port.
_MOST_SERVERS = 100


@dataclass(frozen=True)
class ServedTable:
    """A table that an embedded server has at its start."""

    name: str
    """The name of the table."""
    partitions: int = 8
    """The number of partitions."""
    replicas: int = 3
    """The replica count."""


class _Served:
    """The base class of a server and a group."""

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
        """The number of requests that would have ended a real server of this generation."""
        return self._core.would_have_died

    def advance(self, time: float | timedelta) -> None:
        """Advance the clock by this time, in seconds. The server must have ``clock="manual"``.

        After this returns, requests see the changes that the time has brought.
        """
        if not self._core.advance(_args.seconds("time", time)):
            raise InvalidArgument(
                "only a manual clock can be advanced", hint='make the server with clock="manual"'
            )

    def set_partitions(self, partitions: Iterable[str]) -> None:
        """Replace the rules for partitions that lag or are stuck. ``[]`` removes all rules."""
        self._core.set_partitions(_args.texts("partitions", partitions))

    def set_alive_nodes(self, count: int) -> None:
        """Let the first ``count`` replica servers be alive from now on, and the others dead.

        A partition whose primary dies gets one of its secondaries that are alive as its primary at
        once, or no primary if there is none. Everything else takes the time ``ready_after``.
        """
        self._core.set_alive_nodes(_count("count", count))

    def stop(self) -> None:
        """Respond to the requests in flight, and stop. Stopping a stopped server does nothing."""
        self._core.stop()


class MetaServer(_Served):
    """An embedded meta server on its own threads, for trials of the client and for tests.

    The server speaks the real protocol over TCP, and follows the rules of a real server. It listens
    when the constructor returns. It stops at the end of the ``with`` block, by ``stop()``, or when
    its last reference is gone.

    ``tables`` are texts ``"NAME[:PARTITIONS[:REPLICAS]]"``, as in ``serve --table``, or
    ``ServedTable`` objects. Their ids are 1, 2, ... in this order. ``remote_clusters`` names the
    clusters that tables can be duplicated to, as in ``{"target": "HOST:PORT"}``, where the address
    may also be an iterable of addresses. Nothing is ever sent to them. ``store`` is the path of a
    file that keeps all acknowledged changes. With ``None`` or ``"memory"``, nothing is kept.

    ``generation`` makes the server behave like servers of that generation, including their side
    effects. The default is ``"idempotent"``: a repeated add changes nothing, and the response says
    so.

    ``clock`` is the clock by which duplications move to their next status: ``"real"``, ``"fast"``
    (100 times as fast), ``"stopped"``, or ``"manual"``, which only ``advance()`` moves. The default
    is ``"stopped"`` with an explicit generation, and ``"real"`` otherwise. ``partitions`` are rules
    for partitions that lag or are stuck, such as ``"temp:1=lag:30"`` (30 decrees behind) and
    ``"temp:2=stick:40"`` (never beyond decree 40).

    ``nodes`` is the number of replica servers that the server names. Each partition has a primary
    and secondaries on them. They exist in the responses only. The default is 0 with an explicit
    generation, and 3 otherwise. ``set_alive_nodes()`` lets them die and come back. If fewer than
    ``min_alive_nodes`` or less than 65 % of them are alive, the function level is ``freezed``.
    ``ready_after`` is the time (in seconds) from the creation of a table until its partitions have
    their replicas. After a recall it takes three times as long.

    ``duplication_enabled=False`` makes the server refuse every request about duplication with
    ERR_SERVICE_NOT_ACTIVE, like a real server on which duplication is disabled.
    ``backup_enabled=False`` does the same for requests about backup policies.

    ``block_services`` are the providers that backup policies may use. Nothing is ever stored there.

    ``faults`` are rules that say which requests meet which fault, such as ``"add#1=drop-reply"``
    (the first add is handled, and its response is lost), ``"query#2+=delay:200"`` (from the second
    query on, responses are late by 200 ms) and ``"add=refuse:ERR_BUSY"``. docs/server.md lists all
    faults.
    """

    _core: _core.MetaServer

    def __init__(
        self,
        *,
        tables: Iterable[str | ServedTable] = (),
        remote_clusters: Mapping[str, str | Iterable[str]] | None = None,
        cluster_name: str = "onebox",
        listen: str = "127.0.0.1:0",
        store: str | os.PathLike[str] | None = None,
        generation: Generation | Literal["idempotent"] | str | None = None,
        duplication_enabled: bool = True,
        backup_enabled: bool = True,
        block_services: Iterable[str] = ("local_service",),
        clock: Literal["real", "fast", "stopped", "manual"] | None = None,
        nodes: int | None = None,
        min_alive_nodes: int = 1,
        ready_after: float | timedelta = 1.0,
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
                backup_enabled=backup_enabled,
                block_services=block_services,
                clock=_clock(clock, generation is not None),
                nodes=_nodes(nodes, generation is not None),
                min_alive_nodes=min_alive_nodes,
                ready_after=ready_after,
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
        """The address of the server, as ``HOST:PORT``. It stays the same after a stop."""
        return self._core.address

    def set_faults(self, faults: Iterable[str]) -> None:
        """Replace the fault rules. ``[]`` removes all rules. Requests are counted from 1 again."""
        self._core.set_faults(_args.texts("faults", faults))


class MetaGroup(_Served):
    """A group of embedded meta servers over one store. The first server leads.

    The other servers send clients to the leader, as real followers do. ``Client(group.addresses)``
    is a client of the whole group.

    ``servers`` is the number of servers. ``generation`` is the generation of all servers, or an
    iterable with the generation of each server, for example for a group that is half upgraded.
    ``faults`` apply to the whole group, whose servers count requests together. The other arguments
    are those of ``MetaServer``. Each server listens on a free port of ``host``.
    """

    _core: _core.MetaGroup

    def __init__(
        self,
        servers: int = 3,
        *,
        tables: Iterable[str | ServedTable] = (),
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
        backup_enabled: bool = True,
        block_services: Iterable[str] = ("local_service",),
        clock: Literal["real", "fast", "stopped", "manual"] | None = None,
        nodes: int | None = None,
        min_alive_nodes: int = 1,
        ready_after: float | timedelta = 1.0,
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
                    "give one generation for all servers, or one for each server: "
                    f"servers={count} generations={len(behaviours)}"
                )
        self._core = _core.MetaGroup(
            _settings(
                tables=tables,
                remote_clusters=remote_clusters,
                cluster_name=cluster_name,
                store=store,
                duplication_enabled=duplication_enabled,
                backup_enabled=backup_enabled,
                block_services=block_services,
                clock=_clock(clock, generation is not None),
                nodes=_nodes(nodes, generation is not None),
                min_alive_nodes=min_alive_nodes,
                ready_after=ready_after,
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
        """The addresses of the servers, each as ``HOST:PORT``. They stay the same after a stop."""
        return tuple(self._core.addresses)

    @property
    def leader(self) -> int:
        """The index of the leader in ``addresses``."""
        return self._core.leader

    def elect(
        self,
        index: int | None = None,
        *,
        early: float | timedelta | None = None,
        old_stays: bool = False,
        followers_learn: bool = True,
    ) -> None:
        """Make the server at this index the leader, or by default the server after the leader.

        With ``early``, the new leader serves for this time (in seconds) before it has read its
        duplications and backup policies back, as a real leader may. An add then creates a second
        duplication, and a backup policy that exists can be added. With
        ``old_stays``, the old leader still considers itself the leader. Without
        ``followers_learn``, the followers still name the old leader.
        """
        place = None if index is None else self._place("index", index)
        self._core.elect(
            place,
            0.0 if early is None else _args.seconds("early", early),
            _args.flag("old_stays", old_stays),
            _args.flag("followers_learn", followers_learn),
        )

    def set_faults(self, faults: Iterable[str], *, server: int | None = None) -> None:
        """Replace the fault rules. ``[]`` removes all rules. Requests are counted from 1 again.

        The rules apply to the whole group, whose servers count requests together, or to the server
        at the index ``server``.
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
    backup_enabled: object,
    block_services: object,
    clock: str | None,
    nodes: int | None,
    min_alive_nodes: object,
    ready_after: object,
    partitions: object,
) -> _core._Settings:
    return {
        "tables": _tables(tables),
        "remote_clusters": _remote_clusters({} if remote_clusters is None else remote_clusters),
        "cluster_name": _args.text("cluster_name", cluster_name),
        "store": _store(store),
        "duplication_enabled": _args.flag("duplication_enabled", duplication_enabled),
        "backup_enabled": _args.flag("backup_enabled", backup_enabled),
        "block_services": _args.texts("block_services", block_services),
        "clock": clock,
        "nodes": nodes,
        "min_alive_nodes": _count("min_alive_nodes", min_alive_nodes),
        "ready_after": _args.seconds("ready_after", ready_after),
        "partitions": _args.texts("partitions", partitions),
    }


def _behaviour(generation: object) -> str:
    if generation is None:
        return "idempotent"
    return _args.one_of("generation", generation, _BEHAVIOURS)


def _clock(clock: object, generation_given: bool) -> str | None:
    if clock is None:
        # As on the command line, the clock of a server with an explicit generation is stopped.
        return "stopped" if generation_given else None
    return _args.one_of("clock", clock, _CLOCKS)


def _nodes(nodes: object, generation_given: bool) -> int | None:
    if nodes is None:
        # As on the command line, a server with an explicit generation has no replica servers.
        return 0 if generation_given else None
    return _count("nodes", nodes)


def _count(name: str, value: object) -> int:
    count = _args.int32(name, value)
    if count < 0:
        raise InvalidArgument(f"the number of replica servers is not negative: {name}={count}")
    return count


def _tables(value: object) -> list[str | tuple[str, int, int]]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        _args.wrong_type("tables", "an iterable of str or ServedTable", value)
    result: list[str | tuple[str, int, int]] = []
    for index, item in enumerate(value):
        name = f"tables[{index}]"
        if not isinstance(item, ServedTable):
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
    # A path object with this name is the path of a file.
    return None if isinstance(value, str) and path == "memory" else path
