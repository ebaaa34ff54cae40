"""The record store's tables: every kind has one, the migration makes what is declared, and servers can hold it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import String, Table, Text, create_engine

from airavata_adapters.record_stores import embedded, sql, tables
from airavata_adapters.record_stores.store import REVISION, TABLES
from airavata_workload.domain.errors import DocumentError, SettingsError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.store_schema import SchemaVerdict
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.projects import Project

PASSWORD = "Pa55word-of-the-test"

ADD_PROJECTS = """
import sys
from pathlib import Path
from airavata_adapters.record_stores import embedded
from airavata_workload.ports.backing import BackingContext
from airavata_workload.records.projects import Project
store = embedded.open_record_store(BackingContext(home=Path(sys.argv[1]), session="engine-1"))
for number in range(int(sys.argv[3])):
    with store.transaction() as records:
        project = f"{sys.argv[2]}-{number}"
        records.add(Project(project_id=project, owner="ann", gateway_id="g", name="Water"))
        counter = records.get(Project, "counter")
        count = int(counter.name) if counter else 0
        records.put(Project(project_id="counter", owner="ann", gateway_id="g", name=str(count + 1)))
store.close()
print("alembic" in sys.modules)
"""


def context(home: Path, **options: object) -> BackingContext:
    return BackingContext(home=home, session="engine-1", options=options)


def declarations(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: re.sub(r"\s+", " ", sql) for name, sql in rows if name not in (TABLES.version_table, "sqlite_stat1")}


def test_every_kind_has_a_table_of_its_own() -> None:
    assert set(tables.TABLES) == set(KINDS)
    assert len(tables.metadata.tables) == len(KINDS)


def test_the_migrated_tables_are_the_declared_ones(tmp_path: Path) -> None:
    embedded.open_schema(context(tmp_path)).upgrade()
    declared = tmp_path / "declared.db"
    engine = create_engine(f"sqlite:///{declared}")
    tables.metadata.create_all(engine)
    engine.dispose()
    assert declarations(tmp_path / "gateway.db") == declarations(declared)


def test_the_wanted_revision_is_the_newest() -> None:
    assert ScriptDirectory(str(TABLES.migrations)).get_heads() == [REVISION]


@pytest.mark.parametrize("table", tables.metadata.tables.values(), ids=lambda table: table.name)
def test_a_server_can_index_them(table: Table) -> None:
    """Source: MySQL 8.4 manual, 17.21 "InnoDB limits" and 11.2.1 "Identifier Length Limits"."""
    keys = {str(index.name): list(index.columns) for index in table.indexes}
    keys[str(table.primary_key.name)] = list(table.primary_key.columns)
    for name, columns in keys.items():
        assert len(name) <= 64
        assert not any(isinstance(column.type, Text) for column in columns)
        assert (
            sum((column.type.length or 0) * 4 if isinstance(column.type, String) else 8 for column in columns) <= 3072
        )


def test_processes_share_the_file(tmp_path: Path) -> None:
    embedded.open_schema(context(tmp_path)).upgrade()
    count, times = 3, 15
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ADD_PROJECTS, str(tmp_path), f"process-{number}", str(times)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    for process in running:
        said, _ = process.communicate(timeout=90)
        assert (process.returncode, said.strip()) == (0, "False"), "opening current tables loads no Alembic"
    store = embedded.open_record_store(context(tmp_path))
    with store.reading() as records:
        counter = records.get(Project, "counter")
        assert records.count(Project) == count * times + 1
    store.close()
    assert counter is not None
    assert counter.name == str(count * times)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    store = embedded.open_record_store(context(tmp_path / "new"))
    with store.transaction() as records:
        records.add(Project(project_id="p", owner="ann", gateway_id="g", name="Water"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
    store.close()
    assert {"gateway.db", "gateway.db-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_tables_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    embedded.open_record_store(context(tmp_path)).close()
    connection = sqlite3.connect(tmp_path / "gateway.db")
    with connection:
        connection.execute("UPDATE gateway_alembic_version SET version_num = 'gateway_9999'")
    connection.close()
    assert embedded.open_schema(context(tmp_path)).state().verdict is SchemaVerdict.NEWER
    with pytest.raises(SettingsError, match="gateway_9999"):
        embedded.open_record_store(context(tmp_path))


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(DocumentError, match=r"gateway\.db"):
        embedded.open_record_store(context(tmp_path))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs the option 'url'"),
        ({"url": f"mysql+pymysql://app:{PASSWORD}@db.invalid"}, "database URL cannot be used"),
        ({"url": f"nonsense {PASSWORD}"}, "database URL cannot be used"),
        ({"url": "sqlite:///x.db", "pool_size": 0}, "at least one connection"),
        ({"uri": "sqlite:///x.db"}, "Did you mean 'url'"),
    ],
)
def test_options_that_cannot_be_used_are_refused(tmp_path: Path, options: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        sql.open_record_store(context(tmp_path, **options))
    assert PASSWORD not in f"{refused.value!r} {refused.value}"
    assert (refused.value.key or "").split(".")[0] in ("record_store", "uri")
