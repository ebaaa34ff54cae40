"""Compare-and-set of tasks, within one transaction of the writing thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from airavata_adapters.sqlite import graph_statements as statements
from airavata_adapters.sqlite.graph_rows import Row, StoredTask
from airavata_adapters.sqlite.prepared import from_text, storable, to_text
from airavata_workload.domain.states import TASK_ENDS, TaskState, require_transition
from airavata_workload.domain.transition import Applied, Transition


@dataclass(frozen=True, slots=True)
class Request:
    """A transition and its parameters, made before the transaction begins."""

    transition: Transition
    parameters: dict[str, Any]
    line: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """What was read in the transaction about one transition; ``applied`` makes the values from it."""

    accepted: bool
    stored: StoredTask | None
    unblocked: Sequence[StoredTask] = ()
    outputs: Sequence[Row] = field(default=())

    def applied(self) -> Applied:
        """The answer for the caller."""
        if self.stored is None:
            return Applied(accepted=False, task=None)
        return Applied(
            accepted=self.accepted,
            task=self.stored.task(),
            unblocked=tuple(stored.task() for stored in self.unblocked),
            upstream_outputs={name: from_text(text) for name, text in self.outputs},
            open_tasks=self.stored.open_tasks,
            unsuccessful_tasks=self.stored.unsuccessful_tasks,
        )


def request_of(transition: Transition) -> Request:
    """The request for a transition. Raises ``ConflictError`` if the state machine forbids it."""
    require_transition(transition.expected, transition.target, f"Task {transition.task_id}")
    attempt = transition.attempt if transition.next_attempt is None else transition.next_attempt
    reason = storable(transition.reason)
    return Request(
        transition,
        {
            "expected": str(transition.expected),
            "at_attempt": transition.attempt,
            "target": str(transition.target),
            "next_attempt": attempt,
            "new_failures": transition.failures,
            "new_owner": transition.owner,
            "new_not_before_us": transition.not_before_us,
            "new_waiting_for": storable(transition.waiting_for),
            "new_reason": reason,
            "new_user_message": storable(transition.user_message),
            "new_job": None if transition.job is None else to_text(transition.job.to_json()),
            "clear_intent": int(transition.clear_intent),
            "new_outputs": to_text(transition.outputs) if transition.outputs else None,
        },
        {
            "state": str(transition.target),
            "attempt": attempt,
            "at_us": transition.at_us,
            "changed_by": transition.by,
            "reason": reason,
        },
    )


def perform(connection: Connection, requests: Sequence[Request]) -> list[Effect]:
    """Apply the requests in order."""
    return [_perform(connection, request) for request in requests]


def _perform(connection: Connection, request: Request) -> Effect:
    found = statements.FIND_TASK.run(connection, task_id=request.transition.task_id).fetchone()
    if found is None:
        return Effect(False, None)
    number, dag_number = found
    changed = statements.COMPARE_AND_SET.run(connection, of_task=number, **request.parameters)
    accepted = changed.rowcount == 1
    if accepted:
        statements.APPEND_HISTORY.run(connection, of_task=number, **request.line)
        _count(connection, number, dag_number, request.transition)
    row = statements.TASK_BY_NUMBER.run(connection, of_task=number).fetchone()
    stored = with_history(connection, row)
    # Asked of the stored state, so that a repeated transition gets the same answer as the first.
    if TaskState(row[13]) not in TASK_ENDS:
        return Effect(accepted, stored)
    ready = statements.UNBLOCKED_SUCCESSORS.run(connection, of_task=number).fetchall()
    if not ready:
        return Effect(accepted, stored)
    outputs = statements.COMPLETED_OUTPUTS.run(connection, of_dag=dag_number).fetchall()
    return Effect(accepted, stored, [with_history(connection, other) for other in ready], outputs)


def _count(connection: Connection, number: int, dag_number: int, transition: Transition) -> None:
    """Keep the counters of the successors and of the experiment."""
    opened = (transition.target not in TASK_ENDS) - (transition.expected not in TASK_ENDS)
    failed = _failed(transition.target) - _failed(transition.expected)
    if opened or failed:
        statements.COUNT_IN_SUCCESSORS.run(connection, of_task=number, opened=opened, failed=failed)
        statements.COUNT_IN_DAG.run(connection, of_dag=dag_number, opened=opened, failed=failed)


def _failed(state: TaskState) -> bool:
    return state in TASK_ENDS and state is not TaskState.COMPLETED


def with_history(connection: Connection, row: Row) -> StoredTask:
    """A whole task's row together with its history."""
    return StoredTask(row, statements.HISTORY.run(connection, of_task=row[0]).fetchall())
