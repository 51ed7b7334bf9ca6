"""The package has the operations, outcomes, evidence and errors that tests/parity.json lists."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pegasus_dup
import pytest
from pegasus_dup import (
    AsyncClient,
    Client,
    ErrorKind,
    Evidence,
    FailMode,
    Generation,
    KnownBy,
    PegasusDupError,
    Property,
    RemoteClusterState,
    Role,
    Status,
    TableStatus,
)

TABLE = json.loads((Path(__file__).parents[1] / "parity.json").read_text("utf-8"))


def names(section: str) -> list[str]:
    return [entry["name"] for entry in TABLE[section]]


def test_evidence() -> None:
    assert [one.value for one in Evidence] == names("evidence")
    for entry in TABLE["evidence"]:
        assert Evidence(entry["name"]).certain is entry["certain"]


def test_errors_have_a_class_each() -> None:
    assert [one.value for one in ErrorKind] == names("errors")
    exceptions: dict[str, type[PegasusDupError]] = {
        name: thing
        for name, thing in vars(pegasus_dup).items()
        if isinstance(thing, type)
        and issubclass(thing, PegasusDupError)
        and PegasusDupError in thing.__bases__
    }
    assert exceptions.keys() == {entry["python"] for entry in TABLE["errors"]}
    for entry in TABLE["errors"]:
        assert exceptions[entry["python"]].kind.value == entry["name"]


def test_names_of_states() -> None:
    # In Python, a number without a name is an enumeration member, too.
    assert {one.value for one in Status} == {*names("statuses"), "DS_UNKNOWN"}
    assert {one.value for one in TableStatus} == {*names("table_statuses"), "AS_UNKNOWN"}
    assert {one.value for one in FailMode} == {*names("fail_modes"), "FAIL_UNKNOWN"}
    assert [one.value for one in Generation] == names("generations")
    assert [one.value for one in Property] == names("properties")
    assert [one.value for one in Role] == names("roles")
    assert [one.value for one in KnownBy] == names("known_by")
    assert [one.value for one in RemoteClusterState] == names("remote_cluster_states")


# A call that reads one value returns it, and not a list of one.
READ = {"RemoteCluster", "Table"}
# The same operations, which return their errors as values.
TRY = {"try_add", "try_add_backup_policy", "try_create_table"}
BOTH = pytest.mark.parametrize("client", [Client, AsyncClient])


def annotated(client: type, method: str) -> set[str]:
    text: str = getattr(client, method).__annotations__["return"]
    names = (name.strip().split("[")[0] for name in text.split("|"))
    return {name.rpartition(".")[2] for name in names}


@BOTH
def test_operations_and_what_they_give(client: type) -> None:
    given: set[str] = set()
    for operation in names("operations"):
        given |= annotated(client, operation)
    for operation in TRY:
        given |= annotated(client, operation)
        plain = annotated(client, operation.replace("try_", "", 1))
        assert annotated(client, operation) == {*plain, "Failed"}
    assert given - READ == {entry["python"] for entry in TABLE["outcomes"]}


@BOTH
def test_no_operation_is_missing_from_the_table(client: type) -> None:
    outcomes = {entry["python"] for entry in TABLE["outcomes"]}
    methods = {
        name
        for name, method in vars(client).items()
        if not name.startswith("_") and inspect.isfunction(method)
        if annotated(client, name) <= outcomes | READ
    }
    assert methods - TRY == set(names("operations"))
    creates = {name for name in methods - TRY if "Created" in annotated(client, name)}
    assert {f"try_{name}" for name in creates} == TRY


@pytest.mark.parametrize("operation", [*names("operations"), *sorted(TRY)])
def test_both_clients_are_asked_and_answer_alike(operation: str) -> None:
    blocking, awaited = getattr(Client, operation), getattr(AsyncClient, operation)
    assert inspect.iscoroutinefunction(awaited)
    assert inspect.signature(awaited) == inspect.signature(blocking)
