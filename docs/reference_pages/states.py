"""The page of the state machines, and their diagrams."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial

from airavata_workload.domain import states as source
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
from reference_pages import project
from reference_pages.markdown import code, document, paragraphs, table
from reference_pages.state_diagram import diagram

_MACHINES: dict[str, tuple[type[State], frozenset[State], str]] = {
    "experiment": (ExperimentState, frozenset(EXPERIMENT_ENDS), "One request of a user."),
    "process": (ProcessState, frozenset(PROCESS_ENDS), "One attempt to run an experiment on one compute resource."),
    "task": (TaskState, frozenset(TASK_ENDS), "A node of a loaded DAG."),
    "job": (JobState, frozenset(JOB_ENDS), "What a batch system runs for a task."),
}

_INTRODUCTION = """
How to read the diagrams: time goes down, a state may be followed by those that its arrows lead to. A box with several
states stands for each of them; states in one dashed box may follow one another in any order. Ends are grey. The number
beside a name is Airavata's.
"""

_TRYING_AGAIN = """
Back from an end: `airavata-workload retry` launches an experiment again that FAILED or was CANCELED. The experiment
goes back to LAUNCHED, with a new process; tasks that did not complete are made anew. A task that is EXECUTING goes back
to CREATED when it is to be tried again, now or after a delay.
"""


def page() -> str:
    """The page."""
    parts = [part for name, machine in _MACHINES.items() for part in _section(name, *machine)]
    return document(
        "States",
        "`airavata_workload/domain/states.py`",
        paragraphs(inspect.getdoc(source)),
        _INTRODUCTION,
        *parts,
        "## What a process is doing",
        "A process takes the state that the kind of its newest task gives it:",
        table(("kind of task", "state of the process"), _kinds()),
        "## Trying again",
        _TRYING_AGAIN,
    )


def diagrams() -> dict[str, Callable[[], str]]:
    """What makes the pictures, by file name."""
    return {
        f"states-{name}.svg": partial(diagram, f"States of {_article(name)}", transitions_of(machine), ends)
        for name, (machine, ends, _meaning) in _MACHINES.items()
    }


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _section(name: str, machine: type[State], ends: frozenset[State], meaning: str) -> list[str]:
    transitions = transitions_of(machine)
    rows = [
        (
            code(state.value),
            str(state.number),
            ", ".join(code(target.value) for target in machine if target in transitions[state]) or "nothing",
            "yes" if state in ends else "",
        )
        for state in machine
    ]
    return [
        f"## {name.capitalize()}",
        meaning,
        f"![States of {_article(name)}](states-{name}.svg)",
        table(("state", "number", "may become", "end"), rows),
    ]


def _kinds() -> list[tuple[str, str]]:
    plugins = [project.load(target) for target in project.entry_points("tasks").values()]
    return [(code(plugin.kind), code(plugin.process_state)) for plugin in plugins]
