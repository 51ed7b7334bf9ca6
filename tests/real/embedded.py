"""The binary of the command line, and the embedded server that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def binary(given: str | None) -> Path:
    """Returns the given binary, or builds the binary."""
    if given:
        return Path(given).resolve()
    subprocess.run(
        ["cargo", "build", "--quiet", "--features", "cli,server"],
        cwd=ROOT,
        check=True,
        timeout=1800,
    )
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "debug/pegasus-dup"


class Embedded:
    """`pegasus-dup serve` on a free port. It ends with the `with` statement."""

    def __init__(self, binary: Path, *options: str) -> None:
        command = [str(binary), "serve", "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        if not first.startswith("serving on "):
            _, said = self.process.communicate(timeout=10)
            sys.exit(f"the embedded server did not start: {said}")
        self.address = first.split()[-1]

    def __enter__(self) -> Embedded:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.process.terminate()
        #: The output at the end, which names requests that would have ended a real server.
        self.said = self.process.communicate(timeout=30)[1]
