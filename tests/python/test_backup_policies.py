"""Backup policies: the objects that describe them, and the call that adds one."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from pegasus_dup import (
    AlreadyExists,
    AsyncClient,
    BackupPolicy,
    Client,
    Created,
    Difference,
    Evidence,
    Failed,
    InvalidArgument,
    MetaServer,
    Property,
    Resource,
    TableNotFound,
    Unsupported,
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


def test_a_policy_is_added_once(client: Client) -> None:
    tables = ["temp", "stat"]
    created = client.add_backup_policy(
        "daily",
        "local_service",
        tables,
        interval=timedelta(days=1),
        history_count=7,
        start_time="03:00",
    )
    # A policy that is listed may always be that of a concurrent call.
    assert created == Created(DAILY, Evidence.APPEARED_DURING_CALL, warning=created.warning)
    assert not created.certain
    again = client.add_backup_policy(
        "daily", "local_service", tables, interval=86400, history_count=7, start_time="03:00"
    )
    assert again == AlreadyExists(DAILY, (), Evidence.LISTED_BEFORE, warning=again.warning)
    match client.add_backup_policy(
        "daily", "local_service", "temp", interval=172800, history_count=5, start_time="04:00"
    ):
        case AlreadyExists(BackupPolicy("daily"), differences):
            assert [(one.field, one.asked, one.existing) for one in differences] == [
                (Property.TABLE_IDS, (1,), (1, 2)),
                (Property.INTERVAL_SECONDS, 172800, 86400),
                (Property.HISTORY_COUNT, 5, 7),
                (Property.START_TIME, "04:00", "03:00"),
            ]
        case other:
            raise AssertionError(other)


def test_errors_are_raised_or_returned(client: Client) -> None:
    def fail(
        tables: str = "temp", interval: int = 86400, start_time: str = "03:00"
    ) -> Exception | None:
        outcome = client.try_add_backup_policy(
            "daily",
            "local_service",
            tables,
            interval=interval,
            history_count=7,
            start_time=start_time,
        )
        return outcome.error if isinstance(outcome, Failed) else None

    assert isinstance(fail(tables="none"), TableNotFound)
    assert isinstance(fail(interval=60), InvalidArgument)
    assert isinstance(fail(start_time="25:00"), InvalidArgument)
    assert fail() is None
    with pytest.raises(TableNotFound):
        client.add_backup_policy(
            "weekly",
            "local_service",
            ["temp", "none"],
            interval=timedelta(weeks=1),
            history_count=4,
            start_time="03:00",
        )


def test_backups_that_are_switched_off() -> None:
    async def main(address: str) -> None:
        async with AsyncClient(address, timeout=5) as client:
            failed = await client.try_add_backup_policy(
                "daily", "local_service", "temp", interval=86400, history_count=7, start_time="3:00"
            )
            assert isinstance(failed, Failed)

    with (
        MetaServer(tables=["temp"], backup_enabled=False) as server,
        Client(server.address, timeout=5) as client,
    ):
        with pytest.raises(Unsupported):
            client.add_backup_policy(
                "daily",
                "local_service",
                "temp",
                interval=86400,
                history_count=7,
                start_time="03:00",
            )
        asyncio.run(main(server.address))


def test_the_asynchronous_client_adds_a_policy(server: MetaServer) -> None:
    async def main() -> None:
        async with AsyncClient(server.address, timeout=5) as client:
            for expected in (Created, AlreadyExists):
                outcome = await client.add_backup_policy(
                    "daily",
                    "local_service",
                    iter(["stat", "temp"]),
                    interval=86400.0,
                    history_count=7,
                    start_time="03:00",
                )
                assert isinstance(outcome, expected)

    asyncio.run(main())
