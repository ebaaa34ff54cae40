"""Cancels a job through its cluster's batch system."""

from __future__ import annotations

from typing import Any

from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.job import Job
from airavata_workload.ports.batch_system import TRY_LATER
from airavata_workload.ports.task_plugin import TaskRun


def cancel_job(run: TaskRun[Any], job: Job) -> None:
    """Ask the batch system to cancel the job; a job that has ended is left alone.

    Raises ``UnavailableError`` if the batch system does not answer now,
    ``CommandFailedError`` if it refuses, and what a shell raises.
    """
    result = run.shell(job.cluster).run(run.batch_system(job.cluster).cancel_script([job]))
    if result.exit_code == TRY_LATER:
        raise UnavailableError(
            f"Job {job.job_id} on {job.cluster} could not be cancelled, because its batch system does not answer: "
            f"{result.error_text[-500:]}"
        )
    result.require_success(f"Cancelling job {job.job_id} on {job.cluster}")
