"""What makes the command line start slowly is not imported where it is not needed; counted, never timed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SLOW = {
    "airavata_adapters.sqlite.database",
    "airavata_thrift",
    "airavata_workload.bootstrap",
    "airavata_workload.engine",
    "airavata_workload.settings",
    "alembic",
    "asyncio",
    "cryptography",
    "jinja2",
    "paramiko",
    "pydantic_settings",
    "sqlalchemy",
    "stevedore",
    "structlog",
    "thrift",
    "yaml",
}
PROGRAM = """
import sys
from airavata_workload.cli.main import run
code = run(sys.argv[2:])
sys.stdout.flush()
print()
print(" ".join(sorted(set(sys.argv[1].split(",")) & set(sys.modules))))
sys.exit(code)
"""


def imported(home: Path, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(SLOW), "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_nothing_slow(arguments: list[str], tmp_path: Path) -> None:
    assert imported(tmp_path / "home", *arguments) == set()
    assert not (tmp_path / "home").exists(), "and touches nothing"


def test_looking_imports_the_store_and_no_engine(tmp_path: Path) -> None:
    imported(tmp_path / "home", "list")  # makes the database, which takes more
    needed = {"airavata_workload.bootstrap", "airavata_workload.settings", "airavata_adapters.sqlite.database"}
    # SQLAlchemy imports asyncio by itself
    needed |= {"asyncio", "pydantic_settings", "sqlalchemy", "stevedore"}
    assert imported(tmp_path / "home", "list") <= needed
