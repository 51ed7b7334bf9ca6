"""Fleets: declare the duplications of a cluster, see what differs, and apply it.

    from pegasus_dup import Client
    from pegasus_dup.fleet import Declaration, Fleet

    fleet = Fleet((Declaration("app_*,!app_tmp*", "target"),))
    with Client("127.0.0.1:34601") as client:
        plan = client.plan(fleet)
        for item in plan.items:
            print(item.verdict, item)
        summary = client.apply(plan)
        print(summary)

The classes are frozen, and their objects can be compared, hashed and copied. The page on fleets
describes the same things as a file.
"""

from __future__ import annotations

from . import _args, _core
from ._enums import Evidence, FailMode, Generation, ItemResult, PlanStep, Property, Status, Verdict
from ._values import FrozenDict, dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

    from typing_extensions import Literal

    from ._errors import PegasusDupError
    from ._resources import FieldValue

__all__ = [
    "Declaration",
    "Event",
    "Existing",
    "Exported",
    "Finished",
    "Fleet",
    "Item",
    "ItemDifference",
    "ItemReport",
    "ItemResult",
    "Plan",
    "PlanStep",
    "Preparing",
    "Scope",
    "SourceCluster",
    "Started",
    "Summary",
    "Verdict",
    "Wanted",
]

_FORMATS = ("toml", "yaml", "json")
_FAIL_MODES = ("slow", "skip", "fast")
_STATUSES = ("running", "paused")


@dataclass(frozen=True)
class Declaration:
    """The declaration of one duplication for each table that it selects."""

    table: str | tuple[str, ...]
    """The tables: names and globs, with exclusions, such as ``app_*,!app_tmp*``. Either a text of
    patterns that are separated by commas, or a tuple of patterns."""
    cluster: str
    """The name of the remote cluster."""
    remote_table: str = "{table}"
    """The name of each remote table. ``{table}`` stands for the name of the table."""
    remote_replica_count: int | None = None
    """The replica count of each remote table. ``None`` stands for the count of the table itself,
    and is not compared."""
    checkpoint: bool = False
    """Whether the data that a table already holds is shipped too."""
    fail_mode: Literal["slow", "skip", "fast"] | None = None
    """The fail mode. ``None`` stands for the server's default, and is not compared."""
    status: Literal["running", "paused"] | None = None
    """Whether the duplication is running. ``None`` stands for a running duplication, and is not
    compared."""
    allow_empty: bool = False
    """Whether a glob may match no table. Otherwise such a glob is an error."""


@dataclass(frozen=True)
class Scope:
    """The duplications of some tables to one remote cluster.

    In a scope, a fleet declares every duplication that should exist. Only duplications in a scope
    are ever removed.
    """

    table: str | tuple[str, ...]
    """The tables, as in a ``Declaration``."""
    cluster: str
    """The name of the remote cluster."""


@dataclass(frozen=True)
class Fleet:
    """The duplications that a cluster should have."""

    duplications: tuple[Declaration, ...] = ()
    """The declared duplications."""
    scopes: tuple[Scope, ...] = ()
    """The scopes in which this fleet declares everything."""
    meta: str | None = None
    """The meta servers of the source cluster, as ``HOST:PORT[,...]``. Only the command line uses
    them: a ``Client`` has its own."""
    cluster: str | None = None
    """The name of the source cluster in a clusters file. Only the command line uses it."""
    expect_cluster: str | None = None
    """The name that the source cluster must report for itself. A plan for another cluster is
    refused."""

    @staticmethod
    def parse(
        text: str,
        format: Literal["toml", "yaml", "json"] = "toml",  # noqa: A002
    ) -> Fleet:
        """Read a fleet from text.

        Raises ``InvalidArgument`` if the text is malformed, or has an unknown key or a wrong value.
        The message names the line.
        """
        name = _args.one_of("format", format, _FORMATS)
        return _fleet(_loads(_core.fleet_of_text(_args.text("text", text), f"fleet.{name}")))

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Fleet:
        """Read a fleet from a file.

        The name of the file decides the format: ``.json``, ``.yaml`` or ``.yml``, and otherwise
        TOML.
        """
        name = _args.path("path", path)
        with open(name, encoding="utf-8") as file:
            return _fleet(_loads(_core.fleet_of_text(file.read(), name)))

    def to_toml(self) -> str:
        """Return the text of a TOML file that declares this fleet."""
        return _core.fleet_toml(fleet_json(self))

    def to_json(self) -> str:
        """Return the text of a JSON file that declares this fleet."""
        return _core.fleet_json(fleet_json(self))


