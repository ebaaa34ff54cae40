"""The record store's tables: every kind has one, the migration makes what is declared, and servers can hold it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from earlier_record_tables import back_to_the_first, index_of_experiments, index_of_grants
from sqlalchemy import Engine, String, Table, Text, create_engine, event

from airavata_adapters.record_stores import embedded, sql, sql_records, tables
from airavata_adapters.record_stores.store import REVISION, TABLES
from airavata_workload.domain.errors import DocumentError, SettingsError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import Among, Query
from airavata_workload.ports.store_schema import SchemaVerdict
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.projects import Project
from airavata_workload.records.sharing import Sharing
from airavata_workload.testing.samples import unique

PARTS = ("WATER", "ice", "steam")
PASSWORD = "Pa55word-of-the-test"

ADD_PROJECTS = """
import sys
from pathlib import Path
from airavata_adapters.record_stores import embedded
from airavata_workload.ports.backing import BackingContext
from airavata_workload.records.projects import Project
from airavata_workload.testing.samples import unique
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


def sample(name: str, **changes: Any) -> GatewayExperiment:
    made = GatewayExperiment(
        experiment_id=unique("experiment"), project_id="p", gateway_id="g", user_name="ann", experiment_name=name
    )
    return replace(made, **changes)


def plan_of_a_page(home: Path, which: Query) -> list[str]:
    """How SQLite finds the first experiments; the last steps read their documents."""
    store = embedded.open_record_store(context(home))
    said: list[tuple[Any, Any]] = []
    event.listen(Engine, "before_cursor_execute", remember := lambda *what: said.append((what[2], what[3])))
    with store.reading() as records:
        records.find(GatewayExperiment, which, order_by="created_at_ms", descending=True, limit=20)
    event.remove(Engine, "before_cursor_execute", remember)
    store.close()
    statement, parameters = next(each for each in said if "document" in each[0])
    connection = sqlite3.connect(home / "gateway.db")
    plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    connection.close()
    return plan


def test_a_part_of_a_name_is_looked_for_in_an_index_alone(tmp_path: Path) -> None:
    """The rows of 100,000 experiments are 200 MB, the index is 10."""
    plan = plan_of_a_page(tmp_path, Query(equal={"gateway_id": "g"}, contains={"experiment_name": "box"}))
    reading = [step for step in plan if "gateway_id=?" in step]
    assert [step.partition(" (")[0] for step in reading] == [
        "SEARCH gateway_experiments USING COVERING INDEX ix_gateway_experiments_1"
    ]
    inner = plan[: plan.index("SCAN page")]
    assert not [step for step in inner if "TEMP B-TREE" in step], "the page is found in the order of the index"


def readable(by: str) -> Mapping[str, Among]:
    held = {"domain_id": "g", "group_id": (by, "everybody"), "permission_type_id": ("READ", "OWNER")}
    return {"experiment_id": Among(kind=Sharing, column="entity_id", which=Query(equal=held))}


def test_who_may_see_very_much_is_asked_of_each_experiment_in_an_index_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_records, "FEW", 0)
    store = embedded.open_record_store(context(tmp_path))
    with store.transaction() as records:
        records.add(Sharing(domain_id="g", entity_id="e", group_id="ann", permission_type_id="READ"))
    store.close()
    plan = plan_of_a_page(tmp_path, Query(equal={"gateway_id": "g"}, among=readable("ann")))
    inner = plan[: plan.index("SCAN page")]
    assert [step.removeprefix("SEARCH ") for step in inner if step.startswith("SEARCH")] == [
        "gateway_experiments USING COVERING INDEX ix_gateway_experiments_1 (gateway_id=?)",
        "gateway_sharing_sharings_1 USING COVERING INDEX ix_gateway_sharing_sharings_1 (domain_id=? AND entity_id=?)",
    ]
    assert not [step for step in inner if "TEMP B-TREE" in step]


@pytest.mark.parametrize("more", [{}, {"state": "FAILED"}, {"user_name": "bob"}, {"project_id": ("p", "q")}])
def test_who_may_see_little_is_given_it_by_the_ids(tmp_path: Path, more: Mapping[str, Any]) -> None:
    """And not out of all experiments that have, for example, failed."""
    plan = plan_of_a_page(tmp_path, Query(equal={"gateway_id": "g", **more}, among=readable("ann")))
    inner = plan[: plan.index("SCAN page")]
    by_groups = "gateway_sharing_sharings_1 USING COVERING INDEX ix_gateway_sharing_sharings_2"
    assert [step.removeprefix("SEARCH ") for step in inner if step.startswith("SEARCH")] == [
        "gateway_experiments USING INDEX sqlite_autoindex_gateway_experiments_1 (experiment_id=?)",
        f"{by_groups} (domain_id=? AND group_id=? AND permission_type_id=?)",
    ]


def test_experiments_of_the_first_tables_are_found_by_their_names(tmp_path: Path) -> None:
    store = embedded.open_record_store(context(tmp_path))
    short, long = sample("A water box"), sample("x" * 250 + "water" + "y" * 300 + "Ice")
    with store.transaction() as records:
        records.put_all(GatewayExperiment, [short, long])
    store.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    back_to_the_first(engine)
    schema = embedded.open_schema(context(tmp_path))
    assert schema.state().verdict is SchemaVerdict.BEHIND
    assert schema.upgrade().verdict is SchemaVerdict.CURRENT
    assert index_of_experiments(engine) == ["gateway_id", "created_at_ms", "experiment_id", "experiment_name_head"]
    assert index_of_grants(engine) == ["domain_id", "entity_id", "group_id", "permission_type_id"]
    engine.dispose()
    store = embedded.open_record_store(context(tmp_path))
    with store.reading() as records:
        found = {part: records.find(GatewayExperiment, Query(contains={"experiment_name": part})) for part in PARTS}
    store.close()
    assert {part: {each.experiment_id for each in some} for part, some in found.items()} == {
        "WATER": {short.experiment_id, long.experiment_id},
        "ice": {long.experiment_id},
        "steam": set(),
    }


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
