"""Each kind of error becomes its exception, with everything that is known about the error."""

from __future__ import annotations

import copy
import pickle
import socket
import time

import pegasus_dup
import pytest
from fake_meta import ADD, CONFIG, LIST_DUPLICATION, Entry, FakeMeta, Garbage, add_answer
from pegasus_dup import (
    Busy,
    Client,
    Duplication,
    DuplicationNotFound,
    ErrorKind,
    InvalidArgument,
    MetaServer,
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
    _core,
)


def test_a_class_for_each_kind() -> None:
    assert len(_core.EXCEPTIONS) >= 13
    assert set(_core.EXCEPTIONS) == {kind.value for kind in ErrorKind}
    for kind, name in _core.EXCEPTIONS.items():
        exception = getattr(pegasus_dup, name)
        assert issubclass(exception, PegasusDupError)
        assert exception.kind is ErrorKind(kind)
        assert name in pegasus_dup.__all__


def test_attributes_and_text() -> None:
    error = Busy("busy", hint="later", server="a:1", code="ERR_BUSY", known=[], cause="why")
    assert str(error) == "busy: later code=ERR_BUSY server=a:1 cause=why"
    assert (error.message, error.hint, error.server) == ("busy", "later", "a:1")
    assert (error.code, error.known, error.cause) == ("ERR_BUSY", (), "why")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is Busy
        assert vars(other) == vars(error)
        assert str(other) == str(error)


def test_table_not_found(server: MetaServer, client: Client) -> None:
    for call in (
        lambda: client.query("nope"),
        lambda: client.add("nope", "target"),
        lambda: client.pause("nope", 1),
    ):
        with pytest.raises(TableNotFound) as caught:
            call()
        assert caught.value.kind is ErrorKind.TABLE_NOT_FOUND
        assert caught.value.server == server.address


@pytest.mark.parametrize("name", ["tar{get", "}"])
def test_a_brace_in_a_name_is_unsupported(client: Client, name: str) -> None:
    for arguments in ((name, "target"), ("temp", name), ("temp", "target", name)):
        table, cluster, remote_table = (*arguments, None)[:3]
        assert table is not None
        assert cluster is not None
        if table == name:
            # The client reads first, which is harmless.
            with pytest.raises(TableNotFound):
                client.add(table, cluster)
            continue
        with pytest.raises(Unsupported, match="contains a brace") as caught:
            client.add(table, cluster, remote_table=remote_table)
        assert caught.value.hint
    assert client.query("temp") == []


def test_a_wrong_generation_is_an_invalid_argument() -> None:
    with MetaServer(
        tables=["temp"], remote_clusters={"target": "127.0.0.1:1"}, generation="freezed"
    ) as server:
        with Client(server.address) as plain:
            plain.add("temp", "target")
            before = plain.query("temp")
            with Client(server.address, generation="dup-exist") as client:
                for call in (
                    lambda: client.query("temp"),
                    client.list,
                    lambda: client.pause("temp", "target"),
                    lambda: client.remove("temp", "target"),
                    lambda: client.add("temp", "target"),
                ):
                    with pytest.raises(InvalidArgument, match="stated=dup-exist found=freezed"):
                        call()
            assert plain.query("temp") == before
        with Client(server.address, generation="freezed") as client:
            client.pause("temp", "target")
        assert server.would_have_died == 0


def test_duplication_not_found(client: Client) -> None:
    for which in (12345, "target"):
        with pytest.raises(DuplicationNotFound):
            client.pause("temp", which)
        with pytest.raises(DuplicationNotFound):
            client.set_fail_mode("temp", which, "slow")


def test_remote_cluster_not_configured(client: Client) -> None:
    with pytest.raises(RemoteClusterNotConfigured) as caught:
        client.add("temp", "nowhere")
    assert caught.value.code == "ERR_INVALID_PARAMETERS"
    assert caught.value.hint


