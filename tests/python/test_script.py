"""The console script runs the Rust command line in the process of the interpreter."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pegasus_dup
import pytest
from fake_meta import ADD, FakeMeta
from pegasus_dup import MetaServer

SCRIPT = Path(sysconfig.get_path("scripts")) / "pegasus-dup"
COMMANDS = [[str(SCRIPT)], [sys.executable, "-m", "pegasus_dup"]]


def run(*args: str, command: list[str] = COMMANDS[0]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *args], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def start(stack: ExitStack, *args: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*COMMANDS[0], *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    stack.enter_context(process)
    # This runs first, so that a failed test leaves no process behind.
    stack.callback(process.kill)
    return process


@pytest.mark.parametrize("command", COMMANDS)
def test_version_and_usage(command: list[str]) -> None:
    done = run("--version", command=command)
    assert done.returncode == 0
    assert done.stdout == f"pegasus-dup {pegasus_dup.__version__}\n"
    done = run("--nonsense", command=command)
    assert done.returncode == 2
    assert "--nonsense" in done.stderr


def test_exit_codes_and_json(server: MetaServer) -> None:
    def add(*args: str) -> tuple[int, dict[str, object]]:
        done = run("--meta", server.address, "add", *args, "--json")
        return done.returncode, json.loads(done.stdout)

    code, report = add("temp", "target")
    assert (code, report["outcome"]) == (0, "created")
    code, report = add("temp", "target")
    assert (code, report["outcome"]) == (3, "already_exists")
    code, report = add("temp", "target", "-a", "copy")
    assert (code, report["outcome"]) == (4, "already_exists")
    code, report = add("nope", "target")
    assert (code, report["outcome"]) == (1, "error")


def test_arguments_that_are_no_text(server: MetaServer) -> None:
    done = subprocess.run(
        [os.fsencode(SCRIPT), b"--meta", server.address.encode(), b"query", b"\xff"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_with_a_signal(number: signal.Signals, stack: ExitStack) -> None:
    process = start(stack, "serve", "--listen", "127.0.0.1:0", "--table", "temp")
    assert process.stdout is not None
    # The output arrives through a pipe at once, because nothing stays in a buffer.
    line = process.stdout.readline()
    found = re.fullmatch(r"serving on (127\.0\.0\.1:\d+)\n", line)
    assert found, line
    assert run("--meta", found[1], "query", "temp").returncode == 0
    sent = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=10)
    assert time.monotonic() - sent < 5
    assert process.returncode == 0, err
    assert "Traceback" not in err


def test_ctrl_c_in_an_add_that_was_sent(stack: ExitStack) -> None:
    with FakeMeta(replies={ADD: lambda _: None}).running() as fake:
        process = start(stack, "--meta", fake.address, "--timeout", "60", "add", "temp", "target")
        deadline = time.monotonic() + 10
        while ADD not in fake.seen:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert time.monotonic() - sent < 2
    assert process.returncode == 5, err
    assert "Traceback" not in err


CLOSED = [
    ("<&-", [0]),
    (">&-", [1]),
    ("2>&-", [2]),
    ("<&- >&-", [0, 1]),
    ("<&- 2>&-", [0, 2]),
    (">&- 2>&-", [1, 2]),
    ("<&- >&- 2>&-", [0, 1, 2]),
]


def closing(redirections: str, command: list[str]) -> list[str]:
    """Return a command that runs the script with closed streams."""
    return ["sh", "-c", f'exec "$@" {redirections}', "sh", *command]


@pytest.mark.parametrize(("redirections", "closed"), CLOSED)
def test_closed_streams_change_no_exit_code(redirections: str, closed: list[int]) -> None:
    with MetaServer(tables=["temp"], remote_clusters={"target": "127.0.0.1:1"}) as server:
        add = ["--meta", server.address, "--json", "add", "temp", "target"]
        for code, args in ((0, add), (3, add), (2, ["add"]), (0, ["--version"])):
            done = run(*args, command=closing(redirections, COMMANDS[0]))
            assert done.returncode == code, (redirections, args, done)
            assert "Traceback" not in done.stderr
            if code == 3:
                assert (1 in closed) == (done.stdout == "")
                assert (2 in closed) == (done.stderr == "")


@pytest.mark.parametrize(("redirections", "closed"), CLOSED)
def test_no_socket_takes_a_streams_place(
    redirections: str, closed: list[int], stack: ExitStack
) -> None:
    with FakeMeta(replies={ADD: lambda _: None}).running() as fake:
        command = closing(redirections, [*COMMANDS[0], "--meta", fake.address, "--timeout", "60"])
        process = subprocess.Popen(
            [*command, "add", "temp", "target"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        stack.enter_context(process)
        stack.callback(process.kill)
        deadline = time.monotonic() + 10
        while ADD not in fake.seen:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for stream in closed:
            assert os.readlink(f"/proc/{process.pid}/fd/{stream}") == "/dev/null"


# A client whose connection is closed, and that connects again after the streams were closed.
LIBRARY = """
import fcntl, os, socket, sys
from pegasus_dup import Client

def to_server():
    for number in range(100):
        try:
            one = socket.socket(fileno=fcntl.fcntl(number, fcntl.F_DUPFD, 200))
            if one.family == socket.AF_INET:
                yield number, one
        except OSError:
            pass

client = Client(sys.argv[1], timeout=5)
client.query("temp")
for _, connection in to_server():
    connection.shutdown(socket.SHUT_RDWR)
os.closerange(0, 3)
client.query("temp")
numbers = [number for number, one in to_server()]
os._exit(42 if numbers and min(numbers) > 2 else 1)
"""


def test_the_library_takes_no_streams_place_either(server: MetaServer) -> None:
    """The output of a daemon whose streams are closed must not go to a meta server."""
    done = subprocess.run(
        [sys.executable, "-c", LIBRARY, server.address],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 42, done


def test_a_reader_that_leaves_is_no_error(server: MetaServer) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMANDS[0], "--meta", server.address, "query", "temp"],
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=30,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
