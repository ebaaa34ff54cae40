"""Experiments as portals read them: whatever has states carries its latest one alone. Pure.

Portals of one generation look at the first status of a list, those of the
next at the last one; both find the same. How it came to its state the records
keep, and the audit trail tells.

Source: Airavata 0.17, the registry: models carry only the latest status; its
PHP portal reads the first one, its Django portal the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.processes import GatewayProcess
from airavata_workload.records.record import Dated, latest
from airavata_workload.records.tasks import GatewayTask

S = TypeVar("S", bound=Dated)


def in_present_state(experiment: GatewayExperiment) -> GatewayExperiment:
    """The experiment with its processes, their tasks and jobs."""
    processes = experiment.processes
    return replace(
        experiment,
        experiment_status=_last(experiment.experiment_status),
        processes=None if processes is None else tuple(map(_process, processes)),
    )


def job_in_present_state(job: GatewayJob) -> GatewayJob:
    """A job."""
    return replace(job, job_statuses=_last(job.job_statuses))


def _process(process: GatewayProcess) -> GatewayProcess:
    tasks = process.tasks
    return replace(
        process,
        process_statuses=_last(process.process_statuses),
        tasks=None if tasks is None else tuple(map(_task, tasks)),
    )


def _task(task: GatewayTask) -> GatewayTask:
    jobs = task.jobs
    return replace(
        task,
        task_statuses=_last(task.task_statuses) or (),
        jobs=None if jobs is None else tuple(map(job_in_present_state, jobs)),
    )


def _last(statuses: Sequence[S] | None) -> tuple[S, ...] | None:
    status = latest(statuses)
    return None if status is None else (status,)
