"""The names, values, types and style of the package."""

from __future__ import annotations

import copy
import dataclasses
import enum
import inspect
import pickle
import pydoc
import subprocess
import sys
from pathlib import Path

import pegasus_dup
import pytest
from pegasus_dup import (
    AlreadyExists,
    Changed,
    Created,
    Difference,
    Duplication,
    EntryKind,
    ErrorKind,
    Evidence,
    FailMode,
    Generation,
    Info,
    KnownBy,
    MetaServer,
    NotFound,
    PartitionProgress,
    Property,
    RemoteClusterState,
    Removed,
    Resource,
    Role,
    ServerInfo,
    Status,
    Step,
    TableStatus,
    Unchanged,
    _core,
)
from pegasus_dup.fleet import ItemResult, PlanStep, Verdict

ROOT = Path(__file__).parents[2]


def duplication(**changes: object) -> Duplication:
    fields: dict[str, object] = {
        "table": "temp",
        "table_id": 1,
        "cluster": "target",
        "dupid": 7,
        "status": Status.LOG,
        "fail_mode": FailMode.SLOW,
        "remote_table": "temp",
        "remote_replica_count": 3,
        "create_ts_ms": 1_700_000_000_123,
        "partitions": (PartitionProgress(0, None, 5),),
    }
    return Duplication(**{**fields, **changes})  # type: ignore[arg-type]


ENUMS: dict[str, type[enum.Enum]] = {
    "EntryKind": EntryKind,
    "ErrorKind": ErrorKind,
    "Evidence": Evidence,
    "FailMode": FailMode,
    "Generation": Generation,
    "ItemResult": ItemResult,
    "KnownBy": KnownBy,
    "PlanStep": PlanStep,
    "Property": Property,
    "RemoteClusterState": RemoteClusterState,
    "Role": Role,
    "Status": Status,
    "StepKind": Step,
    "TableStatus": TableStatus,
    "Verdict": Verdict,
}


def test_enumerations_have_what_the_library_has() -> None:
    # In Python these names are classes, methods, arguments, or levels of `logging`.
    assert _core.ENUMS.keys() - ENUMS.keys() == {
        "LogLevel",
        "MatchType",
        "Mode",
        "OperationKind",
        "OutcomeKind",
        "ResourceKind",
        "ValueType",
    }
    for name, members in ENUMS.items():
        assert [one.value for one in members] == list(_core.ENUMS[name])
    assert [one for one in Evidence if not one.certain] == [Evidence.APPEARED_DURING_CALL]


def test_enumerations_are_text() -> None:
    assert f"{Status.LOG} {Status.LOG!s} {Status.LOG:>8}" == "DS_LOG DS_LOG   DS_LOG"
    assert {Status.LOG: 1} == {"DS_LOG": 1}
    assert FailMode("slow") is FailMode.SLOW
    with pytest.raises(ValueError, match="nope"):
        FailMode("nope")


def test_values() -> None:
    one, other = duplication(), duplication(dupid=8)
    assert one == duplication()
    assert hash(one) == hash(duplication())
    assert one != other
    assert len({one, other, duplication()}) == 2
    assert "dupid=7" in repr(one)
    with pytest.raises(AttributeError):
        one.dupid = 9  # type: ignore[misc]
    assert duplication(create_ts_ms=None).create_time is None
    assert duplication(create_ts_ms=2**62).create_time is None
    difference = Difference(Property.REMOTE_TABLE, "a", "b")
    outcome = AlreadyExists(one, (difference,), Evidence.LISTED_BEFORE)
    for same in (pickle.loads(pickle.dumps(outcome)), copy.deepcopy(outcome)):
        assert same == outcome
        assert hash(same) == hash(outcome)
        assert same.evidence is Evidence.LISTED_BEFORE
    others: list[object] = [Created(one, Evidence.SERVER_SAID_SO), one, None]
    assert outcome not in others


def test_outcomes_are_generic() -> None:
    assert Created[Duplication].__origin__ is Created  # type: ignore[attr-defined]
    made = Created[Duplication](duplication(), Evidence.SERVER_SAID_SO)
    assert type(made) is Created
    assert issubclass(Duplication, Resource)


def test_texts_are_those_of_the_command_line() -> None:
    one = duplication()
    text = (
        "table=temp table_id=1 cluster=target dupid=7 status=DS_LOG fail_mode=FAIL_SLOW "
        "remote_table=temp remote_replica_count=3 create_ts_ms=1700000000123"
    )
    assert str(one) == text
    created = Created(one, Evidence.SERVER_SAID_SO, warning="it is\x1b paused")
    assert str(created).splitlines() == [
        f"created: {text} evidence=server_said_so certain=true",
        "warning: it is\\u{1b} paused",
    ]
    difference = Difference(Property.REMOTE_REPLICA_COUNT, 5, 3)
    exists = AlreadyExists(
        one, (difference,), Evidence.LISTED_BEFORE, unverified=(Property.CHECKPOINT,)
    )
    first, differs, unverified, warning = str(exists).splitlines()
    assert first == f"already_exists: {text} evidence=listed_before certain=true"
    assert differs == "difference: field=remote_replica_count asked=5 existing=3"
    assert unverified == "unverified: field=checkpoint"
    assert warning.startswith(
        f"warning: nothing was created: the duplication already exists, {text}"
    )
    paused = duplication(status=Status.PAUSE)
    assert str(Changed(one, paused)).endswith(" status_before=DS_LOG")
    assert str(Unchanged(paused)).startswith("unchanged: table=temp")
    removed = Removed(one, Evidence.APPEARED_DURING_CALL)
    assert str(removed) == f"removed: {text} evidence=appeared_during_call certain=false"
    assert str(NotFound()).startswith("not_found: ")
    info = Info((ServerInfo("a:1", Role.FOLLOWER, "follows"),), None, None, None, None)
    assert str(info).splitlines() == [
        "server=a:1 role=follower detail=follows",
        "leader=- cluster_name=- version=- generation=- known_by=-",
        "error: no leader among the meta servers",
    ]


