"""What several folders of tests need."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import structlog

ROOT = Path(__file__).parents[1]
GENERATED = {
    "__pycache__",
    ".git",
    ".hypothesis",
    ".tox",
    ".venv",
    ".venv.lock",
    "build",
    "demo-output",
    "dist",
    "site",
}


@pytest.fixture(scope="session")
def repository_files() -> list[Path]:
    """Every file of the project that is, or could be, committed; relative to its root."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        command = [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
        found = [Path(name) for name in listed.split("\0") if name]
    else:
        found = []
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [name for name in folders if not _generated(name)]
            found += [Path(folder, name).relative_to(ROOT) for name in names if not _generated(name)]
    return sorted(path for path in found if (ROOT / path).is_file())


def _generated(name: str) -> bool:
    return name in GENERATED or name.endswith((".egg-info", "_cache"))


@pytest.fixture(scope="session", autouse=True)
def _plain_log() -> None:
    """The engine's log as plain lines, without the values of local variables that structlog's default shows."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer(key_order=["event"])]
    )
