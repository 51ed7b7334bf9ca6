"""The command line, as `pegasus-dup` and `python -m pegasus_dup`. It is that of the Rust binary."""

from __future__ import annotations

import signal
import sys

from . import _core


def main() -> int:
    """Run the command line with ``sys.argv``, and return its exit code."""
    # Python's own handler only marks the signal for the interpreter, which does not run until the
    # command line returns. With the default handler, the command line can receive the signal, or
    # the signal ends the process. A signal that is ignored (`nohup`, a background job) stays
    # ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _core.cli_main(["pegasus-dup", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
