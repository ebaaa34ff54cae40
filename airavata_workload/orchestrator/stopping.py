"""Which tasks of a cancelled experiment end at once, and whose jobs have to be cancelled first. Pure.

A job belongs to the task that waits for it. Between the end of its submission
and the moment in which the next task waits for it, it belongs to nobody, and
so does a job whose submission was begun and cut off. Such jobs are cancelled
through the task that submitted (or may have submitted) them, and the tasks
that would have waited for them stay open until that is confirmed; if they have
ended already, the experiment does not end before: it is not CANCELED while its
job may still run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from airavata_workload.domain.job import Job
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task

JOB_OUTPUT = "job"
"""The output in which a task hands its job on."""


@dataclass(frozen=True, slots=True)
class Stop:
    """``cancel``: tasks whose jobs are to be cancelled, each with its job if that is known; ``end``: not to be run."""

    cancel: tuple[Task, ...]
    end: tuple[Task, ...]


def stop(tasks: Sequence[Task]) -> Stop:
    """What cancelling an experiment with these tasks (in any states) takes."""
    cancel: list[Task] = []
    kept: set[str] = set()
    for task in tasks:
        if task.parked:
            cancel.append(task)
        elif task.state is TaskState.CREATED and task.intent is not None:
            cancel.append(task)
            kept.add(task.task_id)
        elif (handing_over := with_job(task)) is not None:
            after = descendants(task, tasks)
            waiting = [each.task_id for each in after if each.state is TaskState.CREATED]
            if waiting or not any(_took_job(each) for each in after):
                cancel.append(handing_over)
                kept.update(waiting)
    end = [task for task in tasks if task.state is TaskState.CREATED and task.task_id not in kept]
    return Stop(cancel=tuple(cancel), end=tuple(end))


def _took_job(task: Task) -> bool:
    """Whether the task came to wait for the job, so that it has seen its end; one that was stopped before has not."""
    return task.job is not None or task.state in (TaskState.COMPLETED, TaskState.FAILED)


def with_job(task: Task) -> Task | None:
    """A completed task as the owner of the job that it handed on; ``None`` if it handed none on."""
    job = task.outputs.get(JOB_OUTPUT)
    if task.state is not TaskState.COMPLETED or not isinstance(job, dict):
        return None
    try:
        return replace(task, job=Job.from_json(job))
    except TypeError:  # another plugin's output that is called the same
        return None


def confirmed(task: Task, tasks: Sequence[Task]) -> list[Task]:
    """The tasks that were kept open for ``task``, whose job is cancelled now."""
    return [each for each in (task, *descendants(task, tasks)) if each.state is TaskState.CREATED]


def descendants(task: Task, tasks: Sequence[Task]) -> list[Task]:
    """The tasks that come, directly or not, after ``task``; ``tasks`` are in the order of their DAG."""
    found = {task.task_id}
    result = []
    for each in tasks:
        if found.intersection(each.depends_on):
            found.add(each.task_id)
            result.append(each)
    return result
