from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from pegasus_dup import MetaServer

ROOT = Path(__file__).parents[2]


def test_the_commands_of_the_quick_start_print_what_the_readme_shows() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    (transcript,) = re.findall(r"^```text\n(.*?)^```$", text, re.M | re.S)
    script = Path(sys.executable).with_name("pegasus-dup")
    with MetaServer(
        tables=["temp"], remote_clusters={"target": "127.0.0.1:35601"}, clock="stopped"
    ) as server:
        for part in transcript.split("$ pegasus-dup ")[1:]:
            command, shown = part.split("\n", 1)
            done = subprocess.run(
                [str(script), "--meta", server.address, *command.split()],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            # A terminal shows both streams, and the warnings come first.
            printed = f"{done.stderr}{done.stdout}(exit code {done.returncode})\n"
            # The times on the page are those of the day when the page was written.
            assert re.sub(r"\d{10,}", "TIME", printed) == re.sub(
                r"\d{10,}", "TIME", shown.rstrip() + "\n"
            )


def test_readme_links_lead_somewhere() -> None:
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        # A lambda in C++ looks like a link.
        prose = re.sub(r"^```.*?^```$", "", (ROOT / document).read_text(), flags=re.M | re.S)
        links = re.findall(r"\]\(([^)#]+)\)", prose)
        missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
        assert not missing, f"{document}: {missing}"
