"""The migrations make the tables that the code declares, all or none, and only when they are needed."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateIndex, CreateTable

from airavata_adapters.registries import tables as registry_tables
from airavata_adapters.sqlite import schema
from airavata_adapters.sqlite import tables as embedded_tables
from airavata_adapters.sqlite.database import open_database
from airavata_workload.domain.errors import SettingsError

OPEN_AND_TELL = """
import sys
from pathlib import Path
from airavata_adapters.sqlite.database import open_database
open_database(Path(sys.argv[1])).close()
print("alembic" in sys.modules)
"""


def declarations(path: Path) -> dict[str, str]:
    """The statements that made tables and indexes, without regard to white space and the order of constraints."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {
        name: ",".join(sorted(re.sub(r"\s+", " ", part).strip(" )") for part in sql.split(",")))
        for name, sql in rows
        if name not in ("alembic_version", "sqlite_sequence")
    }


def test_the_migrated_tables_are_the_declared_ones(tmp_path: Path) -> None:
    open_database(tmp_path / "migrated").close()
    declared = tmp_path / "declared.db"
    engine = create_engine(f"sqlite:///{declared}")
    registry_tables.metadata.create_all(engine)
    embedded_tables.metadata.create_all(engine)
    engine.dispose()
    assert declarations(tmp_path / "migrated" / "workload.db") == declarations(declared)


def test_the_wanted_revisions_are_the_newest() -> None:
    heads = set(ScriptDirectory(str(schema.MIGRATIONS)).get_heads())
    assert heads == {schema.REGISTRY_REVISION, schema.EMBEDDED_REVISION}


def test_the_registry_branch_alone_suits_a_database_server(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'server.db'}")
    with engine.begin() as connection:
        schema.upgrade(connection, "registry@head")
    engine.dispose()
    made = {name for name in declarations(tmp_path / "server.db") if not name.startswith("ix_")}
    assert made == set(registry_tables.metadata.tables)


def test_a_current_database_is_opened_without_alembic(tmp_path: Path) -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", OPEN_AND_TELL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["True", "False"]


def test_a_newer_database_is_refused_and_both_revisions_are_named(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "workload.db")
    connection.execute("UPDATE alembic_version SET version_num = 'embedded_9999' WHERE version_num LIKE 'embedded%'")
    connection.commit()
    connection.close()
    with pytest.raises(SettingsError, match=f"embedded_9999.*{schema.EMBEDDED_REVISION}"):
        open_database(tmp_path)


def test_a_broken_off_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = schema.upgrade

    def break_off(*arguments: object) -> None:
        upgrade(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(schema, "upgrade", break_off)
    with pytest.raises(KeyboardInterrupt):
        open_database(tmp_path)
    assert declarations(tmp_path / "workload.db") == {}
    monkeypatch.undo()
    open_database(tmp_path).close()
    assert "tasks" in declarations(tmp_path / "workload.db")


def test_processes_that_begin_at_the_same_time_migrate_once(tmp_path: Path) -> None:
    def begin(_number: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", OPEN_AND_TELL, str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).stderr

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(begin, range(3))) == ["", "", ""]


def test_the_registry_tables_suit_mysql() -> None:
    for table in registry_tables.metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=mysql.dialect()))
        assert "COLLATE utf8mb4_bin" in made
        assert "AUTO_INCREMENT" in made
        for index in table.indexes:
            assert len(index.name or "") <= 64
            assert str(CreateIndex(index).compile(dialect=mysql.dialect())).startswith("CREATE INDEX")
        for constraint in table.constraints:
            assert len(str(constraint.name or "")) <= 64
