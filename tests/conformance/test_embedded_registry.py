"""The SQL registry fulfils its port, in the shared file and behind a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from airavata_adapters.registries import embedded, sql
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.registry_suite import OpenRegistry, RegistrySuite


class TestEmbeddedRegistry(RegistrySuite):
    @pytest.fixture
    def open_registry(self, tmp_path: Path) -> OpenRegistry:
        return lambda: embedded.open_registry(BackingContext(home=tmp_path, session="engine-1"))


class TestRegistryBehindUrl(RegistrySuite):
    """The path that MySQL and MariaDB take too: a pool of its own, transactions tried again, migrations by branch."""

    @pytest.fixture
    def open_registry(self, tmp_path: Path) -> OpenRegistry:
        options = {"url": f"sqlite:///{tmp_path / 'registry.db'}"}
        return lambda: sql.open_registry(BackingContext(home=tmp_path, session="engine-1", options=options))
