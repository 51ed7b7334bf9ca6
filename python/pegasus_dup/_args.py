"""Checks of arguments, in one place, so that every method refuses the same thing the same way.

A wrong type is a ``TypeError``, a value that can't be meant an ``InvalidArgument``. What only the
server can judge is left to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta

from ._enums import FailMode, Generation
from ._errors import InvalidArgument

# Importing typing would take longer than all of this package; the name is known to type checkers.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    _Callable = TypeVar("_Callable", bound=Callable[..., Any])

_INT32_MIN = -(2**31)
_INT32_MAX = 2**31 - 1
_NANOSECOND = 1e-9
_YEAR = 365 * 24 * 3600.0
_MOST_SHOWN = 64


def text(name: str, value: object) -> str:
    """Return ``value``, which must be a ``str`` that UTF-8 can carry."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name} is no valid text", cause=str(error)) from None
    # An enum member of ours is a str too; what goes on is the bare text.
    return str(value)


def optional_text(name: str, value: object) -> str | None:
    """Return ``value``, which must be ``None`` or a text."""
    return None if value is None else text(name, value)


def int32(name: str, value: object) -> int:
    """Return ``value``, which must be an ``int`` of 32 bits, and no ``bool``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not _INT32_MIN <= value <= _INT32_MAX:
        raise InvalidArgument(f"{name} is out of range: {name}={value}")
    return int(value)


def optional_int32(name: str, value: object) -> int | None:
    """Return ``value``, which must be ``None`` or an ``int`` of 32 bits."""
    return None if value is None else int32(name, value)


def flag(name: str, value: object) -> bool:
    """Return ``value``, which must be a ``bool``."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, not {type(value).__name__}")
    return value


def which(value: object) -> int | str:
    """Return ``value``, which must be a dupid (``int``) or a remote cluster's name (``str``)."""
    if isinstance(value, str):
        return text("which", value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(
            "which must be a dupid (int) or a remote cluster's name (str), "
            f"not {type(value).__name__}"
        )
    return int32("which", value)


def seconds(name: str, value: object) -> float:
    """Return ``value``, seconds or a ``timedelta``, as seconds above 0."""
    if isinstance(value, timedelta):
        result: float = value.total_seconds()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        result = value
    else:
        raise TypeError(f"{name} must be seconds or a timedelta, not {type(value).__name__}")
    # Compared before it is made a float: an int may be larger than any float.
    if result <= 0:
        wrong = "must be above 0"
    elif result < _NANOSECOND:
        wrong = "must be at least a nanosecond, 0.000000001"
    elif result > _YEAR:
        wrong = "must be at most 31536000 seconds, which is a year"
    elif math.isnan(result):
        wrong = "must be a number of seconds"
    else:
        return float(result)
    raise InvalidArgument(f"{name} {wrong}: {name}={_shown(value)}")


def _shown(value: object) -> str:
    """Return what a message shows of ``value``: numbers have no longest text."""
    try:
        shown = str(value)
    except ValueError:
        # Python refuses to write integers of thousands of digits.
        return f"(an {type(value).__name__} too long to show)"
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."


def optional_seconds(name: str, value: object) -> float | None:
    """Return ``value``, which must be ``None``, seconds or a ``timedelta``."""
    return None if value is None else seconds(name, value)


def optional_callable(name: str, value: _Callable | None) -> _Callable | None:
    """Return ``value``, which must be ``None`` or something to call."""
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be callable, not {type(value).__name__}")
    return value


def texts(name: str, value: object) -> list[str]:
    """Return ``value``, a text or an iterable of texts, as a list."""
    if isinstance(value, str):
        return [text(name, value)]
    if isinstance(value, (bytes, bytearray)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a str or an iterable of str, not {type(value).__name__}")
    return [text(f"{name}[{index}]", item) for index, item in enumerate(value)]


def generation(value: object) -> str | None:
    """Return ``value``, a generation or its name, as its name."""
    name = optional_text("generation", value)
    if name is not None and name not in [known.value for known in Generation]:
        known_names = "|".join(known.value for known in Generation)
        raise InvalidArgument(f"no such generation: known={known_names} generation={name!r}")
    return name


def fail_mode(value: object) -> str:
    """Return ``value``, a fail mode or its name, as Pegasus names it."""
    name = text("mode", value)
    try:
        mode = FailMode(name)
    except ValueError:
        mode = FailMode.UNKNOWN
    if mode is FailMode.UNKNOWN:
        raise InvalidArgument(f"no such fail mode: known=slow|skip|fast mode={name!r}")
    return str(mode)


def one_of(name: str, value: object, known: tuple[str, ...]) -> str:
    """Return ``value``, which must be one of ``known``."""
    result = text(name, value)
    if result not in known:
        raise InvalidArgument(f"no such {name}: known={'|'.join(known)} {name}={result!r}")
    return result
