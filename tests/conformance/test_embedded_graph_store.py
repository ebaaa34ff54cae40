"""The embedded graph store fulfils its port."""

from __future__ import annotations

from pathlib import Path

import pytest

from airavata_adapters.graph_stores.embedded import open_graph_store
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.graph_store_suite import GraphStoreSuite, OpenStore


class TestEmbeddedGraphStore(GraphStoreSuite):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenStore:
        return lambda: open_graph_store(BackingContext(home=tmp_path / "home", session="engine-1"))
