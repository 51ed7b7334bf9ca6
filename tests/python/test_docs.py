"""The programs of the documentation run, and every public name is documented."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import time
import zlib
from pathlib import Path
from types import ModuleType

import pegasus_dup.fleet
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
    # The log is written to stderr.
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


def test_the_commands_of_the_page_about_fleets(tmp_path: Path) -> None:
    (fleet,) = blocks("fleets.md", "toml")
    lines = "".join(blocks("fleets.md", "sh")).splitlines()
    script = Path(sys.executable).with_name("pegasus-dup")
    environment = {**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}"}
    with MetaGroup(
        1,
        tables=["orders", "app_users", "app_items", "app_tmp"],
        remote_clusters={"target": "127.0.0.1:35601"},
    ) as group:
        (address,) = group.addresses
        (tmp_path / "fleet.toml").write_text(fleet.replace("127.0.0.1:34601", address), "utf-8")
        for line in lines:
            command, _, code = line.partition(" # exit code ")
            done = subprocess.run(
                ["sh", "-uc", command.replace("127.0.0.1:34601", address)],
                env=environment,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == int(code or 0), (line, done.stdout, done.stderr)
        with Client(group.addresses) as client:
            assert [one.table for one in client.list()] == ["app_items", "app_users", "orders"]


def public_names(module: ModuleType) -> list[str]:
    names = [name for name in module.__all__ if not name.startswith("__")]
    methods = [
        f"{name}.{member}"
        for name in names
        if isinstance(what := getattr(module, name), type)
        for member, value in inspect.getmembers(what)
        if not member.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property))
        and value.__doc__
    ]
    return [f"{module.__name__}.{name}" for name in names + methods]


def test_the_site_builds_and_describes_every_public_name(tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = subprocess.run(
        [str(ROOT / "scripts/build-docs"), str(site)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # This file lists all names that the reference describes, so that other sites can link to them.
    inventory = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    described = {line.split()[0] for line in zlib.decompress(inventory).decode().splitlines()}
    public = public_names(pegasus_dup) + public_names(pegasus_dup.fleet)
    assert [name for name in public if name not in described] == []
    # No page loads anything from another host.
    for page in site.rglob("*.html"):
        loaded = re.findall(
            r'(?:src|rel="stylesheet" href)="(https?:[^"]*)"', page.read_text("utf-8")
        )
        assert loaded == [], page


def test_links_of_the_pages_outside_the_site_lead_somewhere() -> None:
    for page in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "examples/shell/README.md"):
        path = ROOT / page
        text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.S)
        links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
        assert [link for link in links if not (path.parent / link).exists()] == [], page
