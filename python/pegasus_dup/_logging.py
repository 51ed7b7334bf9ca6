"""Forwards the library's log messages to ``logging``."""

from __future__ import annotations

from . import _args, _core


def enable_logging(level: int = 10) -> None:
    """Forward the library's log messages to ``logging``, for the whole process.

    Until this is called, logging is off and costs nothing. The records go to loggers below
    ``pegasus_dup``, such as ``pegasus_dup.client.attempt``. The levels and handlers of these
    loggers apply as usual. ``level`` is the lowest level that is forwarded; 10 is
    ``logging.DEBUG``.

    Handlers are called in the middle of a call, often on a thread of the library. They must not use
    a client themselves.
    """
    # The import is here and not on the thread that makes the first record. Otherwise, a child that
    # is forked meanwhile would wait for that thread to finish the import.
    import logging  # noqa: F401, PLC0415

    _core.set_log(max(0, _args.int32("level", level)))


def disable_logging() -> None:
    """Undo ``enable_logging``."""
    _core.set_log(None)


def record(number: int, name: str, message: str) -> None:
    """Make a record of a log message, and pass it to the loggers. Rust calls this."""
    import logging  # noqa: PLC0415 - it is already loaded

    logger = logging.getLogger(name)
    if logger.isEnabledFor(number):
        # The record has no file and no line, because the message comes from Rust.
        logger.handle(logger.makeRecord(name, number, "(rust)", 0, message, (), None))
