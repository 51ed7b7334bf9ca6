"""The history of calls: ``with recording() as history``."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import threading

import pytest
from async_support import SENT, deaf, run, until
from fake_meta import ADD
from pegasus_dup import (
    AsyncClient,
    Client,
    ClientUnusable,
    EntryKind,
    HistoryEntry,
    MetaServer,
    Progress,
    Step,
    TableNotFound,
    recording,
)

LIST = "RPC_CM_LIST_DUPLICATION"


def requests(entries: tuple[HistoryEntry, ...]) -> list[str | None]:
    return [entry.name for entry in entries if entry.kind is EntryKind.REQUEST]


def test_entries_of_a_query(server: MetaServer) -> None:
    with Client(server.address) as client, recording() as history:
        assert list(history.entries) == []
        assert str(history) == ""
        client.query("temp")
        asked = next(entry for entry in history.entries if entry.name == LIST)
        assert (asked.kind, asked.call, asked.attempt) == (EntryKind.REQUEST, 1, 1)
        assert asked.server == server.address
        assert asked.request == {"app_name_pattern": "temp", "match_type": 2}
        assert asked.response is not None
        assert asked.response["err"] == "ERR_OK"
        assert asked.text is None
        last = history.entries[-1]
        assert (last.kind, last.text) == (EntryKind.CONCLUSION, "listed: count=0")
        assert str(history).endswith("\nconclusion: listed: count=0")
        with pytest.raises(TableNotFound) as raised:
            client.query("missing")
    assert {entry.call for entry in history.entries} == {1, 2}
    assert f"\ncall 2 conclusion: error: {raised.value.message}" in str(history)


def test_entries_are_values_and_lines_of_json(server: MetaServer) -> None:
    with Client(server.address) as client, recording() as history:
        client.add("temp", "target")
    entries = history.entries
    assert pickle.loads(pickle.dumps(entries)) == entries
    assert hash(entries) == hash(history.entries)
    lines = [json.loads(line) for line in history.json_lines().splitlines()]
    assert [line["entry"] for line in lines] == [entry.kind.value for entry in entries]
    for place, entry in enumerate(entries):
        line = lines[place]
        assert line.keys() - {"entry"} == {*HistoryEntry.__match_args__} - {"kind"}
        assert (line["name"], line["text"]) == (entry.name, entry.text)


def test_both_clients_have_the_same_history() -> None:
    async def asynchronous(address: str) -> str:
        client = AsyncClient(address)
        with recording() as history:
            await client.add("temp", "target")
            # A task that is started in the block is recorded, too.
            await asyncio.ensure_future(client.query("stat"))
        await client.close()
        return str(history)

    def blocking(address: str) -> str:
        with Client(address) as client, recording() as history:
            client.add("temp", "target")
            client.query("stat")
        return str(history)

    def stable(text: str, server: MetaServer) -> str:
        text = text.replace(server.address, "SERVER")
        return "\n".join(line for line in text.splitlines() if "dupid=" not in line)

    texts = []
    for call in (blocking, lambda address: run(asynchronous(address))):
        remote = {"target": "127.0.0.1:35601"}
        with MetaServer(tables=["temp", "stat"], remote_clusters=remote, clock="stopped") as server:
            texts.append(stable(call(server.address), server))
    assert texts[0] == texts[1]
    assert "call 2 attempt 1: " in texts[0]


def test_only_the_calls_in_the_innermost_block_are_recorded(client: Client) -> None:
    client.query("temp")
    with recording() as outer:
        client.query("temp")
        with recording() as inner:
            client.query("stat")
        thread = threading.Thread(target=client.query, args=("stat",))
        thread.start()
        thread.join()
    client.query("temp")
    assert requests(outer.entries) == [LIST]
    assert requests(inner.entries) == [LIST]
    assert inner.entries[1].request == {"app_name_pattern": "stat", "match_type": 2}


def test_an_interrupted_call_ends_with_the_exception() -> None:
    def watch(progress: Progress) -> None:
        if progress.step is Step.SENDING:
            raise KeyboardInterrupt

    with deaf(ADD).running() as fake, Client(fake.address) as client, recording() as history:
        with pytest.raises(KeyboardInterrupt):
            client.add("temp", "target", timeout=60, progress=watch)
        text = history.entries[-1].text
    assert history.entries[-1].kind is EntryKind.CONCLUSION
    assert text is not None
    assert text.startswith("KeyboardInterrupt: sent, and its effect is not known; ")
    assert text.endswith(SENT)


def test_a_cancelled_call_ends_with_the_exception() -> None:
    async def main() -> None:
        with deaf(ADD).running() as fake:
            client = AsyncClient(fake.address, timeout=60)
            with recording() as history:
                task = asyncio.ensure_future(client.add("temp", "target"))
                await until(lambda: fake.has_seen(ADD), "the add")
                # Another call of the block does not get the conclusion of the first.
                await client.query("temp")
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            first = [entry for entry in history.entries if entry.call == 1]
            assert (first[-2].name, first[-2].response) == ("RPC_CM_ADD_DUPLICATION", None)
            assert first[-1].kind is EntryKind.CONCLUSION
            text = first[-1].text or ""
            assert text.startswith("CancelledError: sent, and its effect is not known; ")
            assert text.endswith(SENT)
            second = [entry for entry in history.entries if entry.call == 2]
            assert second[-1].text is not None
            assert second[-1].text.startswith("listed: ")

    run(main())


# Newer Pythons warn about any fork in a process with threads.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_does_not_record_into_the_history(server: MetaServer) -> None:
    with recording() as history:
        child = os.fork()
        if child == 0:
            try:
                with Client(server.address) as client:
                    client.query("temp")
                    try:
                        str(history)
                    except ClientUnusable:
                        with recording() as own:
                            client.query("temp")
                        os._exit(0 if requests(own.entries) == [LIST] else 2)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert history.entries == ()
