"""The documented settings of the distributed installation: every option of its adapters, with the real defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import airavata_workload_config
import pytest

from airavata_workload.plugins import catalogue
from airavata_workload.ports.backing import BackingContext
from airavata_workload.settings import BackingOptions, Settings, load_settings

DOCUMENTED = airavata_workload_config.directory() / "distributed.toml"
NAMESPACES = {
    "graph_store": "graph_stores",
    "task_queue": "task_queues",
    "recovery_nodes": "recovery_nodes",
    "registry": "registries",
    "record_store": "record_stores",
    "event_bus": "event_buses",
}


class OptionsSettled(Exception):
    def __init__(self, defaults: dict[str, Any], options: dict[str, Any]) -> None:
        super().__init__()
        self.defaults = defaults
        self.options = options


class OptionsOnly(BackingContext):
    """Lets an adapter settle its options, and stops it before it connects to anything."""

    def settled_options(self, **defaults: Any) -> dict[str, Any]:
        raise OptionsSettled(defaults, super().settled_options(**defaults))


def settled(setting: str, settings: Settings, home: Path) -> OptionsSettled:
    """What the adapter that the settings name makes of its option table."""
    factory = catalogue(NAMESPACES[setting]).load(getattr(settings, setting))
    with pytest.raises(OptionsSettled) as stopped:
        factory(OptionsOnly(home=home, session="test-1", options=getattr(settings.options, setting)))
    return stopped.value


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AIRAVATA_WORKLOAD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AIRAVATA_WORKLOAD_HOME", str(tmp_path))
    return tmp_path


def loaded(home: Path, *, with_defaults: bool) -> Settings:
    """The shipped file; with the lines switched on that show defaults, if wanted."""
    lines = DOCUMENTED.read_text(encoding="utf-8").splitlines()
    if with_defaults:
        lines = [line[1:] if line[:1] == "#" and line[1:2] not in ("", " ") else line for line in lines]
    (home / "config.toml").write_text("\n".join(lines), encoding="utf-8")
    return load_settings()


def test_it_chooses_a_server_for_everything_that_services_share(home: Path) -> None:
    settings = loaded(home, with_defaults=False)
    chosen = {setting: getattr(settings, setting) for setting in NAMESPACES}
    assert chosen == {
        "graph_store": "neo4j",
        "task_queue": "rabbitmq",
        "recovery_nodes": "zookeeper",
        "registry": "sql",
        "record_store": "sql",
        "event_bus": "rabbitmq",
    }
    assert set(BackingOptions.model_fields) == {
        *NAMESPACES,
        "credential_store",
        "token_verifiers",
        "identity_provider",
    }
    unchanged = settings.model_copy(update={**dict.fromkeys(NAMESPACES, "embedded"), "options": BackingOptions()})
    assert unchanged == Settings(home=home)


@pytest.mark.parametrize("setting", sorted(NAMESPACES))
def test_the_options_as_they_stand_are_taken(home: Path, setting: str) -> None:
    settings = loaded(home, with_defaults=False)
    table = getattr(settings.options, setting)
    taken = settled(setting, settings, home)
    assert table
    assert {name: taken.options[name] for name in table} == table


@pytest.mark.parametrize("setting", sorted(NAMESPACES))
def test_every_option_is_shown_with_its_default(home: Path, setting: str) -> None:
    set_here = getattr(loaded(home, with_defaults=False).options, setting)
    shown = loaded(home, with_defaults=True)
    taken = settled(setting, shown, home)
    assert set(getattr(shown.options, setting)) == set(taken.defaults)
    assert taken.options == {**taken.defaults, **set_here}