def test_remote_table_taken(client: Client) -> None:
    client.add("temp", "target", remote_table="copy")
    with pytest.raises(RemoteTableTaken):
        client.add("stat", "target", remote_table="copy")
    assert client.query("stat") == []


def test_own_cluster_is_an_invalid_argument(client: Client) -> None:
    with pytest.raises(InvalidArgument) as caught:
        client.add("temp", "onebox")
    assert isinstance(caught.value, ValueError)


def test_wrong_state() -> None:
    # With a stopped clock the duplication stays in DS_PREPARE, which cannot be paused.
    with (
        MetaServer(
            tables=["temp"],
            remote_clusters={"target": "127.0.0.1:35601"},
            generation="dup-exist",
        ) as server,
        Client(server.address) as client,
    ):
        client.add("temp", "target", checkpoint=True)
        with pytest.raises(WrongState):
            client.pause("temp", "target")


def test_unsupported() -> None:
    fake = FakeMeta(unhandled=(LIST_DUPLICATION,))
    with fake.running(), Client(fake.address) as client:
        with pytest.raises(Unsupported):
            client.add("temp", "target", remote_table="copy")
        assert fake.seen
        assert ADD not in fake.seen


@pytest.mark.parametrize(
    ("code", "hint", "expected"),
    [("ERR_ACL_DENY", "", PermissionDenied), ("ERR_BUSY", "one at a time", Busy)],
)
def test_refused(code: str, hint: str, expected: type[PegasusDupError]) -> None:
    fake = FakeMeta(replies={ADD: lambda _: add_answer(code, hint=hint)})
    with fake.running(), Client(fake.address, timeout=3) as client:
        with pytest.raises(expected) as caught:
            client.add("temp", "target")
        assert type(caught.value) is expected
        assert caught.value.code == code
        assert caught.value.server == fake.address
        assert ADD in fake.seen


def test_unavailable() -> None:
    # The socket is bound but does not listen, so no other process gets the port, and connections
    # are refused.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        with Client(address, timeout=2) as client, pytest.raises(Unavailable) as caught:
            client.add("temp", "target")
    assert address in str(caught.value)


def test_timeout_of_a_silent_server() -> None:
    fake = FakeMeta(replies={CONFIG: lambda _: None})
    with fake.running(), Client(fake.address, timeout=30) as client:
        started = time.monotonic()
        with pytest.raises((Timeout, Unavailable)) as caught:
            client.add("temp", "target", timeout=0.4)
        assert 0.2 < time.monotonic() - started < 3
        assert fake.seen == [CONFIG]
        assert "kerberos" in str(caught.value).lower()


def test_outcome_unknown() -> None:
    fake = FakeMeta(replies={ADD: lambda _: None})
    with fake.running(), Client(fake.address, timeout=1) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            client.add("temp", "target")
        assert caught.value.kind is ErrorKind.OUTCOME_UNKNOWN
        assert fake.seen.count(ADD) == 1


def test_outcome_unknown_tells_what_is_known() -> None:
    def two(fake: FakeMeta) -> bytes:
        fake.entries += [Entry(dupid=5), Entry(dupid=6)]
        return add_answer("ERR_OK", appid=1, dupid=7, remote_table="temp", replicas=3)

    with FakeMeta(replies={ADD: two}).running() as fake, Client(fake.address, timeout=2) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            client.add("temp", "target")
        known = [one for one in caught.value.known if isinstance(one, Duplication)]
        assert len(known) == len(caught.value.known)
        assert sorted(one.dupid for one in known) == [5, 6]
        assert str(known[0]).startswith("table=temp table_id=1 cluster=target dupid=")


def test_garbage() -> None:
    def garbage(_: FakeMeta) -> bytes:
        raise Garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    fake = FakeMeta(replies={LIST_DUPLICATION: garbage})
    with fake.running(), Client(fake.address, timeout=2) as client:
        with pytest.raises(ProtocolError):
            client.add("temp", "target")
        assert ADD not in fake.seen
