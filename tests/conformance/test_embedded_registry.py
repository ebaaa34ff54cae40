"""The SQL registry fulfils its port, in the shared file and behind a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from airavata_adapters.registries.sql import open_registry
from airavata_workload.domain.errors import SettingsError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.registry_suite import OpenRegistry, RegistrySuite


class TestEmbeddedRegistry(RegistrySuite):
    @pytest.fixture
    def open_registry(self, tmp_path: Path) -> OpenRegistry:
        return lambda: open_registry(BackingContext(home=tmp_path, session="engine-1"))


class TestRegistryBehindUrl(RegistrySuite):
    """The path that MySQL and MariaDB take: a pool of its own, transactions tried again, migrations by branch."""

    @pytest.fixture
    def open_registry(self, tmp_path: Path) -> OpenRegistry:
        options = {"url": f"sqlite:///{tmp_path / 'registry.db'}"}
        return lambda: open_registry(BackingContext(home=tmp_path, session="engine-1", options=options))


@pytest.mark.parametrize("url", ["nonsense", "nosuchdialect://host/db", "mysql+nosuchdriver://host/db"])
def test_a_url_that_cannot_be_used_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"registry\.url|mysql\+pymysql"):
        open_registry(BackingContext(home=tmp_path, session="engine-1", options={"url": url}))


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ulr"):
        open_registry(BackingContext(home=tmp_path, session="engine-1", options={"ulr": "x"}))
