"""The SQL record store over a real MariaDB: the suite, its tables beside the registry's, deadlocks and outages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from earlier_record_tables import back_to_the_first, index_of_experiments, index_of_grants
from services.mariadb_registry import changed, schema_of
from sqlalchemy import Engine, create_engine, event, inspect, text

from airavata_adapters.record_stores import sql, sql_records, tables
from airavata_workload.domain.errors import DeniedError, SettingsError, StoreUnavailableError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import Among, Query, RecordStore
from airavata_workload.ports.store_schema import SchemaVerdict, StoreSchema
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.projects import Project
from airavata_workload.records.sharing import Sharing
from airavata_workload.testing.record_samples import project
from airavata_workload.testing.record_store_suite import OpenStore, RecordStoreSuite

pytestmark = pytest.mark.server

PATIENCE_S = 60


def context(url: str, **options: object) -> BackingContext:
    return BackingContext(home=Path("/nonexistent"), session="engine-1", options={"url": url, **options})


def opened(url: str, **options: object) -> RecordStore:
    return sql.open_record_store(context(url, **options))


def record_schema(url: str) -> StoreSchema:
    return sql.open_schema(context(url))


@pytest.fixture
def store(mariadb_database: str) -> Iterator[RecordStore]:
    store = opened(mariadb_database)
    yield store
    store.close()


class TestMariadbRecordStore(RecordStoreSuite):
    model_examples = 15

    @pytest.fixture
    def open_store(self, mariadb_database: str) -> OpenStore:
        return lambda: opened(mariadb_database)


# -- tables ------------------------------------------------------------------------------------
def described(url: str) -> dict[str, object]:
    engine = create_engine(url)
    look = inspect(engine)
    found: dict[str, object] = {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in look.get_columns(name)],
            sorted((str(index["name"]), tuple(index["column_names"])) for index in look.get_indexes(name)),
            look.get_table_options(name)["mariadb_collate" if engine.dialect.name == "mariadb" else "mysql_collate"],
        )
        for name in look.get_table_names()
        if name in tables.metadata.tables
    }
    engine.dispose()
    return found


def test_the_migrated_tables_are_the_declared_ones(make_mariadb_database: Callable[[], str]) -> None:
    migrated, declared = make_mariadb_database(), make_mariadb_database()
    assert record_schema(migrated).state().verdict is SchemaVerdict.EMPTY
    record_schema(migrated).upgrade()
    engine = create_engine(declared)
    tables.metadata.create_all(engine)
    engine.dispose()
    assert described(migrated) == described(declared)
    assert set(described(migrated)) == set(tables.metadata.tables)


def test_registry_and_record_store_share_a_database(make_mariadb_database: Callable[[], str]) -> None:
    url = make_mariadb_database()
    for upgraded, other in ((schema_of(url), record_schema(url)), (record_schema(url), schema_of(url))):
        before = other.state()
        assert upgraded.upgrade().verdict is SchemaVerdict.CURRENT
        assert other.state() == before


def test_a_migration_that_was_broken_off_goes_on(
    make_mariadb_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    url, original, done = make_mariadb_database(), op.create_index, 0

    def broken_off(*arguments: object, **options: object) -> None:
        nonlocal done
        done += 1
        if done == 20:
            raise Killed
        original(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_index", broken_off)
    with pytest.raises(Killed):
        record_schema(url).upgrade()
    monkeypatch.undo()
    assert record_schema(url).state().verdict is SchemaVerdict.EMPTY
    assert record_schema(url).upgrade().verdict is SchemaVerdict.CURRENT
    assert set(described(url)) == set(tables.metadata.tables)


@pytest.mark.parametrize("killed_index", ["ix_gateway_experiments_1", "ix_gateway_sharing_sharings_1"])
def test_the_first_tables_are_migrated_and_one_that_was_broken_off_goes_on(
    make_mariadb_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, killed_index: str
) -> None:
    class Killed(BaseException):
        pass

    original = op.create_index

    def killed(name: str, *arguments: Any) -> None:
        if name == killed_index:
            raise Killed
        original(name, *arguments)

    url = make_mariadb_database()
    store = opened(url)
    made = GatewayExperiment(
        experiment_id="e", project_id="p", gateway_id="g", user_name="ann", experiment_name="x" * 254 + "Water"
    )
    with store.transaction() as records:
        records.add(made)
    store.close()
    engine, wanted = create_engine(url), described(url)
    back_to_the_first(engine)
    with monkeypatch.context() as broken_off:
        broken_off.setattr(op, "create_index", killed)
        with pytest.raises(Killed):
            record_schema(url).upgrade()
    assert record_schema(url).state().verdict is SchemaVerdict.BEHIND
    assert record_schema(url).upgrade().verdict is SchemaVerdict.CURRENT
    assert index_of_experiments(engine) == ["gateway_id", "created_at_ms", "experiment_id", "experiment_name_head"]
    assert index_of_grants(engine) == ["domain_id", "entity_id", "group_id", "permission_type_id"]
    engine.dispose()
    assert described(url) == wanted
    store = opened(url)
    with store.reading() as records:
        assert records.find(GatewayExperiment, Query(contains={"experiment_name": "xWATER"})) == [made]
    store.close()


def plan_of(store: RecordStore, url: str, which: Query, *, offset: int = 0) -> Sequence[Mapping[str, Any]]:
    """How the server finds a page of experiments."""
    said: list[tuple[Any, Any]] = []
    event.listen(Engine, "before_cursor_execute", remember := lambda *what: said.append((what[2], what[3])))
    with store.reading() as records:
        records.find(GatewayExperiment, which, order_by="created_at_ms", descending=True, limit=20, offset=offset)
    event.remove(Engine, "before_cursor_execute", remember)
    statement, parameters = next(each for each in said if "document" in each[0])
    engine = create_engine(url)
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).mappings().all()
    engine.dispose()
    return plan


def test_a_part_of_a_name_is_looked_for_in_an_index_alone(store: RecordStore, mariadb_database: str) -> None:
    which = Query(equal={"gateway_id": "g"}, contains={"experiment_name": "box"})
    plan = plan_of(store, mariadb_database, which)
    reading = [(row["key"], row["Extra"]) for row in plan if row["select_type"] == "DERIVED"]
    assert reading == [("ix_gateway_experiments_1", "Using where; Using index")]


def test_of_very_much_that_may_be_seen_the_first_pages_gather_nothing(
    store: RecordStore, mariadb_database: str
) -> None:
    """However much it is, the first page costs the same; the last is found faster with all of it at hand."""
    with store.transaction() as records:
        records.put_all(
            Sharing,
            [
                Sharing(domain_id="g", entity_id=f"e{number}", group_id="all", permission_type_id="READ")
                for number in range(sql_records.FEW_ON_A_SERVER + 100)
            ],
        )
    held = {"domain_id": "g", "group_id": ["all", "ann"], "permission_type_id": ["READ", "OWNER"]}
    readable = Among(kind=Sharing, column="entity_id", which=Query(equal=held))
    which = Query(equal={"gateway_id": "g"}, among={"experiment_id": readable})
    first, last = (plan_of(store, mariadb_database, which, offset=offset) for offset in (0, 900))
    checked = [(row["key"], row["Extra"]) for row in first if row["select_type"] == "DEPENDENT SUBQUERY"]
    assert checked == [("ix_gateway_sharing_sharings_1", "Using where; Using index")]
    assert not [row for row in last if row["select_type"] == "DEPENDENT SUBQUERY"]


def test_tables_are_not_made_where_that_is_not_wanted(make_mariadb_database: Callable[[], str]) -> None:
    url = make_mariadb_database()
    with pytest.raises(SettingsError, match="db upgrade"):
        opened(url, upgrade=False)


# -- other transactions --------------------------------------------------------------------------
def test_a_deadlock_is_not_seen(store: RecordStore) -> None:
    """Each holds what the other one wants: the server undoes one of them, and it is done again."""
    pair = [project(), project()]
    with store.transaction() as records:
        for each in pair:
            records.add(each)
    both_hold_one = threading.Barrier(2)

    def rename(first: int, name: str) -> None:
        with store.transaction() as records:
            records.put(replace(pair[first], name=name))
            both_hold_one.wait(PATIENCE_S)
            records.put(replace(pair[1 - first], name=name))

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(rename, 0, "one"), threads.submit(rename, 1, "other")]:
            done.result(PATIENCE_S)
    with store.reading() as records:
        names = [found.name for each in pair if (found := records.get(Project, each.project_id)) is not None]
    assert names in (["one"] * 2, ["other"] * 2)


def test_a_deadlock_about_what_was_read_is_told(store: RecordStore) -> None:
    """Who had read what the other one changed meanwhile cannot go on with it; nothing of theirs is stored."""
    pair = [project(), project()]
    with store.transaction() as records:
        for each in pair:
            records.add(each)
    both_hold_one = threading.Barrier(2)

    def rename(first: int, name: str) -> str:
        try:
            with store.transaction() as records:
                assert records.get(Project, pair[first].project_id) == pair[first]
                both_hold_one.wait(PATIENCE_S)
                records.put(replace(pair[1 - first], name=name))
        except StoreUnavailableError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(rename, 0, "one"), threads.submit(rename, 1, "other")]
        good, bad = sorted(each.result(PATIENCE_S) for each in done)
    assert good == ""
    assert "changed what this one had read" in bad
    with store.reading() as records:
        found = [records.get(Project, each.project_id) for each in pair]
    assert sum(now == before for now, before in zip(found, pair, strict=True)) == 1


# -- the way to the server -----------------------------------------------------------------------
def test_a_connection_that_was_lost_stores_nothing_and_the_next_block_works(
    store: RecordStore, mariadb_database: str
) -> None:
    made = project()
    killer = create_engine(mariadb_database)

    def lose_the_connection() -> None:
        with store.transaction() as records:
            records.add(made)
            with killer.connect() as connection:
                mine = connection.execute(text("SELECT CONNECTION_ID()")).scalar()
                others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> :mine"
                for number in connection.execute(text(others), {"mine": mine}).scalars().all():
                    connection.exec_driver_sql(f"KILL {number}")
            with pytest.raises(StoreUnavailableError):
                records.get(Project, made.project_id)

    with pytest.raises(StoreUnavailableError, match="nothing of this transaction is stored"):
        lose_the_connection()
    killer.dispose()
    with store.transaction() as records:
        assert records.get(Project, made.project_id) is None
        records.add(made)


def test_a_server_that_does_not_answer_is_told_without_its_password(mariadb_database: str) -> None:
    with pytest.raises(StoreUnavailableError) as refused:
        opened(changed(mariadb_database, port=1, password="S3cret-word"))
    assert "S3cret-word" not in str(refused.value)
    assert "record_store" in str(refused.value)


def test_a_wrong_password_is_told(mariadb_database: str) -> None:
    with pytest.raises(DeniedError, match=r"record_store\.url"):
        opened(changed(mariadb_database, password="wrong"))
