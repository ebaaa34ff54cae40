"""DAGs and tasks as properties of nodes, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from airavata_adapters.sqlite.prepared import from_text, storable, to_text
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.job import Job
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.states import TASK_ENDS, TaskState, require_transition
from airavata_workload.domain.task import LoadedDag, Priority, Task, TaskChange, Trigger
from airavata_workload.domain.transition import Transition

Properties = dict[str, Any]


# -- abstract DAGs ---------------------------------------------------------------------------------------
def abstract_row(dag: AbstractDag) -> Properties:
    """The row of ``SAVE_ABSTRACT``; ``digest`` is equal for equal DAGs, whatever their versions."""
    content = dag.to_json()
    content.pop("version")
    places = {node.name: place for place, node in enumerate(dag.nodes)}
    return {
        "application_type": dag.application_type,
        "description": storable(dag.description),
        "digest": hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest(),
        "nodes": [
            {
                "label": _label(node.kind),
                "properties": {
                    "position": place,
                    "name": storable(node.name),
                    "kind": node.kind,
                    "definition": to_text(definition),
                },
            }
            for place, (node, definition) in enumerate(zip(dag.nodes, content["nodes"], strict=True))
        ],
        "edges": [
            [places[before], places[node.name]]
            for node in dag.nodes
            for before in dict.fromkeys(node.after)
            if before in places
        ],
    }


def abstract_dag(row: Mapping[str, Any]) -> AbstractDag:
    """The DAG in a row of ``ABSTRACT``."""
    return AbstractDag.from_json(
        {
            "application_type": row["application_type"],
            "version": row["version"],
            "description": row["description"],
            "nodes": [from_text(definition) for definition in row["definitions"]],
        }
    )


# -- loaded DAGs -----------------------------------------------------------------------------------------
def loaded_row(dag: LoadedDag, now_us: int, by: str) -> Properties:
    """The row of ``CREATE_LOADED`` and ``REPLACE_LOADED``; a task without history gets its first line.

    Raises ``DagError`` for a task that depends on one that is not in the DAG.
    """
    places = {task.task_id: place for place, task in enumerate(dag.tasks)}
    row: Properties = {
        "dag": {
            "experiment_id": dag.experiment_id,
            "process_id": dag.process_id,
            "application_type": dag.application_type,
            "dag_version": dag.dag_version,
            "made_at_us": now_us,
            "made_by": by,
            "open_tasks": sum(task.state not in TASK_ENDS for task in dag.tasks),
            "unsuccessful_tasks": sum(_unsuccessful(task.state) for task in dag.tasks),
        },
        "tasks": [],
        "edges": [],
    }
    for place, task in enumerate(dag.tasks):
        before = [_place(places, task_id, task) for task_id in dict.fromkeys(task.depends_on)]
        row["edges"].extend([predecessor, place] for predecessor in before)
        first = TaskChange(state=task.state, attempt=task.attempt, at_us=now_us, by=by)
        states = [dag.tasks[predecessor].state for predecessor in before]
        properties = {
            **_definition(place, task),
            **_state(task),
            "open_predecessors": sum(state not in TASK_ENDS for state in states),
            "unsuccessful_predecessors": sum(map(_unsuccessful, states)),
            "history": [_line(change) for change in task.history or (first,)],
        }
        row["tasks"].append({"label": _label(task.kind), "properties": properties})
    return row


def _place(places: Mapping[str, int], task_id: str, task: Task) -> int:
    if task_id not in places:
        raise DagError(f"task '{task.name}' depends on '{task_id}', which is not a task of its loaded DAG.")
    return places[task_id]


def _label(kind: str) -> str:
    """The second label of a task's node, by which a drawing tells kinds apart: ``ENV_SETUP`` for ``env-setup``."""
    return kind.upper().replace("-", "_") or "TASK"


def _unsuccessful(state: TaskState) -> bool:
    return state in TASK_ENDS and state is not TaskState.COMPLETED


def _definition(place: int, task: Task) -> Properties:
    return {
        "task_id": task.task_id,
        "experiment_id": task.experiment_id,
        "process_id": task.process_id,
        "position": place,
        "name": storable(task.name),
        "kind": task.kind,
        "resource": task.resource,
        "gateway": task.gateway,
        "context": to_text(task.context),
        "depends_on": list(task.depends_on),
        "trigger_when": str(task.when),
        "retry": to_text(task.retry.to_json()),
        "priority": int(task.priority),
    }


def _state(task: Task) -> Properties:
    return {
        "state": str(task.state),
        "attempt": task.attempt,
        "failures": task.failures,
        "owner": task.owner,
        "not_before_us": task.not_before_us,
        "waiting_for": storable(task.waiting_for),
        "reason": storable(task.reason),
        "user_message": storable(task.user_message),
        "job": None if task.job is None else to_text(task.job.to_json()),
        "intent": None if task.intent is None else to_text(task.intent),
        "outputs": to_text(task.outputs),
    }


