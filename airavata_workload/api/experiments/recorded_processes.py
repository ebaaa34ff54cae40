"""The processes of an experiment as they are recorded, each with its tasks and their jobs.

These functions work inside a transaction of the caller and authorise nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from airavata_workload.ports.record_store import Query, Records
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.processes import GatewayProcess
from airavata_workload.records.tasks import GatewayTask


def of_experiment(records: Records, experiment_id: str) -> tuple[GatewayProcess, ...]:
    """All processes of an experiment, the first one first."""
    which = Query(equal={"experiment_id": experiment_id})
    return whole(records, records.find(GatewayProcess, which, order_by="created_at_ms"))


def whole(records: Records, processes: Sequence[GatewayProcess]) -> tuple[GatewayProcess, ...]:
    """The processes with their tasks, and these with their jobs: two queries, however many there are."""
    ids = tuple(each.process_id for each in processes)
    jobs: dict[str, list[GatewayJob]] = defaultdict(list)
    for job in records.find(GatewayJob, Query(equal={"process_id": ids}), order_by="created_at_ms"):
        jobs[job.task_id].append(job)
    tasks: dict[str, list[GatewayTask]] = defaultdict(list)
    for task in records.find(GatewayTask, Query(equal={"parent_process_id": ids}), order_by="created_at_ms"):
        tasks[task.parent_process_id].append(replace(task, jobs=tuple(jobs[task.task_id])))
    return tuple(replace(each, tasks=_in_order(each, tasks[each.process_id])) for each in processes)


def _in_order(process: GatewayProcess, tasks: Sequence[GatewayTask]) -> tuple[GatewayTask, ...]:
    """As the process says that they run: engines make them all in one instant. Those of which it says nothing last."""
    places = {task_id: place for place, task_id in enumerate((process.task_dag or "").split(","))}
    return tuple(sorted(tasks, key=lambda each: places.get(each.task_id, len(places))))


def jobs_of_experiment(records: Records, experiment_id: str) -> tuple[GatewayJob, ...]:
    """All jobs of an experiment, in order of submission."""
    return tuple(records.find(GatewayJob, Query(equal={"experiment_id": experiment_id}), order_by="created_at_ms"))


def forget(records: Records, experiment_id: str) -> None:
    """Remove the processes of an experiment with all that is recorded of them."""
    which = Query(equal={"experiment_id": experiment_id})
    ids = tuple(records.keys(GatewayProcess, which))
    records.delete_all(GatewayTask, Query(equal={"parent_process_id": ids}))
    records.delete_all(GatewayJob, which)
    records.delete_all(GatewayProcess, which)
