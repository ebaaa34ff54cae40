"""The boxes for the drawing of an abstract DAG, and of the tasks of an experiment with their states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from airavata_workload.cli.views.dag_drawing import Box, draw
from airavata_workload.cli.views.state_marks import Mark, mark_of_state, mark_of_task, word
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.states import JobState, TaskState
from airavata_workload.domain.task import Task, Trigger
from airavata_workload.ports.registry import JobRecord

ITEMS_DRAWN = 4
"""So many tasks of one ``for_each`` node are drawn one by one; more of them share a box."""

_WHEN = {Trigger.SUCCESS: "", Trigger.FAILURE: "on failure", Trigger.ALWAYS: "always"}
_GRAVEST = (TaskState.FAILED, TaskState.EXECUTING, TaskState.CREATED, TaskState.CANCELED, TaskState.COMPLETED)


def dag_graph(dag: AbstractDag, *, columns: int, ascii_only: bool) -> RenderableType:
    """An abstract DAG: name and kind of each task."""
    boxes = {
        node.name: Box(
            title=f"{node.name} {_times(ascii_only)}n" if node.for_each else node.name,
            subtitle=_joined(node.kind, _WHEN[node.when]),
        )
        for node in dag.nodes
    }
    return Group(*draw(boxes, {node.name: node.after for node in dag.nodes}, columns=columns, ascii_only=ascii_only))


def task_graph(tasks: Sequence[Task], jobs: Sequence[JobRecord], *, columns: int, ascii_only: bool) -> RenderableType:
    """The tasks of an experiment: each with its state, in its colour."""
    job_states = {record.task_id: record.state for record in jobs}
    box_of = _bundles(tasks)
    members: dict[str, list[Task]] = {}
    for task in tasks:
        members.setdefault(box_of[task.task_id], []).append(task)
    boxes = {key: _box(key, bundle, job_states, ascii_only) for key, bundle in members.items()}
    before = {
        key: list(dict.fromkeys(box_of[each] for task in bundle for each in task.depends_on if each in box_of))
        for key, bundle in members.items()
    }
    return Group(*draw(boxes, before, columns=columns, ascii_only=ascii_only), legend(tasks, ascii_only=ascii_only))


def _bundles(tasks: Sequence[Task]) -> dict[str, str]:
    """The box of each task, by id: its own or, for one of many items, that of its node."""
    nodes = Counter(node_of(task) for task in tasks)
    return {task.task_id: task.name if nodes[node_of(task)] <= ITEMS_DRAWN else node_of(task) for task in tasks}


def node_of(task: Task) -> str:
    """The name of the DAG's node that the task comes from: ``align`` for ``align[7]``."""
    return task.name.rpartition("[")[0] if task.name.endswith("]") else task.name


def _box(key: str, tasks: Sequence[Task], job_states: Mapping[str, JobState], ascii_only: bool) -> Box:
    if len(tasks) == 1:
        task = tasks[0]
        mark = mark_of_task(task, job_states.get(task.task_id))
        attempt = f"attempt {task.attempt}" if task.attempt > 1 else ""
        state = (
            f"job {word(job_states[task.task_id])}" if task.parked and task.task_id in job_states else word(task.state)
        )
        return Box(title=f"{_sign(mark, ascii_only)} {key}", subtitle=_joined(state, attempt), style=mark.style)
    states = Counter(task.state for task in tasks)
    mark = mark_of_state(next(state for state in _GRAVEST if states[state]))
    counts = ", ".join(f"{states[state]} {word(state)}" for state in _GRAVEST if states[state])
    return Box(
        title=f"{_sign(mark, ascii_only)} {key} {_times(ascii_only)}{len(tasks)}", subtitle=counts, style=mark.style
    )


def legend(tasks: Sequence[Task], *, ascii_only: bool) -> Text:
    """How many tasks are in each state, with the sign of the state."""
    states = Counter(task.state for task in tasks)
    text = Text()
    for state in TaskState:
        if states[state]:
            mark = mark_of_state(state)
            text.append(f"  {_sign(mark, ascii_only)} ", style=mark.style)
            text.append(f"{states[state]} {word(state)}", style="dim")
    return text


def _sign(mark: Mark, ascii_only: bool) -> str:
    return mark.ascii_sign if ascii_only else mark.sign


def _times(ascii_only: bool) -> str:
    return "x" if ascii_only else "\N{MULTIPLICATION SIGN}"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
