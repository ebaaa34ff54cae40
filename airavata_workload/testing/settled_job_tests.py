"""The part of the graph store's suite that is about jobs which completed tasks handed on and which are over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import LoadedDag, Task
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.testing.samples import job, transition


def ended(store: GraphStore, task: Task, *states: TaskState) -> Task:
    """The task after it has gone through these states."""
    for state in states:
        (applied,) = store.apply([transition(task, state)])
        assert applied.task is not None
        task = applied.task
    return task


class SettledJobTests:
    """Used by ``GraphStoreSuite``, whose fixtures it needs."""

    def test_a_completed_task_keeps_a_job_that_is_over(
        self, store: GraphStore, other: GraphStore, diamond: LoadedDag
    ) -> None:
        done = ended(store, diamond.tasks[0], TaskState.EXECUTING, TaskState.COMPLETED)
        over = job()
        for _ in range(2):
            store.settle_job(done.task_id, over)
        assert other.task(done.task_id) == replace(done, job=over)

    @pytest.mark.parametrize(
        "states",
        [(), (TaskState.EXECUTING,), (TaskState.EXECUTING, TaskState.FAILED), (TaskState.CANCELED,)],
        ids=lambda states: str(states[-1]) if states else "CREATED",
    )
    def test_a_task_that_has_not_completed_is_left_alone(
        self, store: GraphStore, diamond: LoadedDag, states: tuple[TaskState, ...]
    ) -> None:
        task = ended(store, diamond.tasks[0], *states)
        store.settle_job(task.task_id, job())
        store.settle_job("TASK_nowhere", job())
        found = store.task(task.task_id)
        assert (found.state, found.job, found.history[1:]) == (task.state, None, task.history[1:])
