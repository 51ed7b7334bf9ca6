"""The requests that end the process of a real meta server. Never send them to a real server.

docs/dangerous-requests.md describes them.
"""

from __future__ import annotations

from typing import Any

from wire import ADD, ADD_POLICY, MODIFY, QUERY_POLICY, Fields, Type

#: The statuses that a server of each generation knows, and the fail modes that all of them know.
STATUSES = {
    "freezed": range(4),
    "checkpoint": range(6),
    "remote-name": range(6),
    "dup-exist": range(6),
}
FAIL_MODES = range(3)


def reason(generation: str, rpc: str, fields: Fields) -> str | None:
    """Returns why this request ends a real server of that generation, or `None`."""

    def values(number: int, of: Type) -> list[Any]:
        # The type of a list names the type of the elements, too, unless the request was received.
        return [
            value
            for one, kind, value in fields
            if one == number and of in (kind, kind[0] if isinstance(kind, tuple) else None)
        ]

    if rpc == MODIFY:
        if any(status not in STATUSES[generation] for status in values(3, "i32")):
            return "a status that the server does not know"
        if any(mode not in FAIL_MODES for mode in values(4, "i32")):
            return "a fail mode that the server does not know"
    if rpc == ADD and generation in ("remote-name", "dup-exist"):
        names = values(1, "string") + values(2, "string") + values(4, "string")
        if any(b"{" in name or b"}" in name for name in names):
            return "a brace in a name"
        if any(not is_utf8(name) for name in values(4, "string")):
            return "a remote table that GET /meta/app/duplication cannot show"
    formats = generation in ("remote-name", "dup-exist")
    if rpc in (ADD_POLICY, QUERY_POLICY) and formats:
        names = values(1, "string") + values(2, "string")
        names += [name for listed in values(1, "list") for name in listed]
        if any(b"{" in name or b"}" in name for name in names):
            return "a brace in the name of a backup policy or of a provider"
    # An absent name is an empty name.
    policies = (values(2, "string") or [b""]) if rpc == ADD_POLICY and not formats else []
    if any(name == b"" or b"/" in name for name in policies):
        return "the name of a backup policy is empty or has a slash"
    return None


def is_utf8(name: bytes) -> bool:
    """Returns whether a name is UTF-8."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
