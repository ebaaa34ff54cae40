"""The file of the embedded backing systems: who may read it, who shares it, what if it is damaged."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from airavata_adapters.sqlite.database import open_database
from airavata_adapters.sqlite.failures import translated
from airavata_adapters.sqlite.prepared import driver
from airavata_workload.domain.errors import DeniedError, DocumentError, StoreUnavailableError, WorkloadError


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    database = open_database(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    files = list(home.iterdir())
    assert {"workload.db", "workload.db-wal", "workload.db-shm"} <= {path.name for path in files}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    database.close()


def test_every_commit_is_synced(tmp_path: Path) -> None:
    database = open_database(tmp_path)

    def settings(name: str) -> object:
        return database.write(lambda connection: driver(connection).execute(f"PRAGMA {name}").fetchone()[0])

    # Source: https://www.sqlite.org/pragma.html#pragma_synchronous: 2 is FULL.
    assert (settings("journal_mode"), settings("synchronous"), settings("foreign_keys")) == ("wal", 2, 1)
    database.close()


def test_one_object_serves_all_ports_of_a_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    first, second = open_database(tmp_path / "home"), open_database(tmp_path / "link")
    assert first is second
    first.close()
    second.write(lambda connection: connection.exec_driver_sql("INSERT INTO recovery_nodes VALUES ('x', '')"))
    second.close()
    third = open_database(tmp_path / "home")
    assert third is not first
    third.close()


def test_a_file_that_is_no_database_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "workload.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(DocumentError, match=r"workload\.db.*Restore it from a backup"):
        open_database(tmp_path)
    assert path.read_bytes() == b"this is no database" * 100


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="file/home"):
        open_database(tmp_path / "file" / "home")


def test_a_failed_opening_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "workload.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(DocumentError):
        open_database(tmp_path)
    path.unlink()
    open_database(tmp_path).close()


def test_errors_of_sqlite_are_translated(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "plain.db", isolation_level=None)
    connection.execute("CREATE TABLE t (a)")
    other = sqlite3.connect(tmp_path / "plain.db", isolation_level=None, timeout=0)
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError) as locked:
        other.execute("SELECT * FROM t")
    assert isinstance(translated(locked.value, tmp_path), StoreUnavailableError)
    connection.execute("COMMIT")
    other.execute("PRAGMA query_only=ON")
    with pytest.raises(sqlite3.OperationalError) as refused:
        other.execute("INSERT INTO t VALUES (1)")
    assert isinstance(translated(refused.value, tmp_path), DeniedError)
    with pytest.raises(sqlite3.OperationalError) as wrong:
        other.execute("SELECT nonsense FROM t")
    assert type(translated(wrong.value, tmp_path)) is WorkloadError
    assert isinstance(translated(KeyError("x"), tmp_path), KeyError)
    connection.close()
    other.close()
