"""The console script: the Rust command line in the interpreter's process."""

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
    # Before that: a test that failed leaves none behind.
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
    # Through a pipe, and at once: nothing is kept in a buffer.
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
