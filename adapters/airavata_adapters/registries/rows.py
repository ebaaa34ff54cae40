"""Experiments, changes and jobs as rows of the registry's tables, and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from airavata_adapters.sqlite.prepared import from_text, storable, to_text
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.experiment import Experiment, Standing
from airavata_workload.domain.job import Job
from airavata_workload.domain.states import ExperimentState, JobState, ProcessState
from airavata_workload.domain.task import Priority
from airavata_workload.ports.registry import JobRecord

ChangeKey = tuple[int, str, str, str, int]
"""What identifies a state change: instant, id of the subject, subject, state, attempt."""


def experiment_row(experiment: Experiment) -> dict[str, Any]:
    """The row of an experiment."""
    return {
        "experiment_id": experiment.experiment_id,
        "name": storable(experiment.name),
        "application_type": experiment.application_type,
        "compute_resource": experiment.compute_resource,
        "user_name": experiment.user,
        "gateway": experiment.gateway,
        "priority": int(experiment.priority),
        "start_not_before_us": experiment.start_not_before_us,
        "process_id": experiment.process_id,
        "state": str(experiment.state),
        "process_state": str(experiment.process_state),
        "held": experiment.held,
        "created_at_us": experiment.created_at_us,
        "updated_at_us": experiment.updated_at_us,
        "reason": storable(experiment.reason),
        "user_message": storable(experiment.user_message),
        "request": to_text(experiment.request_json()),
    }


def experiment_of(row: Row[Any]) -> Experiment:
    """The experiment in a row."""
    return Experiment(
        experiment_id=row.experiment_id,
        name=row.name,
        application_type=row.application_type,
        compute_resource=row.compute_resource,
        user=row.user_name,
        gateway=row.gateway,
        priority=Priority(row.priority),
        start_not_before_us=row.start_not_before_us,
        process_id=row.process_id,
        state=ExperimentState(row.state),
        process_state=ProcessState(row.process_state),
        held=bool(row.held),
        created_at_us=row.created_at_us,
        updated_at_us=row.updated_at_us,
        reason=row.reason,
        user_message=row.user_message,
        **Experiment.request_from_json(from_text(row.request)),
    )


def standing_of(row: Row[Any]) -> Standing:
    """How the experiment of a row stands."""
    return Standing(
        state=ExperimentState(row.state), held=bool(row.held), updated_at_us=row.updated_at_us, reason=row.reason
    )


def change_key(change: StateChange) -> ChangeKey:
    """The identity of a change."""
    return change.at_us, change.subject_id, str(change.subject), change.state, change.attempt


def change_row(change: StateChange) -> dict[str, Any]:
    """The row of a state change."""
    return {
        "subject": str(change.subject),
        "subject_id": change.subject_id,
        "experiment_id": change.experiment_id,
        "state": str(change.state),
        "attempt": change.attempt,
        "at_us": change.at_us,
        "changed_by": change.by,
        "name": storable(change.name),
        "reason": storable(change.reason),
        "user_message": storable(change.user_message),
        "detail": to_text(change.detail),
    }


def change_of(row: Row[Any]) -> StateChange:
    """The state change in a row."""
    return StateChange(
        subject=Subject(row.subject),
        subject_id=row.subject_id,
        experiment_id=row.experiment_id,
        state=row.state,
        at_us=row.at_us,
        by=row.changed_by,
        attempt=row.attempt,
        name=row.name,
        reason=row.reason,
        user_message=row.user_message,
        detail=from_text(row.detail),
    )


def job_row(record: JobRecord) -> dict[str, Any]:
    """The row of a job."""
    job = record.job
    return {
        "task_id": record.task_id,
        "cluster": job.cluster,
        "job_id": job.job_id,
        "experiment_id": record.experiment_id,
        "job_name": job.job_name,
        "working_directory": storable(job.working_directory),
        "stdout": storable(job.stdout),
        "stderr": storable(job.stderr),
        "submitted_at_us": job.submitted_at_us,
        "state": str(record.state),
        "exit_code": record.exit_code,
        "native_state": storable(record.native_state),
        "reason": storable(record.reason),
        "updated_at_us": record.updated_at_us,
    }


def job_of(row: Row[Any]) -> JobRecord:
    """The job in a row."""
    return JobRecord(
        job=Job(
            job_id=row.job_id,
            job_name=row.job_name,
            cluster=row.cluster,
            working_directory=row.working_directory,
            stdout=row.stdout,
            stderr=row.stderr,
            submitted_at_us=row.submitted_at_us,
        ),
        experiment_id=row.experiment_id,
        task_id=row.task_id,
        state=JobState(row.state),
        exit_code=row.exit_code,
        native_state=row.native_state,
        reason=row.reason,
        updated_at_us=row.updated_at_us,
    )
