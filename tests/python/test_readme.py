from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_readme_example_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    assert len(blocks) == 1
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocks[0]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    created, exists = done.stdout.splitlines()
    assert created == "created target True"
    assert exists.startswith("already exists target [")
    assert "temp_copy" in exists


def test_readme_links_lead_somewhere() -> None:
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        # A lambda of C++ looks like a link.
        prose = re.sub(r"^```.*?^```$", "", (ROOT / document).read_text(), flags=re.M | re.S)
        links = re.findall(r"\]\(([^)#]+)\)", prose)
        missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
        assert not missing, f"{document}: {missing}"
