"""The embedded recovery nodes fulfil their port."""

from __future__ import annotations

from pathlib import Path

import pytest

from airavata_adapters.recovery_nodes.embedded import open_recovery_nodes
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.recovery_nodes_suite import OpenNodes, RecoveryNodesSuite


class TestEmbeddedRecoveryNodes(RecoveryNodesSuite):
    @pytest.fixture
    def open_nodes(self, tmp_path: Path) -> OpenNodes:
        return lambda: open_recovery_nodes(BackingContext(home=tmp_path, session=session_id("engine")))
