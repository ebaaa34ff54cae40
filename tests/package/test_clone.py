"""What a person does first: clone, then './workload demo', with nothing else set up."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = Path(getattr(sys, "_base_executable", sys.executable))


@pytest.mark.timeout(600)  # installs everything, from the network where pip has it not in store
def test_the_demo_runs_from_a_fresh_clone(tmp_path: Path, repository_files: list[Path]) -> None:
    clone, home = tmp_path / "a clone", tmp_path / "home"
    home.mkdir()
    for path in repository_files:
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, clone / path)
    environment = {"PATH": f"{PYTHON.parent}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
    for first in (True, False):
        done = subprocess.run(
            [clone / "workload", "demo"], cwd=home, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("making .venv" in done.stderr) is first
    assert [path for path in tmp_path.rglob("*.svg") if "<svg" in path.read_text(encoding="utf-8")]
