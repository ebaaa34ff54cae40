"""The tables of the SQL registry on a real MariaDB: made, migrated once, and never half."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from services.mariadb_registry import opened, schema_of
from sqlalchemy import Connection, create_engine, inspect, text

from airavata_adapters.registries import tables
from airavata_adapters.sqlite import schema
from airavata_workload.domain.errors import (
    SettingsError,
)
from airavata_workload.ports.registry import ExperimentFilter
from airavata_workload.ports.store_schema import SchemaVerdict
from airavata_workload.testing.samples import experiment

pytestmark = pytest.mark.server

PATIENCE_S = 60


# -- tables ------------------------------------------------------------------------------------
def described(url: str) -> Mapping[str, Any]:
    engine = create_engine(url)
    look = inspect(engine)
    found = {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in look.get_columns(name)],
            sorted((str(index["name"]), tuple(index["column_names"])) for index in look.get_indexes(name)),
        )
        for name in look.get_table_names()
        if name != "alembic_version"
    }
    engine.dispose()
    return found


def test_the_migrated_tables_are_the_declared_ones(make_mariadb_database: Callable[[], str]) -> None:
    migrated, declared = make_mariadb_database(), make_mariadb_database()
    schema_of(migrated).upgrade()
    engine = create_engine(declared)
    tables.metadata.create_all(engine)
    engine.dispose()
    assert described(migrated) == described(declared)
    assert set(described(migrated)) == set(tables.metadata.tables)


def test_a_migration_that_was_broken_off_anywhere_goes_on(
    make_mariadb_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_mariadb_database()
    schema_of(whole).upgrade()
    steps = 7  # three tables, four indexes

    class Killed(BaseException):
        pass

    for step in range(1, steps):
        url, done = make_mariadb_database(), 0

        def broken_off(original: Callable[..., Any], limit: int = step) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                nonlocal done
                if done == limit:
                    raise Killed
                done += 1
                return original(*arguments, **options)

            return call

        with monkeypatch.context() as patched:
            patched.setattr(op, "create_table", broken_off(op.create_table))
            patched.setattr(op, "create_index", broken_off(op.create_index))
            with pytest.raises(Killed):
                schema_of(url).upgrade()
        assert schema_of(url).state().verdict is SchemaVerdict.EMPTY
        assert schema_of(url).upgrade().verdict is SchemaVerdict.CURRENT
        assert described(url) == described(whole)


def test_services_that_start_together_migrate_once(
    make_mariadb_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_mariadb_database()
    runs: list[str] = []
    upgrade = schema.upgrade

    def noted(connection: Connection, revision: str, *migrations: Path) -> None:
        runs.append(revision)
        upgrade(connection, revision, *migrations)

    monkeypatch.setattr(schema, "upgrade", noted)
    together = threading.Barrier(4)

    def start(_number: int) -> int:
        together.wait(PATIENCE_S)
        registry = opened(url)
        registry.create_experiments([experiment()])
        registry.close()
        return 1

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(start, range(4))) == 4
    assert runs == ["registry@head"]
    registry = opened(url)
    assert registry.count(ExperimentFilter()) == 4
    registry.close()


def test_without_leave_to_upgrade_empty_tables_are_refused(make_mariadb_database: Callable[[], str]) -> None:
    url = make_mariadb_database()
    with pytest.raises(SettingsError, match="db upgrade"):
        opened(url, upgrade=False)
    assert described(url) == {}
    schema_of(url).upgrade()
    opened(url, upgrade=False).close()


def test_a_newer_database_is_refused(make_mariadb_database: Callable[[], str]) -> None:
    url = make_mariadb_database()
    schema_of(url).upgrade()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'registry_9999'"))
    engine.dispose()
    assert schema_of(url).state().verdict is SchemaVerdict.NEWER
    for refused in (lambda: opened(url), lambda: schema_of(url).upgrade()):
        with pytest.raises(SettingsError, match=f"registry_9999.*{schema.REGISTRY_REVISION}"):
            refused()
