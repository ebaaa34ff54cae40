"""Task kind ``job-monitoring``: waits for a job without holding anything."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator

from airavata_plugins.job_cancelling import cancel_job
from airavata_workload.domain.job import Job
from airavata_workload.domain.outcome import Outcome, Parked
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun


class JobMonitoringParameters(Parameters):
    """What ``job-monitoring`` is told."""

    job: dict[str, Any] = Field(description="The job to wait for: the output 'job' of a job-submission.")

    @field_validator("job")
    @classmethod
    def _is_a_job(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            job = Job.from_json(value)
        except TypeError as error:
            raise ValueError(f"is not the 'job' output of a job-submission: {error}") from None
        if not job.job_id or not job.cluster:
            raise ValueError("has no job_id or no cluster: give the 'job' output of a job-submission")
        return value


class JobMonitoring(TaskPlugin[JobMonitoringParameters]):
    """Hands a job to the monitor. The task completes when the job has, and fails with it.

    Outputs: ``job_id``, and, added by the monitor, ``exit_code`` and ``state``.
    """

    kind: ClassVar[str] = "job-monitoring"
    summary: ClassVar[str] = "Waits for a batch job to end"
    parameters_model: ClassVar[type[Parameters]] = JobMonitoringParameters
    process_state: ClassVar[ProcessState] = ProcessState.MONITORING

    def execute(self, run: TaskRun[JobMonitoringParameters]) -> Outcome:
        """Park the task; nothing is asked of the cluster here."""
        run.check_cancelled()
        job = Job.from_json(run.parameters.job)
        return Parked(job, {"job_id": job.job_id}, f"Waiting for job {job.job_id} on {job.cluster}")

    def cancel(self, run: TaskRun[JobMonitoringParameters]) -> None:
        """Cancel the job, also when the task has not got as far as waiting for it: nobody else would."""
        cancel_job(run, run.job or Job.from_json(run.parameters.job))
