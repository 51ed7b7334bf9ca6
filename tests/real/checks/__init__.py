"""The checks, with a module for each group. A check is a function of the world."""

from __future__ import annotations

from collections.abc import Callable

from world import Check, World

__all__ = ["ALL", "Check", "World", "check"]

#: All checks, in the order in which they are run.
ALL: list[tuple[str, Check]] = []


def check(words: str) -> Callable[[Check], Check]:
    """Adds a check with this name."""

    def add(function: Check) -> Check:
        ALL.append((words, function))
        return function

    return add
