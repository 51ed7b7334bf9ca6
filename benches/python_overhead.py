"""Measure the cost of a call from Python, of many calls at once, of a list, and of the import.

    python benches/python_overhead.py [ROUNDS [COUNT]]

Run it with a Python in which a release build of the package is installed. ``examples/bench.rs``
times the Rust client against the same embedded server, in turns with the Python clients.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pegasus_dup import AsyncClient, Client, MetaServer, ServedTable

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
AT_ONCE = 1000
# The large list.
TABLES = 10_000
PARTITIONS = 64
CLUSTERS = {"target": "127.0.0.1:35601"}

# Lists all duplications, then reads all partitions. Prints the two times in seconds, and the memory
# of the process in MiB: before the list, after it, and at most.
LISTING = """
import sys, time
from pegasus_dup import Client

def memory(name):
    with open("/proc/self/status") as file:
        (kib,) = (line.split()[1] for line in file if line.startswith(f"{name}:"))
    return int(kib) / 1024

with Client(sys.argv[1], timeout=60) as client:
    client.query("table_0")
    before = memory("VmRSS")
    began = time.perf_counter()
    listed = client.list()
    listing = time.perf_counter() - began
    after = memory("VmRSS")
    began = time.perf_counter()
    for one in listed:
        for progress in one.partitions:
            assert progress.confirmed_decree is not None
    reading = time.perf_counter() - began
    print(len(listed), listing, reading, before, after, memory("VmHWM"))
"""


def micros(seconds: float) -> float:
    return seconds * 1e6


def rust(address: str, count: int) -> dict[str, float]:
    binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/examples/bench"
    done = subprocess.run(
        [str(binary), address, str(count)], check=True, capture_output=True, text=True
    )
    figures = {}
    for line in done.stdout.splitlines():
        operation, client, nanoseconds = line.split()
        if operation == "query" and client in ("ours", "ours-blocking"):
            figures[f"Rust {'Blocking' if 'blocking' in client else ''}Client"] = (
                float(nanoseconds) / 1000
            )
    return figures


def blocking(address: str, count: int) -> float:
    took = []
    with Client(address) as client:
        client.query("shown")
        for _ in range(count):
            began = time.perf_counter()
            client.query("shown")
            took.append(time.perf_counter() - began)
    return micros(statistics.median(took))


async def asynchronous(address: str, count: int) -> tuple[float, float]:
    took = []
    async with AsyncClient(address) as client:
        await client.query("shown")
        for _ in range(count):
            began = time.perf_counter()
            await client.query("shown")
            took.append(time.perf_counter() - began)
        began = time.perf_counter()
        await asyncio.gather(*(client.query("shown") for _ in range(AT_ONCE)))
        at_once = time.perf_counter() - began
    return micros(statistics.median(took)), micros(at_once / AT_ONCE)


def start(program: str) -> Callable[[], float]:
    def run() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", program], check=True)
        return (time.perf_counter() - began) * 1000

    return run


async def fill(address: str) -> None:
    """Add a duplication to each table of the large list."""
    async with AsyncClient(address, timeout=60) as client:
        for first in range(0, TABLES, AT_ONCE):
            batch = range(first, min(first + AT_ONCE, TABLES))
            await asyncio.gather(*(client.add(f"table_{number}", "target") for number in batch))


def large_list(rounds: int) -> None:
    """Measure a large list. Each round is a new process, so that its memory can be compared."""
    tables = [ServedTable(f"table_{number}", partitions=PARTITIONS) for number in range(TABLES)]
    figures: dict[str, list[float]] = {}
    with MetaServer(tables=tables, remote_clusters=CLUSTERS, clock="manual") as server:
        asyncio.run(fill(server.address))
        server.advance(3600)
        program = [sys.executable, "-I", "-c", LISTING, server.address]
        command = [sys.executable, "-I", "-m", "pegasus_dup", "--meta", server.address, "list"]
        for _ in range(rounds):
            done = subprocess.run(program, check=True, capture_output=True, text=True)
            count, listing, reading, before, after, most = map(float, done.stdout.split())
            assert count == TABLES
            figures.setdefault("Client.list", []).append(listing * 1000)
            figures.setdefault("reading all partitions", []).append(reading * 1000)
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            took = time.perf_counter() - began
            figures.setdefault("pegasus-dup list, with its start", []).append(took * 1000)
            figures.setdefault("memory before the list", []).append(before)
            figures.setdefault("memory after the list", []).append(after)
            figures.setdefault("most memory", []).append(most)
    print(f"{rounds} lists of {TABLES} duplications with {PARTITIONS} partitions each")
    for name, all_figures in figures.items():
        show(name, all_figures, "MiB" if "memory" in name else "ms")


def show(what: str, figures: list[float], unit: str) -> None:
    least, most = min(figures), max(figures)
    print(f"{what:<38} {statistics.median(figures):8.1f} {least:8.1f} {most:8.1f} {unit}")


def main() -> None:
    rounds, count = (int(text) for text in (sys.argv[1:] + ["9", "1000"][len(sys.argv) - 1 :])[:2])
    build = ["cargo", "build", "--quiet", "--release", "--example", "bench"]
    subprocess.run([*build, "--features", "server"], cwd=ROOT, check=True)
    figures: dict[str, list[float]] = {}
    with MetaServer(tables=["shown", "added"], remote_clusters=CLUSTERS, clock="stopped") as server:
        for _ in range(rounds):
            for name, figure in rust(server.address, count).items():
                figures.setdefault(f"{name}.query", []).append(figure)
            figures.setdefault("Client.query", []).append(blocking(server.address, count))
            one, at_once = asyncio.run(asynchronous(server.address, count))
            figures.setdefault("AsyncClient.query", []).append(one)
            figures.setdefault(f"AsyncClient.query, {AT_ONCE} at once, each", []).append(at_once)
    print(f"{rounds} rounds of {count}: median, least and most of the rounds' medians")
    for name, all_figures in figures.items():
        show(name, all_figures, "us")
    large_list(rounds)
    print("starting an interpreter, 30 times")
    bare, importing = start("pass"), start("import pegasus_dup")
    for run in (bare, importing):
        run()
    times = [(bare(), importing()) for _ in range(30)]
    show("bare", [before for before, _ in times], "ms")
    show("with import pegasus_dup", [one for _, one in times], "ms")
    show("difference of the pairs", [after - before for before, after in times], "ms")
    print("load:", *(f"{load:.2f}" for load in os.getloadavg()))


if __name__ == "__main__":
    main()