@dataclass(frozen=True)
class Exported:
    """What a cluster has, as ``Client.export`` returns it."""

    fleet: Fleet
    """The fleet, which declares every duplication as it is."""
    warnings: tuple[str, ...]
    """The warnings about what cannot be declared. If there are none, a plan of the fleet finds
    every duplication as wanted."""


@dataclass(frozen=True)
class SourceCluster:
    """The cluster that a plan is about."""

    meta: str
    """The meta servers, as ``HOST:PORT[,...]``."""
    name: str | None
    """The name that the cluster reports for itself. ``None`` if it reports none."""
    generation: Generation | None
    """The generation of the leader. ``None`` if it could not be found out."""


@dataclass(frozen=True)
class Wanted:
    """What a fleet declares for one duplication."""

    remote_table: str
    """The name of the remote table."""
    remote_replica_count: int | None
    """The replica count of the remote table. ``None`` for the count of the table itself."""
    checkpoint: bool
    """Whether the data that the table already holds is shipped too."""
    fail_mode: Literal["slow", "skip", "fast"] | None
    """The fail mode. ``None`` if it is not declared."""
    status: Literal["running", "paused"] | None
    """Whether the duplication is running. ``None`` if it is not declared."""


@dataclass(frozen=True)
class Existing:
    """What was seen of an existing duplication. The fields are those of ``Duplication``."""

    dupid: int
    """The id of the duplication within the table."""
    create_ts_ms: int | None
    """The time of creation, in milliseconds since 1970."""
    status: Status | None
    """The status."""
    fail_mode: FailMode | None
    """What the duplication does with a write that the remote cluster refuses."""
    remote_table: str | None
    """The name of the table in the remote cluster."""
    remote_replica_count: int | None
    """The replica count of the remote table."""


@dataclass(frozen=True)
class ItemDifference:
    """A property in which an existing duplication differs from its declaration."""

    property: Property
    """The property."""
    wanted: FieldValue
    """The declared value."""
    existing: FieldValue
    """The value of the existing duplication."""

    def __str__(self) -> str:
        return _core.item_difference_text(_dumps(self))


@dataclass(frozen=True)
class Item:
    """What a plan says of one duplication."""

    verdict: Verdict
    """The verdict."""
    table: str
    """The table whose writes are shipped."""
    table_id: int | None
    """The id of the table. ``None`` if there is no such table."""
    cluster: str
    """The name of the remote cluster."""
    wanted: Wanted | None
    """What the fleet declares. ``None`` for an unmanaged duplication."""
    existing: Existing | None
    """What exists. ``None`` if nothing does."""
    differences: tuple[ItemDifference, ...]
    """The properties in which the duplication differs from the declaration."""
    unverified: tuple[Property, ...]
    """The declared properties that cannot be compared."""
    steps: tuple[PlanStep, ...]
    """What it takes to bring the duplication into the declared state, in order."""
    why: str | None
    """Why the duplication cannot be created or compared, and other information for the user."""
    in_scope: bool
    """Whether the duplication is in a scope of the fleet. Only an unmanaged duplication in a scope
    is ever removed."""

    def __str__(self) -> str:
        return _core.item_text(_dumps(self))


