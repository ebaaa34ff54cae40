"""Tasks as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from airavata_adapters.sqlite.prepared import from_text, storable, to_text
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.job import Job
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.states import TASK_ENDS, TaskState
from airavata_workload.domain.task import LoadedDag, Priority, Task, TaskChange, Trigger

Row = tuple[Any, ...]
"""A row of ``graph_statements``' whole tasks: number, definition, state, and the two counts of the experiment."""


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task as it was read; made into a ``Task`` outside the thread that writes, since that takes longer."""

    row: Row
    history: Sequence[Row]

    @property
    def open_tasks(self) -> int:
        """How many tasks of the experiment had not ended."""
        return int(self.row[-2])

    @property
    def unsuccessful_tasks(self) -> int:
        """How many tasks of the experiment had failed or been cancelled."""
        return int(self.row[-1])

    def task(self) -> Task:
        """The task."""
        r = self.row
        return Task(
            task_id=r[1],
            experiment_id=r[2],
            process_id=r[3],
            name=r[4],
            kind=r[5],
            resource=r[6],
            gateway=r[7],
            context=from_text(r[8]),
            depends_on=tuple(from_text(r[9])),
            when=Trigger(r[10]),
            retry=_retry(r[11]),
            priority=Priority(r[12]),
            state=TaskState(r[13]),
            attempt=r[14],
            failures=r[15],
            open_predecessors=r[16],
            unsuccessful_predecessors=r[17],
            owner=r[18],
            not_before_us=r[19],
            waiting_for=r[20],
            reason=r[21],
            user_message=r[22],
            job=None if r[23] is None else Job.from_json(from_text(r[23])),
            intent=None if r[24] is None else from_text(r[24]),
            outputs=from_text(r[25]),
            history=tuple(
                TaskChange(state=TaskState(state), attempt=attempt, at_us=at_us, by=by, reason=reason)
                for state, attempt, at_us, by, reason in self.history
            ),
        )


def loaded_dag_of(head: tuple[str, str, int], stored: Sequence[StoredTask]) -> LoadedDag:
    """The loaded DAG of a row of ``DAG_HEAD`` and its tasks."""
    tasks = tuple(each.task() for each in stored)
    experiment_id, application_type, dag_version = head
    return LoadedDag(
        experiment_id=experiment_id,
        process_id=tasks[0].process_id if tasks else "",
        application_type=application_type,
        dag_version=dag_version,
        tasks=tasks,
    )


@lru_cache(maxsize=1024)
def _retry(text: str) -> RetryPolicy:
    """The policy in a text; few different ones are in use."""
    return RetryPolicy.from_json(from_text(text))


@dataclass(frozen=True, slots=True)
class DagRows:
    """The rows of a loaded DAG, numbered from 0; ``at`` moves them to their place in the tables."""

    tasks: list[dict[str, Any]]
    states: list[dict[str, Any]]
    edges: list[tuple[int, int]]
    history: list[dict[str, Any]]
    open_tasks: int
    unsuccessful_tasks: int

    def at(self, dag_number: int, first_task: int) -> DagRows:
        """The rows with their final numbers."""
        return DagRows(
            [{**row, "number": row["number"] + first_task, "dag_number": dag_number} for row in self.tasks],
            [{**row, "task_number": row["task_number"] + first_task} for row in self.states],
            [(before + first_task, after + first_task) for before, after in self.edges],
            [{**row, "task_number": row["task_number"] + first_task} for row in self.history],
            self.open_tasks,
            self.unsuccessful_tasks,
        )


def rows_of(dag: LoadedDag, now_us: int, by: str) -> DagRows:
    """The rows of a loaded DAG; a task without history gets its first line.

    Raises ``DagError`` for a task that depends on one that is not in the DAG.
    """
    places = {task.task_id: place for place, task in enumerate(dag.tasks)}
    result = DagRows(
        tasks=[],
        states=[],
        edges=[],
        history=[],
        open_tasks=sum(task.state not in TASK_ENDS for task in dag.tasks),
        unsuccessful_tasks=sum(_unsuccessful(task) for task in dag.tasks),
    )
    for place, task in enumerate(dag.tasks):
        before = [_place(places, name, task) for name in dict.fromkeys(task.depends_on)]
        result.edges.extend((predecessor, place) for predecessor in before)
        result.tasks.append(_definition(place, task))
        result.states.append(_state(place, task, [dag.tasks[predecessor] for predecessor in before]))
        first = TaskChange(state=task.state, attempt=task.attempt, at_us=now_us, by=by)
        result.history.extend(_line(place, line, change) for line, change in enumerate(task.history or (first,), 1))
    return result


def _place(places: Mapping[str, int], task_id: str, task: Task) -> int:
    if task_id not in places:
        raise DagError(f"task '{task.name}' depends on '{task_id}', which is not a task of its loaded DAG.")
    return places[task_id]


def _unsuccessful(task: Task) -> bool:
    return task.state in TASK_ENDS and task.state is not TaskState.COMPLETED


def _definition(place: int, task: Task) -> dict[str, Any]:
    return {
        "number": place,
        "task_id": task.task_id,
        "position": place,
        "process_id": task.process_id,
        "name": storable(task.name),
        "kind": task.kind,
        "resource": task.resource,
        "gateway": task.gateway,
        "depends_on": to_text(task.depends_on),
        "trigger_when": str(task.when),
        "retry": to_text(task.retry.to_json()),
        "priority": int(task.priority),
        "context": to_text(task.context),
    }


def _state(place: int, task: Task, predecessors: Sequence[Task]) -> dict[str, Any]:
    return {
        "task_number": place,
        "state": str(task.state),
        "attempt": task.attempt,
        "failures": task.failures,
        "open_predecessors": sum(before.state not in TASK_ENDS for before in predecessors),
        "unsuccessful_predecessors": sum(_unsuccessful(before) for before in predecessors),
        "owner": task.owner,
        "not_before_us": task.not_before_us,
        "waiting_for": storable(task.waiting_for),
        "reason": storable(task.reason),
        "user_message": storable(task.user_message),
        "job": None if task.job is None else to_text(task.job.to_json()),
        "intent": None if task.intent is None else to_text(task.intent),
        "outputs": to_text(task.outputs),
    }


def _line(place: int, line: int, change: TaskChange) -> dict[str, Any]:
    return {
        "task_number": place,
        "line": line,
        "state": str(change.state),
        "attempt": change.attempt,
        "at_us": change.at_us,
        "changed_by": change.by,
        "reason": storable(change.reason),
    }
