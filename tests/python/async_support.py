"""What the tests of the asynchronous client share."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fake_meta import FakeMeta

T = TypeVar("T")
SENT = "add table=temp cluster=target"


def run(main: Awaitable[T]) -> T:
    async def limited() -> T:
        return await asyncio.wait_for(main, 20)

    return asyncio.run(limited(), debug=True)


async def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.005)


def deaf(name: str) -> FakeMeta:
    """Return a server that never responds to one kind of request."""
    return FakeMeta(replies={name: lambda _: None})


def notes(error: BaseException) -> str:
    return " ".join(getattr(error, "__notes__", []))


def python(program: str, *args: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
