"""What the documentation shows is run; what the package has is documented."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pegasus_dup
import pytest
from pegasus_dup import Client, MetaGroup

ROOT = Path(__file__).parents[2]
PAGES = ("python.md", "tutorial.md")
CLUSTER = "meta1.example:34601,meta2.example:34601"


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


PROGRAMS = [
    pytest.param(block, id=f"{page}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "python"), 1)
]


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # The log goes there.
    return done.stdout or done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_python_blocks_run(program: str, pytester: pytest.Pytester) -> None:
    if "def test_" in program:
        pytester.makepyfile(program)
        pytester.runpytest_subprocess("-W", "error", "--strict-markers").assert_outcomes(
            passed=program.count("def test_")
        )
        return
    with MetaGroup(2, tables=["temp"], remote_clusters={"target": "127.0.0.1:35601"}) as group:
        assert run(program.replace(CLUSTER, ",".join(group.addresses)))


def test_the_tutorial_says_what_is_printed() -> None:
    empty, outcomes, unknown, verified, _ = blocks("tutorial.md", "python")
    assert run(empty) == "[]\n"
    assert [run(outcomes)] == blocks("tutorial.md", "text")
    message, listed = run(unknown).splitlines()
    assert "quer" in message
    assert listed == "['add table=temp cluster=target']"
    assert re.fullmatch(r"DS_LOG, 8 partitions, behind by \d+ writes\n", run(verified))


def test_the_tutorials_commands(tmp_path: Path) -> None:
    install, add, undo = blocks("tutorial.md", "sh")
    assert "pip install ." in install
    script = Path(sys.executable).with_name("pegasus-dup")
    with (
        MetaGroup(
            2, tables=["temp"], remote_clusters={"target": "127.0.0.1:35601"}, clock="fast"
        ) as group,
        Client(group.addresses) as client,
    ):

        def shell(lines: str) -> None:
            environment = {**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}"}
            environment["PEGASUS_DUP_META"] = ",".join(group.addresses)
            lines = lines.replace(CLUSTER, ",".join(group.addresses))
            done = subprocess.run(
                ["sh", "-euc", lines],
                env=environment,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr

        shell(add)
        assert len(client.query("temp")) == 1
        deadline = time.monotonic() + 10
        while client.query("temp")[0].status != "DS_LOG":
            assert time.monotonic() < deadline
        shell(undo)
        assert client.query("temp") == []


def test_the_reference_is_up_to_date_and_whole() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/python-reference"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = (ROOT / "docs/python.md").read_text("utf-8")
    for name in pegasus_dup.__all__:
        if not name.startswith("__"):
            assert f"### `{name}`\n" in text or f"| `{name}` |" in text, name


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"```.*?```", "", (ROOT / "docs" / page).read_text("utf-8"), flags=re.S)
        links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
        assert links
        assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
