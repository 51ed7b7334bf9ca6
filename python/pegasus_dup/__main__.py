"""The command line, `pegasus-dup` or `python -m pegasus_dup`: the same as the Rust binary's."""

from __future__ import annotations

import signal
import sys

from . import _core


def main() -> int:
    """Run the command line with ``sys.argv``, and return its exit code."""
    # Python's own handler only notes the signal for the interpreter, which doesn't run until the
    # command line returns; the default lets the command line take it, or end the process. One
    # that is ignored (`nohup`, a background job) stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _core.cli_main(["pegasus-dup", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