def _line(change: TaskChange) -> str:
    return to_text([str(change.state), change.attempt, change.at_us, change.by, storable(change.reason)])


class TornTaskError(Exception):
    """The properties of a task's node are not those of one moment."""


def task_of(found: Mapping[str, Any]) -> Task:
    """The task in a node's properties. Raises ``TornTaskError`` if they are not of one moment."""
    task_id = found.get("task_id", "without an id")
    try:
        task = _task_of(found)
    except KeyError as error:
        raise TornTaskError(f"task {task_id} has no {error}") from None
    if task.history and (task.state, task.attempt) != (task.history[-1].state, task.history[-1].attempt):
        raise TornTaskError(f"task {task_id} is {task.state}, and its history ends with {task.history[-1].state}")
    return task


def _task_of(found: Mapping[str, Any]) -> Task:
    job, intent = found.get("job"), found.get("intent")
    return Task(
        task_id=found["task_id"],
        experiment_id=found["experiment_id"],
        process_id=found["process_id"],
        name=found["name"],
        kind=found["kind"],
        resource=found["resource"],
        gateway=found["gateway"],
        context=from_text(found["context"]),
        depends_on=tuple(found["depends_on"]),
        when=Trigger(found["trigger_when"]),
        retry=_retry(found["retry"]),
        priority=Priority(found["priority"]),
        state=TaskState(found["state"]),
        attempt=found["attempt"],
        failures=found["failures"],
        open_predecessors=found["open_predecessors"],
        unsuccessful_predecessors=found["unsuccessful_predecessors"],
        owner=found["owner"],
        not_before_us=found["not_before_us"],
        waiting_for=found["waiting_for"],
        reason=found["reason"],
        user_message=found["user_message"],
        job=None if job is None else Job.from_json(from_text(job)),
        intent=None if intent is None else from_text(intent),
        outputs=from_text(found["outputs"]),
        history=tuple(map(_change, found["history"])),
    )


def loaded_dag_of(row: Mapping[str, Any]) -> LoadedDag:
    """The loaded DAG in a row of ``LOADED_DAGS``."""
    tasks = tuple(map(task_of, row["tasks"]))
    return LoadedDag(
        experiment_id=row["experiment_id"],
        process_id=tasks[0].process_id if tasks else "",
        application_type=row["application_type"],
        dag_version=row["dag_version"],
        tasks=tasks,
    )


@lru_cache(maxsize=1024)
def _retry(text: str) -> RetryPolicy:
    """The policy in a text; few different ones are in use."""
    return RetryPolicy.from_json(from_text(text))


def _change(text: str) -> TaskChange:
    state, attempt, at_us, by, reason = from_text(text)
    return TaskChange(state=TaskState(state), attempt=attempt, at_us=at_us, by=by, reason=reason)


# -- transitions -----------------------------------------------------------------------------------------
def transition_row(transition: Transition) -> Properties:
    """The row of ``APPLY``. Raises ``ConflictError`` if the state machine forbids the transition."""
    require_transition(transition.expected, transition.target, f"Task {transition.task_id}")
    attempt = transition.attempt if transition.next_attempt is None else transition.next_attempt
    line = TaskChange(
        state=transition.target, attempt=attempt, at_us=transition.at_us, by=transition.by, reason=transition.reason
    )
    return {
        "task_id": transition.task_id,
        "expected": str(transition.expected),
        "attempt": transition.attempt,
        "changes": _changes(transition, attempt),
        "line": _line(line),
        "opened": (transition.target not in TASK_ENDS) - (transition.expected not in TASK_ENDS),
        "failed": _unsuccessful(transition.target) - _unsuccessful(transition.expected),
    }


def _changes(transition: Transition, attempt: int) -> Properties:
    """What is set; ``None`` removes a property, and one that is not there stays as it is."""
    changes: Properties = {
        "state": str(transition.target),
        "attempt": attempt,
        "owner": transition.owner,
        "not_before_us": transition.not_before_us,
        "waiting_for": storable(transition.waiting_for),
        "reason": storable(transition.reason),
        "user_message": storable(transition.user_message),
        "job": None if transition.job is None else to_text(transition.job.to_json()),
    }
    if transition.failures is not None:
        changes["failures"] = transition.failures
    if transition.clear_intent:
        changes["intent"] = None
    if transition.outputs:
        changes["outputs"] = to_text(transition.outputs)
    return changes


def outputs_of(pairs: Sequence[Sequence[str]]) -> dict[str, Mapping[str, Any]]:
    """Outputs by task name, from pairs of name and text."""
    return {name: from_text(text) for name, text in pairs}
