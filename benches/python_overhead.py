"""Measure the cost of a call from Python, of many calls at once, and of the import.

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

from pegasus_dup import AsyncClient, Client, MetaServer

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
AT_ONCE = 1000


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


def show(what: str, figures: list[float], unit: str) -> None:
    least, most = min(figures), max(figures)
    print(f"{what:<38} {statistics.median(figures):8.1f} {least:8.1f} {most:8.1f} {unit}")


def main() -> None:
    rounds, count = (int(text) for text in (sys.argv[1:] + ["9", "1000"][len(sys.argv) - 1 :])[:2])
    build = ["cargo", "build", "--quiet", "--release", "--example", "bench"]
    subprocess.run([*build, "--features", "server"], cwd=ROOT, check=True)
    figures: dict[str, list[float]] = {}
    clusters = {"target": "127.0.0.1:35601"}
    with MetaServer(tables=["shown", "added"], remote_clusters=clusters, clock="stopped") as server:
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
