"""Places whose task has gone on without the scheduler's knowledge are taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import TaskAction, TaskMessage
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task, TaskChange
from airavata_workload.scheduler.place_check import needless
from airavata_workload.scheduler.policy import Policy
from airavata_workload.scheduler.waiting_room import WaitingRoom

TASK = Task(
    task_id="t", experiment_id="e", process_id="p", name="n", kind="k", resource="alpha", state=TaskState.EXECUTING
)
JOB = Job(job_id="7", job_name="A", cluster="alpha", working_directory="/w")


class Graph:
    """Has one task, or none."""

    def __init__(self, task: Task | None) -> None:
        self._task = task

    def task(self, task_id: str) -> Task:
        if self._task is None:
            raise NotFoundError(f"no task {task_id}")
        return self._task


@pytest.mark.parametrize(
    ("found", "action", "needed"),
    [
        (TASK, TaskAction.EXECUTE, True),
        (replace(TASK, state=TaskState.CREATED), TaskAction.EXECUTE, True),
        (replace(TASK, attempt=2), TaskAction.EXECUTE, False),
        (replace(TASK, state=TaskState.CANCELED), TaskAction.EXECUTE, False),
        (replace(TASK, job=JOB), TaskAction.EXECUTE, False),
        (replace(TASK, job=JOB), TaskAction.CANCEL, True),
        (None, TaskAction.EXECUTE, False),
    ],
)
def test_a_place_is_needed_as_long_as_its_attempt_may_run(found: Task | None, action: TaskAction, needed: bool) -> None:
    room = WaitingRoom(Policy(host_limit=lambda _host: 1))
    room.add(TaskMessage.of(TASK, {}, action=action), 0)
    assert len(room.dispatch(0)) == 1
    assert room.places(0, 10) == [], "trusted for a while"
    slots = needless(Graph(found), room.places(1, 10), 60)  # type: ignore[arg-type]
    for slot in slots:
        room.released(slot, 60)
    room.add(TaskMessage.of(replace(TASK, task_id="next"), {}), 60)
    assert len(room.dispatch(60)) == (0 if needed else 1)
    assert room.places(60, 10) == [], "and trusted again"


def line(state: TaskState, attempt: int, by: str) -> TaskChange:
    return TaskChange(state=state, attempt=attempt, at_us=attempt, by=by)


def test_workers_that_gave_a_task_back_are_remembered_and_those_that_died_are_not() -> None:
    history = (
        line(TaskState.CREATED, 1, "orchestrator"),
        line(TaskState.EXECUTING, 1, "worker-1"),
        line(TaskState.CREATED, 2, "worker-1"),
        line(TaskState.EXECUTING, 2, "worker-2"),
        line(TaskState.CREATED, 3, "orchestrator"),  # handed out anew: worker-2 is gone
        line(TaskState.EXECUTING, 3, "worker-3"),
        line(TaskState.EXECUTING, 3, "worker-3"),  # parked
        line(TaskState.CREATED, 4, "monitor"),
        line(TaskState.EXECUTING, 4, "worker-4"),
        line(TaskState.CREATED, 5, "worker-4"),
        line(TaskState.EXECUTING, 5, "worker-1"),
        line(TaskState.CREATED, 6, "worker-1"),
    )
    task = replace(TASK, state=TaskState.CREATED, attempt=6, history=history)
    assert task.given_back_by == ("worker-4", "worker-1")
    message = TaskMessage.of(task, {})
    assert TaskMessage.from_body(message.to_body()).avoid == ("worker-4", "worker-1")
    assert TaskMessage.of(task, {}, action=TaskAction.CANCEL).avoid == ()
