"""Text from a server never controls a terminal, wherever Python shows it."""

from __future__ import annotations

import logging

import pytest
from fake_meta import ADD, LIST_DUPLICATION, QUERY, Entry, FakeMeta, add_answer, error, string
from pegasus_dup import (
    AlreadyExists,
    Client,
    Failed,
    PegasusDupError,
    Progress,
    disable_logging,
    enable_logging,
)

# Control and format characters, separators, marks that change the direction of text, and a
# character for private use.
HIDDEN = (
    "\x00\x07\x1b\x7f\r\n\x85\x9b\xad\u061c\u200b\u2028\u2029\u202e\u2066\ufeff\ue000\U000e0041"
)
HOSTILE = f"x{HIDDEN}[31m"


def assert_nothing_hidden(text: str) -> None:
    assert [character for character in text if character in HIDDEN] == []


def assert_error(raised: PegasusDupError) -> None:
    for text in (str(raised), repr(raised), raised.message, repr(Failed(raised))):
        assert_nothing_hidden(text)


@pytest.mark.parametrize(
    "code", ["ERR_INVALID_PARAMETERS", "ERR_BUSY", "ERR_ACL_DENY", f"ERR_{HOSTILE}"]
)
def test_an_error_shows_nothing_hidden(code: str) -> None:
    fake = FakeMeta(replies={ADD: lambda _: add_answer(code, hint=HOSTILE)})
    with fake.running(), Client(fake.address, timeout=0.5) as client:
        failed = client.try_add("temp", "target")
    assert isinstance(failed, Failed)
    assert_error(failed.error)
    # The field holds the original text of the server; the text of the error escapes it.
    assert failed.error.hint == HOSTILE
    assert failed.error.code == code
    assert "x\\u{0}\\u{7}\\u{1b}\\u{7f}\\r\\n\\u{85}\\u{9b}" in str(failed.error)


def test_outcomes_show_nothing_hidden() -> None:
    fake = FakeMeta(entries=[Entry(7, remote_table=HOSTILE), Entry(8, cluster=HOSTILE)])
    with fake.running(), Client(fake.address, timeout=2) as client:
        outcome = client.add("temp", "target")
        listed = client.query("temp")
        found = client.list()
    assert isinstance(outcome, AlreadyExists)
    assert outcome.differences[0].existing == HOSTILE
    assert {one.cluster for one in listed} == {"target", HOSTILE}
    # An outcome has a line for itself, for the difference, and for the warning.
    lines = str(outcome).split("\n")
    assert [line.split(":")[0] for line in lines] == ["already_exists", "difference", "warning"]
    for shown in (*lines, listed, found, outcome.existing):
        assert_nothing_hidden(str(shown))
    for shown in (outcome, listed, found, outcome.existing):
        assert_nothing_hidden(repr(shown))
    (difference,) = outcome.differences
    assert_nothing_hidden(str(difference))
    assert str(difference).startswith('remote_table: asked=temp existing="x\\u{0}')


def test_logging_and_progress_show_nothing_hidden(caplog: pytest.LogCaptureFixture) -> None:
    code = f"ERR_{HOSTILE}"
    refused = error(code) + string(2, HOSTILE) + b"\0"
    fake = FakeMeta(replies={LIST_DUPLICATION: lambda _: refused, QUERY: lambda _: refused})
    steps: list[Progress] = []
    enable_logging(0)
    try:
        with (
            caplog.at_level(logging.DEBUG, "pegasus_dup"),
            fake.running(),
            Client(fake.address, timeout=1) as client,
        ):
            with pytest.raises(PegasusDupError) as raised:
                client.add("temp", "target", progress=steps.append)
            with pytest.raises(PegasusDupError):
                client.add("te\u202emp", "target\u200b", progress=steps.append)
    finally:
        disable_logging()
    assert_error(raised.value)
    for record in caplog.records:
        assert_nothing_hidden(record.getMessage())
    for step in steps:
        assert_nothing_hidden(str(step))
