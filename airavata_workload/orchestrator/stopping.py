"""Which tasks of a cancelled experiment end at once, and whose jobs have to be cancelled first. Pure.

A job belongs to the task that waits for it. Between the end of its submission
and the moment in which the next task waits for it, it belongs to nobody, and
so does a job whose submission was begun and cut off. Such jobs are cancelled
through the task that submitted (or may have submitted) them, and the tasks
that would have waited for them stay open until that is confirmed for each; if
they have ended already, the experiment does not end before: it is not CANCELED
while a job of its may still run. What is confirmed stands in the graph store,
as the job of the task that handed it on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from airavata_workload.domain.job import JOB_OUTPUT, Job
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task


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
            if not any(_took(each, handing_over.job) for each in after):
                cancel.append(handing_over)
                kept.update(each.task_id for each in after if each.state is TaskState.CREATED)
    end = [task for task in tasks if task.state is TaskState.CREATED and task.task_id not in kept]
    return Stop(cancel=tuple(cancel), end=tuple(end))


def _took(task: Task, job: Job | None) -> bool:
    """Whether the task waits for the job or has seen its end; one that was stopped before it came to wait has not."""
    assert job is not None  # noqa: S101 - narrows the type
    if task.job is not None:
        return (task.job.cluster, task.job.job_id) == (job.cluster, job.job_id)
    # A job that did its work leaves its task, and its id among the outputs.
    return task.state is TaskState.COMPLETED and task.waited and task.outputs.get("job_id") == job.job_id


def with_job(task: Task) -> Task | None:
    """A completed task as the owner of the job that it handed on; ``None`` if there is none, or it is known to be over.

    It is if the task waited for it itself, or if its cancellation has been
    confirmed (``GraphStore.settle_job``).
    """
    job = task.outputs.get(JOB_OUTPUT)
    if task.state is not TaskState.COMPLETED or not isinstance(job, dict) or task.job is not None or task.waited:
        return None
    try:
        return replace(task, job=Job.from_json(job))
    except TypeError:  # another plugin's output that is called the same
        return None


def confirmed(task_id: str, tasks: Sequence[Task]) -> list[Task]:
    """The tasks that are kept open for no job any more, now that it is confirmed for that task that its job is over."""
    open_still = [each for each in tasks if each.task_id == task_id and each.state is TaskState.CREATED]
    others = [replace(each, state=TaskState.CANCELED) if each in open_still else each for each in tasks]
    return [*open_still, *stop(others).end]


def descendants(task: Task, tasks: Sequence[Task]) -> list[Task]:
    """The tasks that come, directly or not, after ``task``; ``tasks`` are in the order of their DAG."""
    found = {task.task_id}
    result = []
    for each in tasks:
        if found.intersection(each.depends_on):
            found.add(each.task_id)
            result.append(each)
    return result
