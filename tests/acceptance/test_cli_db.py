"""``db``: the tables of the registry and of the record store that the settings name."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

REVISIONS = {
    "workload.db": "UPDATE alembic_version SET version_num = ? WHERE version_num LIKE 'registry%'",
    "gateway.db": "UPDATE gateway_alembic_version SET version_num = ?",
}
"""How the revision of each database is changed."""


def set_revision(database: Path, revision: str) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(REVISIONS[database.name], (revision,))
    connection.close()


def test_a_new_home_is_checked_upgraded_and_checked(command_line: Any) -> None:
    database, portals = command_line.home / "workload.db", command_line.home / "gateway.db"
    error = command_line.error("db", "check", code=2)
    assert "db upgrade" in error["remedy"]
    assert [state["verdict"] for state in command_line.json("db", "current")] == ["empty", "empty"]
    assert not database.exists(), "looking makes nothing"
    assert not portals.exists(), "looking makes nothing"
    made = command_line.json("db", "upgrade")
    assert [state["database"] for state in made] == [str(database), str(portals)]
    assert all((state["verdict"], state["stored"]) == ("current", state["wanted"]) for state in made)
    assert "nothing to do" in " ".join(command_line("db", "upgrade").stderr.split())
    assert "up to date" in " ".join(command_line("db", "check").stdout.split())


@pytest.mark.parametrize("command", ["check", "upgrade"])
@pytest.mark.parametrize("number", [0, 1])
def test_what_is_newer_is_refused_with_both_revisions(command_line: Any, command: str, number: int) -> None:
    wanted = command_line.json("db", "upgrade")[number]["wanted"]
    name = list(REVISIONS)[number]
    set_revision(command_line.home / name, "later_9999")
    verdicts = ["current", "current"]
    verdicts[number] = "newer"
    assert [state["verdict"] for state in command_line.json("db", "current")] == verdicts
    error = command_line.error("db", command, code=2)
    assert "later_9999" in error["message"]
    assert name in error["message"]
    assert all(revision in error["message"] for revision in wanted)


def test_the_database_of_the_settings_is_meant(command_line: Any, tmp_path: Path) -> None:
    command_line.home.mkdir()
    database = tmp_path / "elsewhere.db"
    (command_line.home / "config.toml").write_text(
        f'registry = "sql"\n[options.registry]\nurl = "sqlite:///{database}"\nupgrade = false\n'
    )
    assert "db upgrade" in command_line.error("list", code=2)["remedy"]
    assert command_line.json("db", "upgrade")[0]["stored"] == ["registry_0001"]
    assert command_line.json("list") == []
    assert not (command_line.home / "workload.db").exists()


def test_a_server_that_does_not_answer_is_told_without_its_password(command_line: Any) -> None:
    command_line.home.mkdir()
    (command_line.home / "config.toml").write_text(
        'registry = "sql"\n[options.registry]\nurl = "mysql+pymysql://app:S3cret-word@127.0.0.1:1/registry"\n'
    )
    for command in ("current", "check", "upgrade"):
        done = command_line("db", command, "--verbose", code=3)
        assert "127.0.0.1:1/registry" in done.stderr
        assert "S3cret-word" not in done.stdout + done.stderr
