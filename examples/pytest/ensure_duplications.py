"""A script of the kind that these tests are for: has tables duplicated, and says what it found.

ensure_duplications.py META TABLE=CLUSTER...
"""

from __future__ import annotations

import sys

from pegasus_dup import AlreadyExists, Client, Created, OutcomeUnknown, PegasusDupError


def ensure(meta: str, wanted: dict[str, str], timeout: float = 10.0) -> list[str]:
    """Add what is missing, and return a line for each table."""
    lines = []
    with Client(meta, timeout=timeout) as client:
        for table, cluster in wanted.items():
            try:
                outcome = client.add(table, cluster)
            except OutcomeUnknown as error:
                lines.append(f"{table}: look again: {error.message}")
            except PegasusDupError as error:
                lines.append(f"{table}: not done: {error.kind}")
            else:
                lines.append(f"{table}: {described(outcome)}")
    return lines


def described(outcome: Created | AlreadyExists) -> str:
    """Tell an outcome in a few words."""
    if isinstance(outcome, Created):
        return "created" if outcome.certain else "created, by this run or another"
    if outcome.differences:
        return "exists, but differs: " + ", ".join(map(str, outcome.differences))
    if outcome.unverified:
        return "exists, and the server does not tell: " + ", ".join(outcome.unverified)
    return "exists"


if __name__ == "__main__":
    for line in ensure(sys.argv[1], dict(one.split("=", 1) for one in sys.argv[2:])):
        print(line)
