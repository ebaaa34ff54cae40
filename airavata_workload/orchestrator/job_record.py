"""What is written about a job when it begins to be watched, or is given up because no task will wait for it. Pure."""

from __future__ import annotations

from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import OutcomeMessage, Verdict
from airavata_workload.domain.states import JobState
from airavata_workload.domain.task import Task
from airavata_workload.ports.registry import JobRecord


def submitted(task: Task, job: Job, by: str, at_us: int) -> tuple[JobRecord, StateChange]:
    """Of a job that a cluster has accepted for the task, told by ``by`` at ``at_us``."""
    record = JobRecord(
        job=job, experiment_id=task.experiment_id, task_id=task.task_id, state=JobState.SUBMITTED, updated_at_us=at_us
    )
    change = _change(task, job, JobState.SUBMITTED, f"accepted by {job.cluster}", by, job.submitted_at_us or at_us)
    return record, change


def given_up(task: Task, job: Job, answer: OutcomeMessage) -> tuple[JobRecord, list[StateChange]]:
    """Of a job that no task waits for, after a worker has answered whether it is cancelled.

    CANCELED if it is: what it has come to before that nobody has seen. UNKNOWN if its cluster refused that for good.
    """
    if answer.verdict is Verdict.COMPLETED:
        state, reason = JobState.CANCELED, "cancelled, because its experiment ends and no task waits for it"
    else:
        state, reason = JobState.UNKNOWN, f"no task waits for it, and it could not be cancelled: {answer.reason}"
    _, first = submitted(task, job, answer.by, answer.at_us)
    record = JobRecord(
        job=job,
        experiment_id=task.experiment_id,
        task_id=task.task_id,
        state=state,
        reason=reason,
        updated_at_us=answer.at_us,
    )
    return record, [first, _change(task, job, state, reason, answer.by, answer.at_us)]


def _change(task: Task, job: Job, state: JobState, reason: str, by: str, at_us: int) -> StateChange:
    return StateChange(
        subject=Subject.JOB,
        subject_id=job.job_id,
        experiment_id=task.experiment_id,
        state=state,
        at_us=at_us,
        by=by,
        attempt=task.attempt,
        name=job.job_name,
        reason=reason,
    )
