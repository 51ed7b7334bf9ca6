"""A running call reports its progress to a callback, and its events to `logging`."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator

import pegasus_dup
import pytest
from fake_meta import ADD, LIST_DUPLICATION, FakeMeta, add_answer
from pegasus_dup import AlreadyExists, Busy, Client, MetaServer, Progress, Step, Timeout

SENT = "add table=temp cluster=target"


def test_steps_of_an_add(server: MetaServer) -> None:
    seen: list[Progress] = []
    with Client(server.address) as client:
        client.add("temp", "target", progress=seen.append)
        leader, asking, sending = seen[:3]
        assert leader == Progress(Step.LOOKING_FOR_LEADER)
        assert asking == Progress(Step.ASKING, server.address)
        assert sending == Progress(Step.SENDING, SENT)
        assert seen[-1] == Progress(Step.SETTLED)
        assert [str(one) for one in seen[:3]] == [
            "looking for leader",
            f"asking: {server.address}",
            f"sending: {SENT}",
        ]
        seen.clear()
        # The leader is known by now, and the call changes nothing.
        assert isinstance(client.add("temp", "target", progress=seen.append), AlreadyExists)
        assert seen == [Progress(Step.ASKING, server.address)]


def test_steps_are_told_while_the_call_waits() -> None:
    asked = threading.Event()
    fake = FakeMeta(replies={LIST_DUPLICATION: lambda _: None})
    with fake.running(), Client(fake.address) as client:

        def watch(progress: Progress) -> None:
            if progress.step is Step.ASKING:
                # The callback runs on the calling thread, and may use the client itself.
                assert threading.current_thread() is threading.main_thread()
                assert client.unsettled == []
                asked.set()
                raise LookupError

        with pytest.raises(LookupError):
            client.query("temp", timeout=60, progress=watch)
        assert asked.is_set()


def test_a_callback_that_raises_after_the_add_was_sent() -> None:
    def watch(progress: Progress) -> None:
        if progress.step is Step.SENDING:
            raise LookupError

    fake = FakeMeta(replies={ADD: lambda _: None})
    with fake.running(), Client(fake.address) as client:
        with pytest.raises(LookupError) as caught:
            client.add("temp", "target", timeout=60, progress=watch)
        assert client.unsettled == [SENT]
    if sys.version_info >= (3, 11):
        assert SENT in " ".join(caught.value.__notes__)


def test_a_callback_that_raises_at_the_end(server: MetaServer) -> None:
    def watch(progress: Progress) -> None:
        if progress.step is Step.SETTLED:
            raise LookupError

    with Client(server.address) as client:
        with pytest.raises(LookupError) as caught:
            client.add("temp", "target", progress=watch)
        assert client.unsettled == []
        assert len(client.query("temp")) == 1
    if sys.version_info >= (3, 11):
        assert "just ended, with Created(" in " ".join(caught.value.__notes__)


def test_trying_again_says_why() -> None:
    fake = FakeMeta(replies={ADD: lambda _: add_answer("ERR_SERVICE_NOT_ACTIVE")})
    seen: list[Progress] = []
    with fake.running(), Client(fake.address) as client:
        outcome = client.try_add("temp", "target", timeout=0.5, progress=seen.append)
    assert isinstance(outcome, pegasus_dup.Failed)
    again = [one.detail for one in seen if one.step is Step.TRYING_AGAIN]
    assert again
    assert "ERR_SERVICE_NOT_ACTIVE" in str(again[0])


def test_waiting_for_a_turn() -> None:
    fake = FakeMeta(replies={ADD: lambda _: None})
    seen: list[Progress] = []
    with fake.running(), Client(fake.address) as client:
        other = threading.Thread(target=client.try_add, args=("temp", "target"), daemon=True)
        other.start()
        deadline = time.monotonic() + 10
        while not fake.has_seen(ADD):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises((Busy, Timeout)):
            client.add("temp", "target", timeout=0.2, progress=seen.append)
    assert seen == [Progress(Step.WAITING_FOR_TURN)]


@pytest.fixture
def log() -> Iterator[None]:
    pegasus_dup.enable_logging()
    yield
    pegasus_dup.disable_logging()


def query(server: MetaServer) -> None:
    with Client(server.address) as client:
        client.query("temp")


def test_nothing_is_logged_unless_enabled(
    server: MetaServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        query(server)
    assert caplog.records == []


def of_client(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    # The server runs in this process, too, and may log the end of a connection late.
    return [one for one in caplog.records if not one.name.startswith("pegasus_dup.server")]


@pytest.mark.usefixtures("log")
def test_logging(server: MetaServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        query(server)
    found = [one for one in caplog.records if one.getMessage().startswith("found the leader")]
    assert [(one.name, one.levelno) for one in found] == [
        ("pegasus_dup.transport.group", logging.DEBUG)
    ]
    assert server.address in found[0].getMessage()
    assert all(one.name.startswith("pegasus_dup.") for one in caplog.records)
    caplog.clear()
    with caplog.at_level(logging.INFO, "pegasus_dup"):
        query(server)
    assert of_client(caplog) == []
    pegasus_dup.enable_logging(logging.WARNING)
    with caplog.at_level(logging.DEBUG):
        query(server)
    assert of_client(caplog) == []
    pegasus_dup.disable_logging()
    with caplog.at_level(logging.DEBUG):
        query(server)
    assert of_client(caplog) == []


@pytest.mark.usefixtures("log")
def test_a_handler_that_fails_harms_no_call(
    server: MetaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: failures.append(args.exc_value))

    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise LookupError(record.getMessage())

    handler = Failing(logging.DEBUG)
    logger = logging.getLogger("pegasus_dup.transport")
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    logger.addHandler(handler)
    try:
        query(server)
    finally:
        logger.removeHandler(handler)
    assert failures
    assert all(isinstance(one, LookupError) for one in failures)


def test_logging_until_the_very_end() -> None:
    program = """
        import logging, sys, threading, time
        import pegasus_dup
        logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
        pegasus_dup.enable_logging()
        client = pegasus_dup.Client("127.0.0.1:1", timeout=60)
        def work():
            while True:
                client.try_add("temp", "target")
        for _ in range(8):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.3)
    """
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
