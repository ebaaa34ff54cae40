"""An option that a backing system does not have is refused, with the nearest that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from airavata_workload.domain.errors import SettingsError
from airavata_workload.plugins import catalogue
from airavata_workload.ports.backing import BackingContext

EMBEDDED = [
    ("graph_stores", "embedded"),
    ("task_queues", "embedded"),
    ("recovery_nodes", "embedded"),
    ("registries", "embedded"),
    ("event_buses", "embedded"),
    ("credential_stores", "encrypted-file"),
]


@pytest.mark.parametrize(("namespace", "name"), EMBEDDED)
def test_every_embedded_system_refuses_options_that_it_does_not_have(tmp_path: Path, namespace: str, name: str) -> None:
    context = BackingContext(home=tmp_path, session="s", options={"colour": "blue"})
    with pytest.raises(SettingsError, match="'colour' is not an option of this backing system"):
        catalogue(namespace).load(name)(context)


def test_the_nearest_option_is_suggested_and_types_are_checked() -> None:
    context = BackingContext(home=Path("/nowhere"), session="s", options={"kept_event": 5})
    with pytest.raises(SettingsError, match="Did you mean 'kept_events'"):
        context.settled_options(kept_events=100)
    wrong = BackingContext(home=Path("/nowhere"), session="s", options={"kept_events": "many"})
    with pytest.raises(SettingsError, match="must be of type int"):
        wrong.settled_options(kept_events=100)


def test_what_is_given_wins_over_the_default() -> None:
    context = BackingContext(home=Path("/nowhere"), session="s", options={"kept_events": 5})
    assert context.settled_options(kept_events=100, url="") == {"kept_events": 5, "url": ""}
