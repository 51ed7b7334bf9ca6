"""Fleets: plans, applies and exports over sockets, and the values."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pegasus_dup.fleet
import pytest
from async_support import notes, until
from async_support import run as run_async
from pegasus_dup import (
    AsyncClient,
    Busy,
    Client,
    FailMode,
    Generation,
    InvalidArgument,
    MetaServer,
    OutcomeUnknown,
    Status,
    TableNotFound,
)
from pegasus_dup.fleet import (
    Declaration,
    Event,
    Existing,
    Finished,
    Fleet,
    Item,
    ItemResult,
    Plan,
    PlanStep,
    Scope,
    Started,
    Summary,
    Verdict,
)

TABLES = [f"app_{number}" for number in range(6)]
REMOTE = {"target": "127.0.0.1:35601", "other": "127.0.0.1:35602"}
ALL = Fleet((Declaration("app_*", "target"),))

TOML = """
meta = "127.0.0.1:34601"
expect_cluster = "onebox"
[[duplication]]
table = "app_*,!app_tmp*"
cluster = "target"
remote_table = "{table}_copy"
remote_replica_count = 3
fail_mode = "slow"
status = "running"
[[duplication]]
table = ["stat", "te\\\\*mp"]
cluster = "other"
checkpoint = true
allow_empty = true
[[scope]]
table = "app_*"
cluster = "target"
"""
FLEET = Fleet(
    (
        Declaration(
            "app_*,!app_tmp*",
            "target",
            remote_table="{table}_copy",
            remote_replica_count=3,
            fail_mode="slow",
            status="running",
        ),
        Declaration(("stat", "te\\*mp"), "other", checkpoint=True, allow_empty=True),
    ),
    (Scope("app_*", "target"),),
    meta="127.0.0.1:34601",
    expect_cluster="onebox",
)


@pytest.fixture
def cluster() -> Iterator[MetaServer]:
    with MetaServer(tables=TABLES, remote_clusters=REMOTE, clock="fast") as server:
        yield server


@pytest.fixture
def client(cluster: MetaServer) -> Iterator[Client]:
    with Client(cluster.address, timeout=5) as client:
        yield client


def results(summary: Summary) -> dict[str, int]:
    return {one.value: summary.count(one) for one in ItemResult if summary.count(one)}


def test_a_file_is_the_same_as_the_values(tmp_path: Path) -> None:
    assert Fleet.parse(TOML) == FLEET
    assert Fleet.parse(FLEET.to_toml()) == FLEET
    assert Fleet.parse(FLEET.to_json(), "json") == FLEET
    yaml = "duplication: [{table: app_*, cluster: target}]"
    assert Fleet.parse(yaml, "yaml") == ALL
    for name, text in {
        "a.toml": ALL.to_toml(),
        "a": ALL.to_toml(),
        "a.json": ALL.to_json(),
        "a.yml": yaml,
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
        assert Fleet.load(tmp_path / name) == ALL
    assert Fleet.parse("") == Fleet()
    assert Fleet.parse(Fleet().to_json(), "json") == Fleet()
    assert "allow_empty" not in ALL.to_toml()


def test_a_wrong_file_is_refused_with_the_line() -> None:
    with pytest.raises(InvalidArgument, match=r"unknown field `replicas`.*: line=4") as caught:
        Fleet.parse('[[duplication]]\ntable = "a"\ncluster = "b"\nreplicas = 3\n')
    assert caught.value.hint is not None
    with pytest.raises(InvalidArgument, match="no such format"):
        Fleet.parse("", "ini")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Declaration("a[", "target"), "the pattern for tables is wrong"),
        (Declaration("", "target"), "the pattern for tables is wrong"),
        (Declaration("a", "target", remote_table="{other}"), "template of the remote table"),
        (Declaration("a", "target", remote_replica_count=2**31), "out of range"),
        (Declaration("a", "target", fail_mode="FAIL_SLOW"), "no such"),  # type: ignore[arg-type]
        (Declaration("a", "target", status="DS_LOG"), "no such"),  # type: ignore[arg-type]
        (Declaration("\ud800", "target"), "not valid text"),
    ],
)
def test_a_wrong_value_is_refused(client: Client, wrong: Declaration, message: str) -> None:
    for call in (client.plan, Fleet.to_toml, Fleet.to_json):
        with pytest.raises(InvalidArgument, match=message) as caught:
            call(Fleet((wrong,)))
        assert "line" not in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"table": 1},
        {"table": (1,)},
        {"cluster": None},
        {"remote_table": None},
        {"remote_replica_count": "3"},
        {"checkpoint": 1},
        {"fail_mode": 1},
        {"status": True},
        {"allow_empty": None},
    ],
    ids=str,
)
def test_a_wrong_type_is_refused(fields: dict[str, Any]) -> None:
    declaration = dataclasses.replace(Declaration("a", "target"), **fields)
    with pytest.raises(TypeError, match=rf"duplications\[0\]\.{next(iter(fields))}.* must be "):
        Fleet((declaration,)).to_json()


def test_a_plan_changes_nothing_and_says_everything(client: Client) -> None:
    client.add("app_1", "target")
    client.add("app_2", "target")
    client.pause("app_2", "target")
    client.add("app_3", "other")
    declared = Declaration("app_?,!app_3", "target", status="running", fail_mode="slow")
    missing = Declaration("missing", "target")
    plan = client.plan(Fleet((declared, missing), (Scope("*", "other"),)))
    assert plan == client.plan(Fleet((declared, missing), (Scope("*", "other"),)))
    assert {verdict.value: plan.count(verdict) for verdict in Verdict} == {
        "create": 3,
        "as_wanted": 1,
        "differs": 1,
        "not_comparable": 0,
        "refused": 1,
        "unmanaged": 1,
    }
    assert plan.has_changes
    assert plan.has_scopes
    assert plan.source.name == "onebox"
    assert plan.source.generation is Generation.DUP_EXIST
    by_table = {item.table: item for item in plan.items}
    assert by_table["app_0"].steps == (PlanStep.ADD,)
    assert by_table["missing"].why == "no such table is available"
    assert by_table["app_3"].in_scope
    assert by_table["app_3"].steps == (PlanStep.REMOVE,)
    differs = by_table["app_2"]
    assert differs.existing is not None
    assert differs.existing.status is Status.PAUSE
    assert differs.existing.fail_mode is FailMode.SLOW
    assert differs.steps == (PlanStep.START,)
    assert str(differs) == f"table=app_2 cluster=target dupid={differs.existing.dupid}"
    assert [str(one) for one in differs.differences] == ["status: DS_PAUSE -> running"]
    assert repr(plan) == "<Plan create=3 as_wanted=1 differs=1 refused=1 unmanaged=1>"
    assert len(client.list()) == 3


def test_a_plan_is_the_same_in_a_file(client: Client) -> None:
    client.add("app_1", "target")
    plan = client.plan(ALL)
    text = plan.to_text()
    assert Plan.parse(text) == plan
    assert Plan.parse(text).to_text() == text
    assert json.loads(text)["format"] == "pegasus-dup plan"
    for same in (pickle.loads(pickle.dumps(plan)), copy.deepcopy(plan)):
        assert same == plan
        assert hash(same) == hash(plan)
    with pytest.raises(InvalidArgument, match="not a plan file"):
        Plan.parse("{}")
    edited = dataclasses.replace(plan.items[0], verdict=Verdict.AS_WANTED)
    with pytest.raises(InvalidArgument, match="contradicts itself"):
        client.apply(dataclasses.replace(plan, items=(edited,)))


def test_applying_twice_is_the_same_as_applying_once(client: Client) -> None:
    events: list[Event] = []
    plan = client.plan(ALL)
    summary = client.apply(plan, on_event=events.append)
    assert results(summary) == {"created": len(TABLES)}
    assert not summary.stopped
    assert summary.error is None
    assert repr(summary) == f"<Summary created={len(TABLES)}>"
    assert [report.item for report in summary.reports] == list(plan.items)
    for report in summary.reports:
        assert report.done == (PlanStep.ADD,)
        assert report.evidence is not None
        assert report.evidence.certain
        assert report.dupid is not None
    started = [event.item for event in events if isinstance(event, Started)]
    finished = [event.report for event in events if isinstance(event, Finished)]
    assert sorted(item.table for item in started) == TABLES
    assert sorted(report.item.table for report in finished) == TABLES
    assert {report.item.table: report for report in finished} == {
        report.item.table: report for report in summary.reports
    }
    listed = client.list()
    again = client.plan(ALL)
    assert again.count(Verdict.AS_WANTED) == len(TABLES)
    assert not again.has_changes
    for repeated in (again, plan):
        assert results(client.apply(repeated)) == {"unchanged": len(TABLES)}
    assert [one.identity for one in client.list()] == [one.identity for one in listed]


def test_a_plan_of_an_export_is_empty(client: Client) -> None:
    client.add("app_1", "target", remote_table="copy", remote_replica_count=1)
    client.add("app_1", "other")
    client.pause("app_1", "other")
    client.set_fail_mode("app_1", "other", "skip")
    exported = client.export()
    assert exported.warnings == ()
    assert exported.fleet.expect_cluster == "onebox"
    assert (
        Declaration(
            "app_1",
            "target",
            remote_table="copy",
            remote_replica_count=1,
            fail_mode="slow",
            status="running",
        )
        in exported.fleet.duplications
    )
    for fleet in (exported.fleet, Fleet.parse(exported.fleet.to_toml())):
        plan = client.plan(fleet)
        assert plan.count(Verdict.AS_WANTED) == len(plan.items) == 2


def test_only_what_is_allowed_is_altered(client: Client, tmp_path: Path) -> None:
    client.add("app_0", "target")
    client.add("app_1", "target")
    declared = Declaration("app_0", "target", status="paused", fail_mode="skip")
    plan = client.plan(Fleet((declared,), (Scope("*", "target"),)))
    assert results(client.apply(plan)) == {"differs": 1, "unchanged": 1}
    assert results(client.apply(plan, fix=["fail_mode"])) == {"differs": 1, "unchanged": 1}
    plan = client.plan(Fleet((declared,), (Scope("*", "target"),)))
    with pytest.raises(InvalidArgument, match="max_changes=0"):
        client.apply(plan, fix=["status"], max_changes=0)
    assert results(client.apply(plan, fix=["status"])) == {"changed": 1, "unchanged": 1}
    [one] = client.query("app_0")
    assert (one.status, one.fail_mode) == (Status.PAUSE, FailMode.SKIP)
    plan = client.plan(Fleet((declared,), (Scope("*", "target"),)))
    with pytest.raises(InvalidArgument, match="earlier finished apply"):
        client.apply(plan, prune=True)
    audit = tmp_path / "audit"
    assert results(client.apply(plan, audit=audit)) == {"unchanged": 2}
    with pytest.raises(InvalidArgument, match="max_removals=0"):
        client.apply(plan, prune=True, audit=audit, max_removals=0)
    assert results(client.apply(plan, prune=True, audit=str(audit))) == {
        "unchanged": 1,
        "removed": 1,
    }
    assert client.query("app_1") == []


def test_failures_are_a_part_of_the_summary(cluster: MetaServer, client: Client) -> None:
    fleet = Fleet((Declaration(("app_*", "missing"), "target"),))
    summary = client.apply(client.plan(fleet))
    assert results(summary) == {"created": len(TABLES), "failed": 1}
    [error] = [report.error for report in summary.reports if report.error is not None]
    assert isinstance(error, TableNotFound)
    stale = client.plan(Fleet((Declaration("app_*", "other"),)))
    client.add("app_0", "other", remote_table="elsewhere")
    summary = client.apply(stale, keep_going=True)
    assert results(summary) == {"created": len(TABLES) - 1, "stale": 1, "unchanged": len(TABLES)}
    with (
        MetaServer(tables=TABLES, cluster_name="another") as another,
        Client(another.address) as wrong,
        pytest.raises(InvalidArgument, match="planned="),
    ):
        wrong.apply(stale)
    with pytest.raises(InvalidArgument, match="expect"):
        client.plan(Fleet(expect_cluster="another"))
    with pytest.raises(InvalidArgument, match="matches no table"):
        client.plan(Fleet((Declaration("nothing_*", "target"),)))


def test_lost_responses(cluster: MetaServer, client: Client) -> None:
    cluster.set_faults(["add=drop-reply"])
    summary = client.apply(client.plan(ALL), keep_going=True)
    # Every add took effect once, although no response arrived.
    assert results(summary) == {"created": len(TABLES)}
    for report in summary.reports:
        assert report.evidence is not None
    cluster.set_faults([])
    assert not client.plan(ALL).has_changes
    assert len(client.list()) == len(TABLES)


def test_lost_requests_are_not_claimed(cluster: MetaServer, client: Client) -> None:
    plan = client.plan(ALL)
    cluster.set_faults(["add=hold:600000"])
    summary = client.apply(plan, timeout=1, keep_going=True)
    assert results(summary) == {"unknown": len(TABLES)}
    for report in summary.reports:
        assert isinstance(report.error, OutcomeUnknown)
        assert report.done == ()
    assert len(client.unsettled) == len(TABLES)
    assert client.list() == []


def test_ctrl_c_lets_the_requests_in_flight_end(cluster: MetaServer, client: Client) -> None:
    plan = client.plan(ALL)
    events: list[Event] = []

    def interrupt(event: Event) -> None:
        events.append(event)
        if len(events) == 1:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        client.apply(plan, on_event=interrupt, concurrency=1)
    assert client.unsettled == []
    created = len(client.list())
    assert 1 <= created < len(TABLES)
    if hasattr(caught.value, "__notes__"):
        summary = f"created={created} not_tried={len(TABLES) - created} stopped"
        assert f"just ended, with <Summary {summary}>" in notes(caught.value)
    assert results(client.apply(plan)) == {
        "created": len(TABLES) - created,
        "unchanged": created,
    }


def test_a_second_ctrl_c_does_not_wait(cluster: MetaServer, client: Client) -> None:
    plan = client.plan(ALL)
    cluster.set_faults(["add=hold:600000"])
    begin = time.monotonic()

    def interrupt() -> None:
        while not client.unsettled:
            time.sleep(0.01)
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.3)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            client.apply(plan, timeout=60, concurrency=2)
        assert time.monotonic() - begin < 30
    finally:
        thread.join()
    unsettled = ["add table=app_0 cluster=target", "add table=app_1 cluster=target"]
    assert client.unsettled == unsettled
    if hasattr(caught.value, "__notes__"):
        assert "; ".join(unsettled) in notes(caught.value)


def test_an_exception_of_the_callback_stops_the_apply(client: Client) -> None:
    def refuse(event: Event) -> None:
        raise RuntimeError(f"enough of {type(event).__name__}")

    with pytest.raises(RuntimeError, match="enough of Started"):
        client.apply(client.plan(ALL), on_event=refuse, concurrency=1)
    assert client.unsettled == []
    assert len(client.list()) < len(TABLES)
    with pytest.raises(TypeError, match="on_event must be callable"):
        client.apply(client.plan(ALL), on_event=1)  # type: ignore[arg-type]


def test_the_audit_file_is_locked_while_an_apply_runs(client: Client, tmp_path: Path) -> None:
    audit = tmp_path / "audit"
    plan = client.plan(ALL)
    refused: list[object] = []

    def again(event: Event) -> None:
        try:
            client.apply(plan, audit=audit)
        except Busy as error:
            refused.append(error)

    summary = client.apply(plan, audit=audit, on_event=again, concurrency=1)
    assert results(summary) == {"created": len(TABLES)}
    assert len(refused) >= len(TABLES)
    lines = [json.loads(line) for line in audit.read_text("utf-8").splitlines()]
    assert len(lines) == 2 + 2 * len(TABLES)
    with pytest.raises(InvalidArgument, match="audit file"):
        client.apply(plan, audit=tmp_path)


def test_asyncio(cluster: MetaServer) -> None:
    async def main() -> None:
        client = AsyncClient(cluster.address, timeout=5)
        plan = await client.plan(ALL)
        events: list[Event] = []
        summary = await client.apply(plan, on_event=events.append)
        assert results(summary) == {"created": len(TABLES)}
        assert sum(isinstance(event, Finished) for event in events) == len(TABLES)
        exported = await client.export()
        assert len(exported.fleet.duplications) == len(TABLES)
        assert not (await client.plan(exported.fleet)).has_changes
        await client.close()

    run_async(main())


def test_cancelling_an_apply(cluster: MetaServer) -> None:
    async def main() -> None:
        client = AsyncClient(cluster.address, timeout=60)
        plan = await client.plan(ALL)
        cluster.set_faults(["add=hold:600000"])
        task = asyncio.ensure_future(client.apply(plan, concurrency=2))
        await until(lambda: len(client.unsettled) == 2, "two adds")
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        unsettled = ["add table=app_0 cluster=target", "add table=app_1 cluster=target"]
        assert client.unsettled == unsettled
        if hasattr(caught.value, "__notes__"):
            assert "; ".join(unsettled) in notes(caught.value)
        await client.close()

    run_async(main())


def test_both_clients_have_the_same_methods() -> None:
    for name in ("plan", "apply", "export"):
        assert asyncio.iscoroutinefunction(getattr(AsyncClient, name))
        assert not asyncio.iscoroutinefunction(getattr(Client, name))


def test_a_status_without_a_name_is_not_known(client: Client) -> None:
    client.add("app_0", "target")
    text = client.plan(Fleet()).to_text().replace('"DS_PREPARE"', '"DS_LOG"')
    assert '"status":"DS_LOG"' in text
    plan = Plan.parse(text.replace('"status":"DS_LOG"', '"status":"DS_UNKNOWN(99)"'))
    [item] = plan.items
    assert item.existing is not None
    assert item.existing.status is Status.UNKNOWN
    assert '"status":null' in plan.to_text()


def test_everything_public_is_documented() -> None:
    for name in pegasus_dup.fleet.__all__:
        thing = getattr(pegasus_dup.fleet, name)
        assert thing.__doc__, name
        assert not thing.__doc__.startswith(f"{name}("), name
        for member, value in vars(thing).items():
            if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                assert value.__doc__, f"{name}.{member}"
    assert dataclasses.is_dataclass(Item)
    assert next(field.name for field in dataclasses.fields(Existing)) == "dupid"
