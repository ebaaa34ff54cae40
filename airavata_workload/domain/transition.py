"""Changes of task state as compare-and-set requests, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import OutcomeMessage, TaskMessage, Verdict
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A request to change one task, if it still is in ``expected`` at ``attempt``.

    ``next_attempt`` larger than ``attempt`` fences every outcome of the
    present hand-out off. ``job`` parks the task; ``clear_intent`` forgets an
    announced effect that surely did not and will not happen; ``owner`` is the
    worker that claims it.
    """

    task_id: str
    experiment_id: str
    attempt: int
    expected: TaskState
    target: TaskState
    at_us: int
    by: str
    next_attempt: int | None = None
    failures: int | None = None
    owner: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    job: Job | None = None
    clear_intent: bool = False
    not_before_us: int = 0
    waiting_for: str = ""
    reason: str = ""
    user_message: str = ""

    def change(self, task_name: str) -> StateChange:
        """What the audit trail says once it has been applied to the task of that name."""
        return StateChange(
            subject=Subject.TASK,
            subject_id=self.task_id,
            experiment_id=self.experiment_id,
            state=self.target,
            at_us=self.at_us,
            by=self.by,
            attempt=self.attempt if self.next_attempt is None else self.next_attempt,
            name=task_name,
            reason=self.reason,
            user_message=self.user_message,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a graph store made of one transition.

    ``accepted`` is false when the compare failed; then nothing changed.
    ``task`` is the task as it is now, or ``None`` when the store has no such
    task. ``unblocked`` are the successors, still CREATED, whose predecessors
    have all ended, whether by this transition or, when a transition comes a
    second time, by an earlier one. ``upstream_outputs`` maps the names of the
    experiment's completed tasks to their outputs; it is filled only when
    ``unblocked`` is not empty. ``open_tasks`` counts the experiment's tasks
    that have not ended, ``unsuccessful_tasks`` those that FAILED or were
    CANCELED.
    """

    accepted: bool
    task: Task | None
    unblocked: tuple[Task, ...] = ()
    upstream_outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    open_tasks: int = 0
    unsuccessful_tasks: int = 0


def transition_of(outcome: OutcomeMessage) -> Transition:
    """The transition for a verdict that stands by itself: completed or parked."""
    completed = outcome.verdict is Verdict.COMPLETED
    return Transition(
        task_id=outcome.task_id,
        experiment_id=outcome.experiment_id,
        attempt=outcome.attempt,
        expected=TaskState.EXECUTING,
        target=TaskState.COMPLETED if completed else TaskState.EXECUTING,
        at_us=outcome.at_us,
        by=outcome.by,
        owner="" if completed else outcome.by,
        outputs=outcome.outputs,
        job=None if completed else outcome.job,
        reason=outcome.reason,
    )


def claim_of(task: TaskMessage, session: str, at_us: int) -> Transition:
    """The transition with which the worker of that session claims the attempt."""
    return Transition(
        task_id=task.task_id,
        experiment_id=task.experiment_id,
        attempt=task.attempt,
        expected=TaskState.CREATED,
        target=TaskState.EXECUTING,
        at_us=at_us,
        by=session,
        owner=session,
    )
