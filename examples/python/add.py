"""Add a duplication twice, and print what happened each time.

The script uses an embedded server. Give HOST:PORT to use a real server.
"""

from __future__ import annotations

import contextlib
import sys

from pegasus_dup import AlreadyExists, Client, Created, Duplication, Failed, MetaServer


def report(outcome: Created[Duplication] | AlreadyExists[Duplication] | Failed) -> None:
    """Print the outcome of an add."""
    if isinstance(outcome, Created):
        doubt = "" if outcome.certain else " (by this call, or by another call at the same time)"
        print(f"created: dupid={outcome.value.dupid}{doubt}")
    elif isinstance(outcome, AlreadyExists):
        print(f"nothing was created; the duplication exists: dupid={outcome.existing.dupid}")
        for difference in outcome.differences:
            print(f"  it differs in {difference}")
        for name in outcome.unverified:
            print(f"  the server does not report: {name}")
    else:
        print(f"failed: {outcome.error}")


def main() -> None:
    """Add a duplication, and add it again with another remote table."""
    with contextlib.ExitStack() as stack:
        if len(sys.argv) > 1:
            address = sys.argv[1]
        else:
            server = MetaServer(tables=["temp"], remote_clusters={"target": "127.0.0.1:35601"})
            address = stack.enter_context(server).address
        client = stack.enter_context(Client(address))
        report(client.try_add("temp", "target"))
        report(client.try_add("temp", "target", remote_table="temp_copy"))


if __name__ == "__main__":
    main()
