"""Runs the checks against meta servers that are given by address, or against the embedded server.

`scripts/test-real --help` describes the options.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import checks
import checks.changes
import checks.creates
import checks.lost
import checks.odd_input
import checks.outcomes
import checks.policies
import checks.races
import checks.tables
from embedded import Embedded, binary
from world import Failed, Skip, World

BEHAVIOURS = ("freezed", "checkpoint", "remote-name", "dup-exist", "idempotent")

EPILOG = """\
The checks add, change and remove duplications of the tables --table and --table2, and of no other
table. Use servers that exist for tests only. Afterwards the tables have no duplications, as before.
The checks of tables create tables of their own, if the servers can, and drop them.
With --backup-provider the checks also add backup policies, which stay on the servers, disabled.

The suite never sends a request that is known to end a real server; docs/dangerous-requests.md lists
them. All requests of the command line go through a proxy, which stops such requests. The proxy also
drops requests and responses if a check asks for it. On 2.3 and older some races are skipped,
because two adds of one table and cluster at once end the server.

  scripts/test-real 127.0.0.1:34601,127.0.0.1:34602 --table temp --table2 dup_src
  scripts/test-real --embedded
"""


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/test-real",
        description="Checks the command line against running meta servers. Prints a line for each "
        "check; the last line is `N passed, N failed`. The exit code is 0 only if no check failed.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "servers", nargs="?", metavar="HOST:PORT[,...]", help="the meta servers of one cluster"
    )
    parser.add_argument(
        "--embedded",
        action="store_true",
        help="check the embedded server instead, in every generation",
    )
    parser.add_argument("--table", default="temp", metavar="NAME", help="a table (default temp)")
    parser.add_argument(
        "--table2", default="dup_src", metavar="NAME", help="a second table (default dup_src)"
    )
    parser.add_argument(
        "--cluster", default="target", metavar="NAME", help="a remote cluster (default target)"
    )
    parser.add_argument(
        "--cluster2",
        default="target2",
        metavar="NAME",
        help="a second cluster (default target2)",
    )
    parser.add_argument(
        "--backup-provider",
        metavar="NAME",
        help="check backup policies, too, with this provider; the policies stay on the servers, "
        "disabled, because no request removes a policy",
    )
    parser.add_argument("--generation", metavar="NAME", help="the expected generation")
    parser.add_argument("--idempotent", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--remove-existing",
        action="store_true",
        help="remove existing duplications first; without this, the suite refuses to run",
    )
    parser.add_argument("--only", metavar="TEXT", help="run only checks with TEXT in their name")
    parser.add_argument("--binary", metavar="PATH", help="pegasus-dup (default: build it)")
    args = parser.parse_args()
    if bool(args.servers) == args.embedded:
        parser.error("either HOST:PORT or --embedded")
    return args


def run(world: World, only: str | None) -> tuple[int, int]:
    """Runs the checks, and returns how many passed and failed."""
    passed = failed = skipped = 0
    for words, check in checks.ALL:
        if only and only not in words:
            continue
        begun = time.monotonic()
        verdict, why = "ok", ""
        try:
            world.clean()
            world.proxy.reset()
            check(world)
            world.alive()
            if world.proxy.refused:
                raise Failed(
                    f"the client sent a request that ends a real server: {world.proxy.refused}"
                )
        except Skip as reason:
            verdict, why = "skipped", f": {reason}"
            skipped += 1
        except Exception as error:
            verdict = "FAILED"
            why = (
                f": {error}" if isinstance(error, Failed) else f": {type(error).__name__}: {error}"
            )
            failed += 1
        else:
            passed += 1
        print(f"{verdict}: {words}{why} ({time.monotonic() - begun:.1f} s)", flush=True)
    if skipped:
        print(f"{skipped} skipped", flush=True)
    return passed, failed


def real(args: argparse.Namespace, program: Path) -> tuple[int, int]:
    """Runs the checks against servers that are given by address."""
    addresses = [one for one in args.servers.split(",") if one]
    world = World(
        args,
        program,
        addresses,
        args.table,
        args.table2,
        args.cluster,
        args.cluster2,
        args.idempotent,
    )
    world.find_out()
    print(f"leader {world.leader}, generation {world.generation}, {world.version}", flush=True)
    if args.generation and args.generation != world.generation:
        sys.exit(f"the servers have another generation than the stated one: {world.generation}")
    existing = [*world.listed(world.table), *world.listed(world.table2)]
    if existing and not args.remove_existing:
        sys.exit(f"the tables have duplications already, see --remove-existing: {existing}")
    try:
        return run(world, args.only)
    finally:
        world.clean()
        world.proxy.close()


def embedded(args: argparse.Namespace, program: Path) -> tuple[int, int]:
    """Runs the checks against the embedded server in every generation, all at once."""
    passed = failed = 0
    servers, runs = [], []
    for behaviour in BEHAVIOURS:
        options = ["--behave-as", behaviour, "--clock", "stopped", "--nodes", "3"]
        for table in (args.table, args.table2):
            options += ["--table", table]
        for cluster in (args.cluster, args.cluster2):
            options += ["--remote-cluster", f"{cluster}=127.0.0.1:9"]
        server = Embedded(program, *options)
        servers.append(server)
        command = [sys.executable, __file__, server.address, "--binary", str(program)]
        for name in ("table", "table2", "cluster", "cluster2", "only"):
            if getattr(args, name):
                command += [f"--{name}", getattr(args, name)]
        generation = "dup-exist" if behaviour == "idempotent" else behaviour
        command += ["--generation", generation, *["--idempotent"][: behaviour == "idempotent"]]
        command += ["--backup-provider", "local_service"]
        runs.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
    for behaviour, server, process in zip(BEHAVIOURS, servers, runs, strict=True):
        out, _ = process.communicate()
        lines = out.strip().splitlines()
        print(f"--- {behaviour}", *lines[:-1], sep="\n", flush=True)
        server.__exit__()
        last = lines[-1].split() if lines else []
        if len(last) == 4 and last[1] == "passed,":
            passed, failed = passed + int(last[0]), failed + int(last[2])
        else:
            print(*lines[-1:], f"FAILED: {behaviour} did not finish", sep="\n")
            failed += 1
        if "would have ended a real server" in server.said:
            print(f"FAILED: {behaviour}: {server.said.strip()}")
            failed += 1
    return passed, failed


def main() -> int:
    """Runs the suite."""
    args = arguments()
    program = binary(args.binary)
    passed, failed = embedded(args, program) if args.embedded else real(args, program)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
