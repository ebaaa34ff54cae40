"""Changes of task state as compare-and-set requests, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airavata_workload.domain.job import Job
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
