"""A task: a node of a loaded DAG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from itertools import pairwise
from typing import Any

from airavata_workload.domain.job import Job
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.states import TaskState

MAX_REMEMBERED_WORKERS = 8
"""How many workers on which a task failed are avoided at its next attempt."""


class Priority(IntEnum):
    """How urgent an experiment is; the larger value goes first."""

    NORMAL = 0
    URGENT = 10


class Trigger(StrEnum):
    """When a task runs, once all tasks before it have ended."""

    SUCCESS = "success"
    """All of them completed."""
    FAILURE = "failure"
    """At least one of them did not complete."""
    ALWAYS = "always"
    """Whatever became of them."""

    def fires(self, unsuccessful_predecessors: int) -> bool:
        """Whether the task runs, given how many of its predecessors did not complete."""
        if self is Trigger.SUCCESS:
            return unsuccessful_predecessors == 0
        if self is Trigger.FAILURE:
            return unsuccessful_predecessors > 0
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """One line of a task's history: from it the audit trail can be rebuilt."""

    state: TaskState
    attempt: int
    at_us: int
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task with its context and its present state.

    ``context`` is JSON and complete: whoever has it can run the task without
    asking another service. ``attempt`` grows whenever the task is handed out
    anew, so that outcomes of earlier hand-outs are recognised as late;
    ``failures`` counts only what the retry policy counts.
    ``open_predecessors`` and ``unsuccessful_predecessors`` are kept by the
    graph store. ``intent`` is what a plugin has announced before an effect
    that must not happen twice. ``job`` is what an executing task waits for;
    a task that has ended keeps one that is over and did not do its work.
    """

    task_id: str
    experiment_id: str
    process_id: str
    name: str
    kind: str
    resource: str
    gateway: str = "default"
    context: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    when: Trigger = Trigger.SUCCESS
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    priority: Priority = Priority.NORMAL
    state: TaskState = TaskState.CREATED
    attempt: int = 1
    failures: int = 0
    open_predecessors: int = 0
    unsuccessful_predecessors: int = 0
    owner: str = ""
    not_before_us: int = 0
    waiting_for: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    intent: Mapping[str, Any] | None = None
    job: Job | None = None
    reason: str = ""
    user_message: str = ""
    history: tuple[TaskChange, ...] = ()

    @property
    def parked(self) -> bool:
        """Whether the task waits for a job and holds nothing."""
        return self.state is TaskState.EXECUTING and self.job is not None

    @property
    def waited(self) -> bool:
        """Whether the task has come to wait for a job."""
        executing = TaskState.EXECUTING
        return any(before.state is executing and line.state is executing for before, line in pairwise(self.history))

    @property
    def delay_us(self) -> int:
        """How long it is kept back for after an attempt that is to be repeated, by the clock of whoever reported that.

        0 if ``not_before_us`` is a time that somebody asked for, or is not set.
        """
        if len(self.history) < 2 or self.history[-1].state is not TaskState.CREATED:
            return 0
        return max(0, self.not_before_us - self.history[-1].at_us)

    @property
    def given_back_by(self) -> tuple[str, ...]:
        """Sessions of the workers that began the task and ended an attempt without success, the last ones last."""
        found: dict[str, None] = {}
        for before, line in pairwise(self.history):
            # Whoever hands a lost task out anew writes under its own name, not under that of the worker.
            if (before.state, line.state) == (TaskState.EXECUTING, TaskState.CREATED) and before.by == line.by:
                found.pop(line.by, None)
                found[line.by] = None
        return tuple(found)[-MAX_REMEMBERED_WORKERS:]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedDag:
    """The tasks of one process, filled with data, in an order in which they could run."""

    experiment_id: str
    process_id: str
    application_type: str
    dag_version: int
    tasks: tuple[Task, ...]