@dataclass(frozen=True)
class Plan:
    """What a cluster has, compared with what a fleet declares. Nothing was changed to make it."""

    source: SourceCluster
    """The source cluster."""
    input_hash: str
    """The SHA-256 hash of the fleet that the plan was made from, in hexadecimal digits."""
    items: tuple[Item, ...]
    """What the plan says of each duplication, sorted by table, remote cluster and dupid."""
    warnings: tuple[str, ...]
    """What the operator should know before the plan is applied."""
    has_scopes: bool
    """Whether the fleet declares scopes. Without a scope, nothing is ever removed."""

    @staticmethod
    def parse(text: str) -> Plan:
        """Read a plan from the text of a plan file.

        Raises ``InvalidArgument`` if the text is not a plan, is a plan of another version, or
        contradicts itself.
        """
        return _core.plan_of_text(_args.text("text", text))

    def to_text(self) -> str:
        """Return the text of a plan file."""
        return _core.plan_text(_dumps(self))

    def count(self, verdict: Verdict) -> int:
        """Return the number of duplications with this verdict."""
        return sum(item.verdict == verdict for item in self.items)

    @property
    def has_changes(self) -> bool:
        """Whether a duplication has to be created, or differs from its declaration."""
        return any(item.verdict in (Verdict.CREATE, Verdict.DIFFERS) for item in self.items)

    def __repr__(self) -> str:
        # A plan may have thousands of items.
        return f"<Plan {_counts(self.count, Verdict)}>"


@dataclass(frozen=True)
class ItemReport:
    """What an apply did with one duplication."""

    item: Item
    """The duplication, as the plan has it."""
    result: ItemResult
    """The result. If some steps had an effect and a later one failed, this is the result of the
    later one."""
    done: tuple[PlanStep, ...]
    """The steps that had an effect, in order."""
    evidence: Evidence | None
    """How the result of an add or a removal is known."""
    dupid: int | None
    """The dupid of the duplication that was created."""
    warning: str | None
    """Additional information for the user, and what was left as it is."""
    error: PegasusDupError | None
    """Why the result is failed, stale or unknown."""


@dataclass(frozen=True)
class Summary:
    """What an apply did with all duplications."""

    reports: tuple[ItemReport, ...]
    """What was done with each duplication, in the order of the plan."""
    stopped: bool
    """Whether the apply was stopped before everything was tried."""
    error: PegasusDupError | None
    """Why the apply was stopped, if the audit file could not be written."""

    def count(self, result: ItemResult) -> int:
        """Return the number of duplications with this result."""
        return sum(report.result == result for report in self.reports)

    def __repr__(self) -> str:
        # A summary may have thousands of reports.
        stopped = " stopped" if self.stopped else ""
        return f"<Summary {_counts(self.count, ItemResult)}{stopped}>"


class Event:
    """The base class of what happens while a plan is applied."""


@dataclass(frozen=True)
class Started(Event):
    """The first request for a duplication is about to be sent."""

    item: Item
    """The duplication."""


@dataclass(frozen=True)
class Finished(Event):
    """Nothing more is done for a duplication.

    A duplication for which nothing was tried has no such event.
    """

    report: ItemReport
    """What was done."""


@dataclass(frozen=True)
class Preparing(Event):
    """The next adds wait until fewer duplications are in ``DS_PREPARE``."""

    preparing: int
    """The number of duplications in ``DS_PREPARE``, and of adds that may have made further ones
    since the cluster was read."""
    waiting: int
    """The number of duplications that wait."""


def _counts(count: Any, members: Any) -> str:
    shown = [f"{member}={count(member)}" for member in members if count(member)]
    return " ".join(shown) or "empty"


def _dumps(value: object) -> str:
    # Importing json takes longer than importing this module.
    import json  # noqa: PLC0415

    return json.dumps(value, default=_fields)


def _loads(text: str) -> Any:
    import json  # noqa: PLC0415

    return json.loads(text)


def _fields(value: Any) -> dict[str, object]:
    # A state without a name has lost its number, so it is written as one that is not known.
    unknown = (Status.UNKNOWN, FailMode.UNKNOWN)
    fields = {name: getattr(value, name) for name in value.__match_args__}
    return {name: None if field in unknown else field for name, field in fields.items()}