def test_they_are_dataclasses() -> None:
    one = duplication()
    assert dataclasses.is_dataclass(one)
    fields = dataclasses.fields(Created)
    assert [field.name for field in fields] == ["value", "evidence", "warning", "unverified"]
    assert fields[2].default is None
    assert fields[3].default == ()
    assert fields[0].default is dataclasses.MISSING
    assert dataclasses.replace(one, dupid=8) == duplication(dupid=8)
    assert dataclasses.asdict(one)["partitions"][0]["last_committed_decree"] == 5
    assert str(inspect.signature(Created)) == (
        "(value: 'T_co', evidence: 'Evidence', warning: 'str | None' = None, "
        "unverified: 'tuple[Property, ...]' = ()) -> None"
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.dupid = 9  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.dupid
    with pytest.raises(TypeError, match="evidence"):
        Created(one)  # type: ignore[call-arg]
    difference = Difference(Property.REMOTE_TABLE, "a", None)
    shown = "Difference(field=<Property.REMOTE_TABLE: 'remote_table'>, asked='a', existing=None)"
    assert repr(difference) == shown
    assert difference.__match_args__ == ("field", "asked", "existing")


def test_everything_public_is_documented() -> None:
    for name in pegasus_dup.__all__:
        thing = getattr(pegasus_dup, name)
        if not isinstance(thing, type):
            continue
        assert thing.__module__ == "pegasus_dup"
        # A dataclass without a docstring gets its signature as the docstring.
        assert thing.__doc__, name
        assert not thing.__doc__.startswith(f"{name}("), name
        for member, value in vars(thing).items():
            if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                assert value.__doc__, f"{name}.{member}"
    assert "class Client" in pydoc.plain(pydoc.render_doc(pegasus_dup))


@pytest.mark.parametrize(
    "command",
    [
        ["mypy", "--no-error-summary"],
        ["mypy.stubtest", "pegasus_dup", "--allowlist", "tests/python/stubtest-allowlist.txt"],
        ["ruff", "check", "--quiet"],
        ["ruff", "format", "--check", "--quiet"],
    ],
    ids=["mypy", "stubtest", "ruff-check", "ruff-format"],
)
def test_types_and_style(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_stub_and_marker_are_installed() -> None:
    package = Path(pegasus_dup.__file__).parent
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()


def test_example(server: MetaServer) -> None:
    for args in ([], [server.address]):
        done = subprocess.run(
            [sys.executable, "-W", "error", str(ROOT / "examples/python/add.py"), *args],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        created, exists, differs = done.stdout.splitlines()
        assert created.startswith("created: dupid=")
        assert exists.startswith("nothing was created")
        assert differs == "  it differs in remote_table: asked=temp_copy existing=temp"


def test_the_docstring_example(server: MetaServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert pegasus_dup.__doc__ is not None
    lines = pegasus_dup.__doc__.splitlines()
    program = "\n".join(line[4:] for line in lines if line.startswith("    ") or not line)
    assert "127.0.0.1:34601" in program
    program = program.replace("127.0.0.1:34601", server.address)
    exec(compile(program, "docstring", "exec"), {})
    exec(compile(program, "docstring", "exec"), {})
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("created ")
    assert second.startswith("already exists ")


def test_only_what_python_needs_is_exported() -> None:
    module = str(_core.__file__)
    listed = subprocess.run(
        ["readelf", "--dyn-syms", "--wide", module], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    exported = {
        row[7] for row in rows if len(row) > 7 and row[4] in ("GLOBAL", "WEAK") and row[6] != "UND"
    }
    assert exported == {"PyInit__core"}


def test_importing_imports_nothing_slow() -> None:
    program = "import sys, pegasus_dup; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    # The import of asyncio takes longer than that of the whole package. Programs that use asyncio
    # import it themselves.
    slow = {
        "dataclasses",
        "inspect",
        "asyncio",
        "logging",
        "socket",
        "ssl",
        "typing",
        "typing_extensions",
        "pytest",
        "subprocess",
    }
    assert slow.isdisjoint(done.stdout.split())


def test_help_begins_with_what_to_do() -> None:
    text = pydoc.plain(pydoc.render_doc(pegasus_dup))
    assert "Add an Apache Pegasus duplication and know what happened." in text
    # Names that only the package itself needs are not visible.
    for hidden in ("_atexit", "ClientBase(", "_name", "close_gate"):
        assert f"\n    {hidden}" not in text, hidden
    assert "enable_logging(level: 'int' = 10) -> 'None'" in text
