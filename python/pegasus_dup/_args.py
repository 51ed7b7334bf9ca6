"""Checks of arguments, in one place, so that every method refuses the same thing the same way.

A wrong type is a ``TypeError``, a value that can't be meant an ``InvalidArgument``. What only the
server can judge is left to it. What is returned is of the plain type, never of a subclass.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable
from datetime import timedelta

from ._enums import FailMode, Generation
from ._errors import InvalidArgument

# Importing typing would take longer than all of this package; the name is known to type checkers.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn, TypeVar

    _Callable = TypeVar("_Callable", bound=Callable[..., Any])

_INT32_MIN = -(2**31)
_INT32_MAX = 2**31 - 1
_NANOSECOND = 1e-9
_YEAR = 365 * 24 * 3600
_MOST_SHOWN = 64


def wrong_type(name: str, wanted: str, value: object) -> NoReturn:
    """Raise the ``TypeError`` for an argument."""
    kind = type(value)
    # `numpy.bool` is no bool.
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    raise TypeError(f"{name} must be {wanted}, not {module}{kind.__qualname__}")


def text(name: str, value: object) -> str:
    """Return the text that ``value``, a ``str`` that UTF-8 can carry, holds."""
    # Asked of the type, not of the object: a mock claims to be of any class.
    if not issubclass(type(value), str):
        wrong_type(name, "a str", value)
    # A subclass may have any `__str__` and `encode` of its own: a member of an enumeration prints
    # as `Name.MEMBER`. These two read the text itself.
    bare = str.__str__(value)
    try:
        bare.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name} is no valid text", cause=str(error)) from None
    return bare


def optional_text(name: str, value: object) -> str | None:
    """Return ``value``, which must be ``None`` or a text."""
    return None if value is None else text(name, value)


def path(name: str, value: object) -> str:
    """Return ``value``, a ``str`` or a path object, as a path that the system can be given."""
    if not (issubclass(type(value), str) or isinstance(value, os.PathLike)):
        wrong_type(name, "a path", value)
    path = os.fspath(value)  # type: ignore[call-overload]
    if not issubclass(type(path), str):
        wrong_type(name, "a path of str", path)
    bare = str.__str__(path)
    try:
        # Not `text`: a file's name need not be UTF-8, and then has surrogates in Python.
        encoded = os.fsencode(bare)
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name} is no valid path", cause=str(error)) from None
    if b"\0" in encoded:
        raise InvalidArgument(f"{name} is no valid path", cause="it holds a NUL character")
    return bare


def int32(name: str, value: object) -> int:
    """Return ``value``, which must be an integer of 32 bits, and no ``bool``."""
    number = _integer(value)
    if number is None:
        wrong_type(name, "an int", value)
    if not _INT32_MIN <= number <= _INT32_MAX:
        raise InvalidArgument(f"{name} is out of range: {name}={_shown(number)}")
    return number


def optional_int32(name: str, value: object) -> int | None:
    """Return ``value``, which must be ``None`` or an integer of 32 bits."""
    return None if value is None else int32(name, value)


def flag(name: str, value: object) -> bool:
    """Return ``value``, which must be a ``bool``."""
    if value is True or value is False:
        return value
    return wrong_type(name, "a bool", value)


def which(value: object) -> int | str:
    """Return ``value``, which must be a dupid (``int``) or a remote cluster's name (``str``)."""
    if issubclass(type(value), str):
        return text("which", value)
    if _integer(value) is None:
        wrong_type("which", "a dupid (int) or a remote cluster's name (str)", value)
    return int32("which", value)


def seconds(name: str, value: object) -> float:
    """Return ``value``, seconds or a ``timedelta``, as seconds above 0."""
    result: float | None = _integer(value)
    if issubclass(type(value), timedelta):
        result = timedelta.total_seconds(value)  # type: ignore[arg-type]
    elif issubclass(type(value), float):
        result = float.__float__(value)  # type: ignore[arg-type]
    if result is None:
        wrong_type(name, "seconds or a timedelta", value)
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
    raise InvalidArgument(f"{name} {wrong}: {name}={_shown(result)}")


def optional_seconds(name: str, value: object) -> float | None:
    """Return ``value``, which must be ``None``, seconds or a ``timedelta``."""
    return None if value is None else seconds(name, value)


def optional_callable(name: str, value: _Callable | None) -> _Callable | None:
    """Return ``value``, which must be ``None`` or something to call."""
    if value is not None and not callable(value):
        wrong_type(name, "callable", value)
    return value


def texts(name: str, value: object) -> list[str]:
    """Return ``value``, a text or an iterable of texts, as a list."""
    if issubclass(type(value), str):
        return [text(name, value)]
    if isinstance(value, (bytes, bytearray)) or not isinstance(value, Iterable):
        wrong_type(name, "a str or an iterable of str", value)
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


def _integer(value: object) -> int | None:
    """Return the integer that ``value`` is, or that it offers itself as."""
    # A truth value in place of a number is a slip.
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        return None
    try:
        index = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None  # an array of numpy has the method, and is a number only if it holds one
    # Python 3.9 gives an instance of a subclass back, which may print as anything.
    return int.__index__(index)


def _shown(value: object) -> str:
    """Return what a message shows of ``value``: numbers have no longest text."""
    try:
        shown = str(value)
    except ValueError:
        # Python refuses to write integers of thousands of digits.
        return f"(an {type(value).__name__} too long to show)"
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."
