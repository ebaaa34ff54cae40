"""The tasks of a process that tries an experiment again. Pure.

A completed task never runs again, with one exception that is none: a task
that ran after a failure (to bring back a log, say) has to do its work for the
new attempt too. It is therefore not run again but replaced by a new task of
the same name, as is every task that failed, was cancelled or comes after one
of those. The tasks that completed before them are taken over with their
outputs. A task that submitted a job which then failed or was cancelled has not
done its work: it is replaced too, or the new attempt would wait for a job that
is dead. Which jobs are, the tasks that have ended keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from airavata_workload.domain import identifiers
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import LoadedDag, Task, TaskChange


def _key(job: object) -> tuple[object, object] | None:
    """What tells the job in a task's outputs from all others; ``None`` if it is none."""
    return (job.get("cluster"), job.get("job_id")) if isinstance(job, Mapping) else None


def renewed(tasks: Sequence[Task], process_id: str, now_us: int, by: str) -> LoadedDag:
    """The loaded DAG of the new process, from the tasks (in the order of their DAG) of the process before it."""
    new_ids: dict[str, str] = {}
    result: list[Task] = []
    dead = {_key(task.job.to_json()) for task in tasks if task.job is not None}
    for task in tasks:
        again = (
            task.state is not TaskState.COMPLETED
            or any(before in new_ids for before in task.depends_on)
            or _key(task.outputs.get("job")) in dead
        )
        if again:
            new_ids[task.task_id] = identifiers.task_id()
        depends_on = tuple(new_ids.get(before, before) for before in task.depends_on)
        if not again:
            result.append(replace(task, process_id=process_id, depends_on=depends_on))
            continue
        result.append(
            Task(
                task_id=new_ids[task.task_id],
                experiment_id=task.experiment_id,
                process_id=process_id,
                name=task.name,
                kind=task.kind,
                resource=task.resource,
                gateway=task.gateway,
                context=task.context,
                depends_on=depends_on,
                when=task.when,
                retry=task.retry,
                priority=task.priority,
                history=(TaskChange(state=TaskState.CREATED, attempt=1, at_us=now_us, by=by, reason="tried again"),),
            )
        )
    return LoadedDag(
        experiment_id=tasks[0].experiment_id,
        process_id=process_id,
        application_type="",
        dag_version=0,
        tasks=tuple(result),
    )
