"""Checks of arguments. Every method uses them, so all methods refuse the same arguments.

A wrong type raises ``TypeError``, and a wrong value raises ``InvalidArgument``. Some values can
only be checked by the server. The functions return objects of the plain types, never of subclasses.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta

from ._enums import FailMode, Generation
from ._errors import InvalidArgument

# Importing typing would take longer than importing this package. Type checkers know this name.
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
    # The name of the module tells `numpy.bool` from `bool`.
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    raise TypeError(f"{name} must be {wanted}, not {module}{kind.__qualname__}")


def text(name: str, value: object) -> str:
    """Return the text of ``value``, which must be a ``str`` that can be encoded in UTF-8."""
    # This checks the type and not the object, because a mock object claims to be of any class.
    if not issubclass(type(value), str):
        wrong_type(name, "a str", value)
    # A subclass may have its own `__str__` and `encode`. A member of an enumeration, for example,
    # prints as `Name.MEMBER`. The methods of `str` read the text itself.
    bare = str.__str__(value)
    try:
        bare.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name} is not valid text", cause=str(error)) from None
    return bare


def optional_text(name: str, value: object) -> str | None:
    """Return ``value``, which must be ``None`` or a text."""
    return None if value is None else text(name, value)


def path(name: str, value: object) -> str:
    """Return ``value``, a ``str`` or a path object, as a path for the operating system."""
    if not (issubclass(type(value), str) or isinstance(value, os.PathLike)):
        wrong_type(name, "a path", value)
    path = os.fspath(value)  # type: ignore[call-overload]
    if not issubclass(type(path), str):
        wrong_type(name, "a path of str", path)
    bare = str.__str__(path)
    try:
        # `text` would be too strict: the name of a file need not be UTF-8, and then contains
        # surrogates in Python.
        encoded = os.fsencode(bare)
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name} is not a valid path", cause=str(error)) from None
    if b"\0" in encoded:
        raise InvalidArgument(f"{name} is not a valid path", cause="it contains a NUL character")
    return bare


def int32(name: str, value: object) -> int:
    """Return ``value``, which must be an integer of 32 bits and not a ``bool``."""
    number = _integer(value)
    if number is None:
        wrong_type(name, "an int", value)
    if not _INT32_MIN <= number <= _INT32_MAX:
        raise InvalidArgument(f"{name} is out of range: {name}={_shown(number)}")
    return number


def optional_int32(name: str, value: object) -> int | None:
    """Return ``value``, which must be ``None`` or an integer of 32 bits."""
    return None if value is None else int32(name, value)


def count(name: str, value: object, least: int = 0) -> int:
    """Return ``value``, which must be an integer of 32 bits that is at least ``least``."""
    number = int32(name, value)
    if number < least:
        raise InvalidArgument(f"{name} must be at least {least}: {name}={number}")
    return number


def optional_count(name: str, value: object, least: int = 0) -> int | None:
    """Return ``value``, which must be ``None`` or a number as in ``count``."""
    return None if value is None else count(name, value, least)


def flag(name: str, value: object) -> bool:
    """Return ``value``, which must be a ``bool``."""
    if value is True or value is False:
        return value
    return wrong_type(name, "a bool", value)


def optional_flag(name: str, value: object) -> bool | None:
    """Return ``value``, which must be ``None`` or a ``bool``."""
    return None if value is None else flag(name, value)


def which(value: object) -> int | str:
    """Return ``value``, which must be a dupid (``int``) or a name of a cluster (``str``)."""
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
    # The comparison comes before the conversion, because an int may be larger than any float.
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


def whole_seconds(name: str, value: object) -> int:
    """Return ``value``, seconds or a ``timedelta``, as a whole number of seconds above 0."""
    result = seconds(name, value)
    if not result.is_integer():
        raise InvalidArgument(f"{name} must be a whole number of seconds: {name}={_shown(result)}")
    return int(result)


def optional_whole_seconds(name: str, value: object) -> int | None:
    """Return ``value``, which must be ``None``, whole seconds or a ``timedelta`` of these."""
    return None if value is None else whole_seconds(name, value)


def optional_callable(name: str, value: _Callable | None) -> _Callable | None:
    """Return ``value``, which must be ``None`` or callable."""
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


def settings(name: str, value: object) -> dict[str, str]:
    """Return ``value``, which must be ``None`` or a mapping of texts to texts, as a dictionary."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        wrong_type(name, "a mapping of str to str", value)
    keys = [text(f"a key of {name}", key) for key in value]
    return {key: text(f"{name}[{key!r}]", item) for key, item in zip(keys, value.values())}


def generation(value: object) -> str | None:
    """Return ``value``, a generation or its name, as its name."""
    name = optional_text("generation", value)
    if name is not None and name not in [known.value for known in Generation]:
        known_names = "|".join(known.value for known in Generation)
        raise InvalidArgument(f"no such generation: known={known_names} generation={name!r}")
    return name


def fail_mode(value: object) -> str:
    """Return ``value``, a fail mode or its name, as the name that Pegasus has for it."""
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
    """Return ``value`` if it is an integer or can be used as an index, and ``None`` otherwise."""
    # A bool in place of a number is most likely a mistake.
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        return None
    try:
        index = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None  # An array of numpy has the method, but only one with one element is a number.
    # Python 3.9 returns an instance of a subclass unchanged, and a subclass may print anything.
    return int.__index__(index)


def _shown(value: object) -> str:
    """Return ``value`` as a message shows it, cut if it is long."""
    try:
        shown = str(value)
    except ValueError:
        # Python refuses to print integers with thousands of digits.
        return f"(an {type(value).__name__} too long to show)"
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."
