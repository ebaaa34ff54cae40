"""Looking at the tables of a registry changes nothing; bringing them up to date is done once, and can be done again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airavata_adapters.registries import embedded, sql
from airavata_adapters.sqlite import schema
from airavata_workload.domain.errors import DocumentError, SettingsError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.store_schema import SchemaState, SchemaVerdict, StoreSchema
from airavata_workload.testing.samples import experiment

KINDS = ["embedded", "sql"]


class Store:
    """One of the two registries in a file, with its schema."""

    def __init__(self, kind: str, home: Path) -> None:
        self.path = home / ("workload.db" if kind == "embedded" else "registry.db")
        options = {} if kind == "embedded" else {"url": f"sqlite:///{self.path}"}
        context = BackingContext(home=home, session="engine-1", options=options)
        module = {"embedded": embedded, "sql": sql}[kind]
        self.open: Callable[[], Registry] = lambda: module.open_registry(context)
        self.schema: StoreSchema = module.open_schema(context)

    def change(self, statement: str) -> None:
        """Change the file behind the registry's back."""
        connection = sqlite3.connect(self.path)
        with connection:
            connection.execute(statement)
        connection.close()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(request.param, tmp_path)


def test_looking_makes_nothing(store: Store) -> None:
    assert store.schema.state().verdict is SchemaVerdict.EMPTY
    assert not store.path.exists() or store.path.stat().st_size == 0


def test_upgrading_makes_the_tables_and_again_does_nothing(store: Store) -> None:
    first = store.schema.upgrade()
    assert first.verdict is SchemaVerdict.CURRENT
    assert first.stored == first.wanted
    assert str(store.path) in first.where
    assert store.schema.upgrade() == store.schema.state() == first


def test_opening_upgrades_too(store: Store) -> None:
    store.open().close()
    assert store.schema.state().verdict is SchemaVerdict.CURRENT


def test_what_is_behind_is_seen_and_upgraded_without_losing_anything(store: Store) -> None:
    registry = store.open()
    one = experiment()
    registry.create_experiments([one])
    registry.close()
    store.change("UPDATE alembic_version SET version_num = 'gone' WHERE version_num LIKE 'registry%'")
    store.change("DELETE FROM alembic_version WHERE version_num = 'gone'")
    expected = SchemaVerdict.BEHIND if store.schema.state().stored else SchemaVerdict.EMPTY
    assert store.schema.state().verdict is expected
    assert store.schema.upgrade().verdict is SchemaVerdict.CURRENT
    registry = store.open()
    assert registry.experiment(one.experiment_id) == one
    registry.close()


def test_what_is_newer_is_seen_and_refused(store: Store) -> None:
    store.schema.upgrade()
    store.change("UPDATE alembic_version SET version_num = 'registry_9999' WHERE version_num LIKE 'registry%'")
    assert store.schema.state().verdict is SchemaVerdict.NEWER
    assert store.schema.state().unknown == {"registry_9999"}
    with pytest.raises(SettingsError, match="registry_9999"):
        store.schema.upgrade()


def test_of_several_upgrades_at_once_one_is_done(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    upgrade = schema.upgrade

    def noted(*arguments: object) -> None:
        runs.append(str(arguments[1]))
        upgrade(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(schema, "upgrade", noted)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: store.schema.upgrade().verdict, range(4)))
    assert found == [SchemaVerdict.CURRENT] * 4
    assert len(runs) == 1


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    store = Store("embedded", tmp_path)
    store.path.write_bytes(b"no database at all" * 100)
    with pytest.raises(DocumentError, match=r"workload\.db"):
        store.schema.state()


@pytest.mark.parametrize(
    ("stored", "unknown", "verdict"),
    [
        (set(), set(), SchemaVerdict.EMPTY),
        ({"a_2"}, set(), SchemaVerdict.CURRENT),
        ({"a_1"}, set(), SchemaVerdict.BEHIND),
        ({"a_3"}, {"a_3"}, SchemaVerdict.NEWER),
        ({"a_2", "b_1"}, {"b_1"}, SchemaVerdict.NEWER),
    ],
)
def test_verdicts(stored: set[str], unknown: set[str], verdict: SchemaVerdict) -> None:
    assert SchemaState(where="here", stored=stored, wanted={"a_2"}, unknown=unknown).verdict is verdict
