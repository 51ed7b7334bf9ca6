"""Frozen dataclasses, frozen dictionaries, and generic classes that are cheap to import.

The modules ``dataclasses`` and ``typing`` take longer to import than the rest of this package,
because ``dataclasses`` imports ``inspect``. Therefore this module makes the methods of a dataclass
itself. It imports ``dataclasses`` only when a program first asks one of these classes for its
fields, as ``dataclasses.fields``, ``asdict`` and ``replace`` do.
"""

from __future__ import annotations

import sys
from types import GenericAlias

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - other modules import it
    from typing import Any, Callable, NoReturn, TypeVar
    from typing import Generic as Generic  # noqa: PLC0414 - other modules import it

    T_co = TypeVar("T_co", covariant=True)

else:
    T_co = "T_co"

    class Generic:
        """The base of classes that can be subscripted, as with ``typing.Generic``."""

        __class_getitem__ = classmethod(GenericAlias)

    def dataclass(*, frozen: bool) -> Callable[[type], type]:
        """Return a decorator that does what ``dataclasses.dataclass(frozen=True)`` does."""
        assert frozen
        return _frozen


class FrozenDict(dict):  # type: ignore[type-arg]
    """A dictionary that cannot be changed, and that has a hash if its values have."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type, tuple[dict[Any, Any]]]:
        # By default, pickle and copy would fill an empty dictionary.
        return type(self), (dict(self),)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this dictionary cannot be changed; make a dict of it first")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


def _frozen(cls: type) -> type:
    names = tuple(_annotations(cls))
    defaults = {name: vars(cls)[name] for name in names if name in vars(cls)}
    methods: dict[str, Any] = {
        "__init__": _init(cls, names, defaults),
        "__repr__": _repr,
        "__eq__": _eq,
        "__hash__": _hash,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__match_args__": names,
        "__dataclass_fields__": _Fields(),
    }
    if sys.version_info >= (3, 13):
        methods["__replace__"] = _replace
    if "__repr__" in vars(cls):
        del methods["__repr__"]
    for name, method in methods.items():
        setattr(cls, name, method)
    return cls


def _init(cls: type, names: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    # Only this method is generated as source text, because each class has another signature.
    arguments = ", ".join(
        f"{name}=defaults[{name!r}]" if name in defaults else name for name in names
    )
    lines = "".join(f"\n    fields[{name!r}] = {name}" for name in names)
    # Attributes are frozen, but the dictionary that holds them is not.
    text = (
        f"def __init__(self{', ' if names else ''}{arguments}):\n    fields = self.__dict__{lines}"
    )
    made: dict[str, Any] = {}
    exec(text, {"defaults": defaults}, made)
    init: Callable[..., None] = made["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {**_annotations(cls), "return": None}
    return init


def _annotations(cls: type) -> dict[str, Any]:
    # In Python 3.9, a class without annotations has no such attribute.
    return getattr(cls, "__annotations__", {})


def _values(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, name) for name in type(value).__match_args__)


def _repr(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__qualname__}({fields})"


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - see above

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - see above

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _replace(self: Any, **changes: Any) -> Any:
    return type(self)(**{**self.__dict__, **changes})


class _Fields:
    """The attribute that ``dataclasses`` looks for, computed when it is first read."""

    def __get__(self, instance: object, owner: type) -> dict[str, Any]:
        from dataclasses import field, fields, make_dataclass  # noqa: PLC0415 - see above

        init = vars(owner)["__init__"]
        names: tuple[str, ...] = vars(owner)["__match_args__"]
        kinds = init.__annotations__
        given: tuple[Any, ...] = init.__defaults__ or ()
        required = len(names) - len(given)
        specs: list[Any] = [(name, kinds[name]) for name in names[:required]]
        specs += [
            (name, kinds[name], field(default=default))
            for name, default in zip(names[required:], given)
        ]
        made = {one.name: one for one in fields(make_dataclass(owner.__name__, specs))}
        owner.__dataclass_fields__ = made  # type: ignore[attr-defined]
        return made
