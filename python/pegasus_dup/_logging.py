"""What the library notes of its work, by way of ``logging``."""

from __future__ import annotations

from . import _args, _core


def enable_logging(level: int = 10) -> None:
    """Pass what the library notes of its work on to ``logging``, for the whole process.

    Off until this is called, so that who doesn't want it pays nothing. The records go to loggers
    below ``pegasus_dup``, such as ``pegasus_dup.client.attempt``; their levels and handlers decide
    as usual what becomes of them. ``level`` is the lowest that is passed on at
    all, 10 being ``logging.DEBUG``.

    Handlers are called in the midst of a call, often on one of the library's own threads: they
    must not use a client themselves.
    """
    # Here, and not by the thread that makes the first record: a child forked meanwhile would wait
    # for that thread to be done with importing.
    import logging  # noqa: F401, PLC0415

    _core.set_log(max(0, _args.int32("level", level)))


def disable_logging() -> None:
    """Undo ``enable_logging``."""
    _core.set_log(None)


def record(number: int, name: str, message: str) -> None:
    """Make a record of what the library notes, and hand it to the loggers. Called by Rust."""
    import logging  # noqa: PLC0415 - loaded already

    logger = logging.getLogger(name)
    if logger.isEnabledFor(number):
        # No place in a file: it was noted by Rust.
        logger.handle(logger.makeRecord(name, number, "(rust)", 0, message, (), None))
