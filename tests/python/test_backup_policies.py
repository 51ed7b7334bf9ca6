"""Backup policies: the objects that describe them, and the call that adds one."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from pegasus_dup import (
    AlreadyExists,
    BackupPolicy,
    Difference,
    Evidence,
    Property,
    Resource,
)

DAILY = BackupPolicy(
    policy="daily",
    provider="local_service",
    table_ids=(1, 2),
    interval_seconds=86400,
    history_count=7,
    start_time="03:00",
    disabled=False,
)


def test_a_policy_as_text() -> None:
    text = (
        "policy=daily provider=local_service table_ids=[1,2] interval_seconds=86400 "
        "history_count=7 start_time=03:00 disabled=false"
    )
    assert str(DAILY) == text
    difference = Difference(Property.TABLE_IDS, (1,), (1, 2))
    exists = AlreadyExists(DAILY, (difference,), Evidence.LISTED_BEFORE)
    first, differs, warning = str(exists).splitlines()
    assert first == f"already_exists: {text} evidence=listed_before certain=true"
    assert differs == "difference: field=table_ids asked=[1] existing=[1,2]"
    assert warning.startswith("warning: nothing was created: the backup policy already exists, ")
    assert issubclass(BackupPolicy, Resource)
    assert BackupPolicy.kind == "backup_policy"


def test_the_interval_of_a_policy() -> None:
    assert DAILY.interval == timedelta(days=1)
    assert dataclasses.replace(DAILY, interval_seconds=2**62).interval is None