def fleet_json(fleet: Fleet) -> str:
    """Return a fleet as JSON, after its types were checked."""
    text, optional = _args.text, _args.optional_text
    given = {
        "meta": optional("meta", fleet.meta),
        "cluster": optional("cluster", fleet.cluster),
        "expect_cluster": optional("expect_cluster", fleet.expect_cluster),
        "duplication": [
            {
                "table": _globs(f"duplications[{index}].table", one.table),
                "cluster": text(f"duplications[{index}].cluster", one.cluster),
                "remote_table": text(f"duplications[{index}].remote_table", one.remote_table),
                "remote_replica_count": _args.optional_int32(
                    f"duplications[{index}].remote_replica_count", one.remote_replica_count
                ),
                "checkpoint": _args.flag(f"duplications[{index}].checkpoint", one.checkpoint),
                "fail_mode": one.fail_mode
                and _args.one_of(f"duplications[{index}].fail_mode", one.fail_mode, _FAIL_MODES),
                "status": one.status
                and _args.one_of(f"duplications[{index}].status", one.status, _STATUSES),
                "allow_empty": _args.flag(f"duplications[{index}].allow_empty", one.allow_empty),
            }
            for index, one in enumerate(fleet.duplications)
        ],
        "scope": [
            {
                "table": _globs(f"scopes[{index}].table", one.table),
                "cluster": text(f"scopes[{index}].cluster", one.cluster),
            }
            for index, one in enumerate(fleet.scopes)
        ],
    }
    return _dumps(given)


def _globs(name: str, value: object) -> str | list[str]:
    return _args.text(name, value) if isinstance(value, str) else _args.texts(name, value)


# The functions below make objects of the JSON that the library returns.


def _fleet(value: Any) -> Fleet:
    return Fleet(
        tuple(Declaration(**_tables(one)) for one in value.pop("duplication", ())),
        tuple(Scope(**_tables(one)) for one in value.pop("scope", ())),
        **value,
    )


def _tables(value: Any) -> Any:
    return {**value, "table": _frozen(value["table"])}


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(one) for one in value)
    if isinstance(value, dict):
        return FrozenDict({name: _frozen(one) for name, one in value.items()})
    return value


def _item(value: Any) -> Item:
    wanted, existing = value["wanted"], value["existing"]
    return Item(
        **{
            **value,
            "verdict": Verdict(value["verdict"]),
            "wanted": wanted and Wanted(**wanted),
            "existing": existing and _existing(existing),
            "differences": tuple(_difference(one) for one in value["differences"]),
            "unverified": tuple(Property(one) for one in value["unverified"]),
            "steps": tuple(PlanStep(one) for one in value["steps"]),
        }
    )


def _existing(value: Any) -> Existing:
    # The number of a state without a name follows in parentheses.
    status, mode = (
        named and named.partition("(")[0] for named in (value["status"], value["fail_mode"])
    )
    states = {"status": status and Status(status), "fail_mode": mode and FailMode(mode)}
    return Existing(**{**value, **states})


def _difference(value: Any) -> ItemDifference:
    frozen = (_frozen(value["wanted"]), _frozen(value["existing"]))
    return ItemDifference(Property(value["property"]), *frozen)


def _report(value: Any, error: PegasusDupError | None) -> ItemReport:
    evidence = value["evidence"]
    return ItemReport(
        item=_item(value["item"]),
        result=ItemResult(value["result"]),
        done=tuple(PlanStep(one) for one in value["done"]),
        evidence=evidence and Evidence(evidence),
        dupid=value["dupid"],
        warning=value["warning"],
        error=error,
    )


# The library calls the functions below with JSON, and with the errors that belong to it.


def _plan(text: str, _: tuple[()]) -> Plan:
    value = _loads(text)
    generation = value["source"]["generation"]
    source = {**value["source"], "generation": generation and Generation(generation)}
    return Plan(
        **{
            **value,
            "source": SourceCluster(**source),
            "items": tuple(_item(one) for one in value["items"]),
            "warnings": tuple(value["warnings"]),
        }
    )


def _export(text: str, _: tuple[()]) -> Exported:
    fleet, warnings = _loads(text)
    return Exported(_fleet(fleet), tuple(warnings))


def _summary(text: str, errors: tuple[PegasusDupError | None, ...]) -> Summary:
    reports, stopped = _loads(text)
    *of_items, error = errors
    return Summary(tuple(map(_report, reports, of_items)), stopped, error)


def _started(text: str, _: tuple[()]) -> Started:
    return Started(_item(_loads(text)))


def _finished(text: str, errors: tuple[PegasusDupError | None]) -> Finished:
    return Finished(_report(_loads(text), *errors))


def _preparing(text: str, _: tuple[()]) -> Preparing:
    return Preparing(*_loads(text))
