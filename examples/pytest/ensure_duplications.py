"""Add the duplications that are missing, and print a line for each table.

This is the script that the tests beside it check.

ensure_duplications.py META TABLE=CLUSTER...
"""

from __future__ import annotations

import sys

from pegasus_dup import (
    AlreadyExists,
    Client,
    Created,
    Duplication,
    OutcomeUnknown,
    PegasusDupError,
)


def ensure(meta: str, wanted: dict[str, str], timeout: float = 10.0) -> list[str]:
    """Add the missing duplications, and return a line for each table."""
    lines = []
    with Client(meta, timeout=timeout) as client:
        for table, cluster in wanted.items():
            try:
                outcome = client.add(table, cluster)
            except OutcomeUnknown as error:
                lines.append(f"{table}: not known, query the table: {error.message}")
            except PegasusDupError as error:
                lines.append(f"{table}: failed: {error.kind}")
            else:
                lines.append(f"{table}: {described(outcome)}")
    return lines


def described(outcome: Created[Duplication] | AlreadyExists[Duplication]) -> str:
    """Describe an outcome in a few words."""
    if isinstance(outcome, Created):
        return "created" if outcome.certain else "created, by this run or another"
    if outcome.differences:
        return "exists, but differs: " + ", ".join(map(str, outcome.differences))
    if outcome.unverified:
        return "exists, but the server does not report: " + ", ".join(outcome.unverified)
    return "exists"


if __name__ == "__main__":
    for line in ensure(sys.argv[1], dict(pair.split("=", 1) for pair in sys.argv[2:])):
        print(line)
