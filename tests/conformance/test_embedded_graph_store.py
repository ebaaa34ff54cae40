"""The embedded graph store fulfils its port."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from airavata_adapters.graph_stores.embedded import open_graph_store
from airavata_adapters.sqlite import graph_statements
from airavata_adapters.sqlite.database import open_database
from airavata_adapters.sqlite.prepared import Prepared
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.graph_store_suite import GraphStoreSuite, OpenStore


class TestEmbeddedGraphStore(GraphStoreSuite):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenStore:
        return lambda: open_graph_store(BackingContext(home=tmp_path / "home", session="engine-1"))


@pytest.mark.parametrize("statement", [graph_statements.EXECUTING_TASKS, graph_statements.UNFINISHED])
def test_what_is_open_is_found_without_reading_what_has_ended(tmp_path: Path, statement: Prepared) -> None:
    database = open_database(tmp_path)
    connection = sqlite3.connect(database.path)
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}")]
    connection.close()
    database.close()
    assert [step for step in steps if step.startswith("SCAN")] == [
        "SCAN loaded_dags USING INDEX ix_loaded_dags_unfinished"
    ]
