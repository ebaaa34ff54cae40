"""The pages that are made from the code are as the code is, and the diagrams say what the tables say."""

from __future__ import annotations

import importlib
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from airavata_adapters.thrift_api.binding import methods_of
from airavata_adapters.thrift_api.interfaces import INTERFACES, Interface
from airavata_workload.domain.states import (
    EXPERIMENT_ENDS,
    JOB_ENDS,
    PROCESS_ENDS,
    TASK_ENDS,
    ExperimentState,
    JobState,
    ProcessState,
    State,
    TaskState,
    transitions_of,
)

DOCS = Path(__file__).parents[2] / "docs"

MACHINES = {
    "experiment": (ExperimentState, EXPERIMENT_ENDS),
    "process": (ProcessState, PROCESS_ENDS),
    "task": (TaskState, TASK_ENDS),
    "job": (JobState, JOB_ENDS),
}


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``docs/generate.py`` as a module."""
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("generate")


def test_the_pages_are_as_the_code_is() -> None:
    command = [sys.executable, str(DOCS / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, f"stale: run 'python docs/generate.py'\n{done.stdout}{done.stderr}"


def test_what_is_stale_is_named_and_written_anew(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = tmp_path / "docs" / "reference"
    monkeypatch.setattr(generate, "REFERENCE", reference)
    assert generate.main([]) == 0
    made = {path.name for path in reference.iterdir()}
    assert {"settings.md", "states.md", "states-process.svg"} <= made
    (reference / "settings.md").write_text("old")
    (reference / "states-process.svg").unlink()
    capsys.readouterr()
    assert generate.main(["--check"]) == 1
    named = {Path(line).name for line in capsys.readouterr().out.splitlines()}
    assert named == {"settings.md", "states-process.svg"}
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("name", MACHINES)
def test_a_diagram_says_what_its_table_says(generate: ModuleType, name: str) -> None:
    del generate  # it makes the import below possible
    state_diagram = importlib.import_module("reference_pages.state_diagram")
    machine, ends = MACHINES[name]
    table = transitions_of(machine)
    drawn = state_diagram.plan(table, frozenset(ends))
    said: set[tuple[State, State]] = set()
    for box in drawn.boxes:
        if box.mutual:
            said |= {(one, other) for one in box.states for other in box.states if one is not other}
    for start, end in drawn.arrows:
        said |= {(one, other) for one in start.states for other in end.states}
    for box in drawn.from_anywhere:
        said |= {(one, other) for one in machine for other in box.states if one not in ends and one not in box.states}
    assert said == {(one, other) for one, targets in table.items() for other in targets}


@pytest.mark.parametrize("name", MACHINES)
def test_a_diagram_names_every_state_with_its_number(name: str) -> None:
    picture = ET.parse(DOCS / "reference" / f"states-{name}.svg")  # noqa: S314 - our own file
    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    pairs = set(pairwise(texts))
    for state in MACHINES[name][0]:
        assert (state.value, str(state.number)) in pairs


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda interface: interface.name)
def test_every_method_is_called_over_the_wire_by_a_test(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    proofs = importlib.import_module("reference_pages.wire_evidence").over_the_wire()
    assert [name for name in methods_of(interface) if not proofs[interface.name, name]] == []


def test_a_call_proves_the_service_of_its_client_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """``createGroup`` is a method of three services, and ``getSSHPubKey`` one that only a Java program calls."""
    monkeypatch.syspath_prepend(str(DOCS))
    proofs = importlib.import_module("reference_pages.wire_evidence").over_the_wire()
    groups, airavata = proofs["GroupManagerService", "createGroup"], proofs["Airavata", "createGroup"]
    assert "clients/portal_sharing.py::use_groups" in groups
    assert airavata == {"integration/test_java_client.py::test_groups_and_credentials_as_only_0_17_has_them"}
    assert proofs["Airavata", "getSSHPubKey"] == {"clients/Portal.java::registerCredential"}
    launched = proofs["OrchestratorService", "launchExperiment"]
    assert launched
    assert [each for each in launched if each.startswith("clients/")] == []
