"""What became of an experiment, as portals draw it: its processes, their tasks, their jobs. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from airavata_workload.api.experiments.experiment_request import DEPLOYMENT
from airavata_workload.api.experiments.status_order import with_last
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import (
    EXPERIMENT_ENDS,
    PROCESS_ENDS,
    ExperimentState,
    JobState,
    ProcessState,
    TaskState,
)
from airavata_workload.domain.task import Task, TaskChange
from airavata_workload.ports.registry import JobRecord
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.processes import GatewayProcess
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.statuses import (
    ExperimentStatus,
    JobStatus,
    ProcessStatus,
    RecordedError,
    TaskStatus,
)
from airavata_workload.records.tasks import GatewayTask, TaskTypes

_US_PER_MS = 1000

_TYPES: Mapping[str, TaskTypes] = {
    "env-setup": TaskTypes.ENV_SETUP,
    "input-staging": TaskTypes.DATA_STAGING,
    "output-staging": TaskTypes.DATA_STAGING,
    "archive": TaskTypes.DATA_STAGING,
    "job-submission": TaskTypes.JOB_SUBMISSION,
    "job-monitoring": TaskTypes.MONITORING,
    "env-cleanup": TaskTypes.ENV_CLEANUP,
}
"""Airavata's word for each kind of task; what else a gateway has plugged in runs something, as a submission does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentHistory:
    """What the engine knows of one experiment; ``launched`` is what it was given."""

    experiment_id: str
    changes: Sequence[StateChange]
    tasks: Sequence[Task] = ()
    jobs: Sequence[JobRecord] = ()
    launched: Experiment | None = None


def experiment_statuses(
    changes: Iterable[StateChange], first: Sequence[ExperimentStatus] = (), present: ExperimentState | None = None
) -> tuple[ExperimentStatus, ...]:
    """The ``first`` statuses, then every state that the experiment has been in, in order of time.

    If it is known to have ended (``present``), that comes last, whatever the clocks said of those who wrote the times.
    """
    told = tuple(
        ExperimentStatus(
            state=ExperimentState(change.state),
            changed_at_ms=change.at_us // _US_PER_MS,
            reason=change.reason or None,
            status_id=status_id("EXPERIMENT_STATE", change.experiment_id, change.state, change.at_us),
        )
        for change in changes
        if change.subject is Subject.EXPERIMENT
    )
    ended = present if present in EXPERIMENT_ENDS else None
    return with_last((*first, *told), lambda status: status.state is ended)


def experiment_errors(changes: Iterable[StateChange]) -> tuple[RecordedError, ...]:
    """An error for each time that the experiment failed."""
    return tuple(
        _error("EXP_ERROR", change)
        for change in changes
        if change.subject is Subject.EXPERIMENT and change.state == ExperimentState.FAILED
    )


def processes(history: ExperimentHistory, experiment: GatewayExperiment | None = None) -> tuple[GatewayProcess, ...]:
    """The experiment's processes, the first one first. Tasks and jobs are those of the last one.

    What an earlier process had done stays done: its tasks are the last one's.
    Each has what ``experiment`` asks for, if that is given.
    """
    by_process: dict[str, list[StateChange]] = {}
    for change in history.changes:
        if change.subject is Subject.PROCESS:
            by_process.setdefault(change.subject_id, []).append(change)
    present = history.tasks[0].process_id if history.tasks else next(reversed(by_process), "")
    if present:
        by_process.setdefault(present, [])
    made = (
        _process(history, process_id, changes, history.tasks if process_id == present else ())
        for process_id, changes in by_process.items()
    )
    return tuple(made if experiment is None else (_described(each, experiment, history.launched) for each in made))


def _process(
    history: ExperimentHistory, process_id: str, changes: Sequence[StateChange], tasks: Sequence[Task]
) -> GatewayProcess:
    jobs = gateway_jobs(history, process_id)
    made = tuple(_task(task, [job for job in jobs if job.task_id == task.task_id]) for task in tasks)
    instants_ms = [change.at_us // _US_PER_MS for change in changes]
    return GatewayProcess(
        process_id=process_id,
        experiment_id=history.experiment_id,
        created_at_ms=min(instants_ms, default=None),
        updated_at_ms=max(instants_ms, default=None),
        process_statuses=with_last(
            [_process_status(change) for change in changes], lambda status: status.state in PROCESS_ENDS
        ),
        tasks=made,
        task_dag=",".join(task.task_id for task in made),
        process_errors=tuple(
            _error("PROCESS_ERROR", change) for change in changes if change.state == ProcessState.FAILED
        ),
    )


def _described(process: GatewayProcess, experiment: GatewayExperiment, launched: Experiment | None) -> GatewayProcess:
    """The process with what its experiment asks for, as clients expect to find it there, and where it runs.

    Source: Airavata 0.17, ``ExperimentModelUtil``: what a process copies from its experiment.
    """
    configuration = experiment.user_configuration_data
    place = ClusterName.parse(launched.compute_resource) if launched is not None else None
    resource = place.resource if place is not None else experiment.compute_resource_id
    copied = replace(
        process,
        application_interface_id=experiment.execution_id,
        application_deployment_id=launched.parameters.get(DEPLOYMENT) if launched is not None else None,
        compute_resource_id=resource,
        process_inputs=experiment.experiment_inputs,
        process_outputs=experiment.experiment_outputs,
        gateway_execution_id=experiment.gateway_execution_id,
        enable_email_notification=experiment.enable_email_notification,
        email_addresses=experiment.email_addresses,
        user_name=experiment.user_name,
    )
    if configuration is None:
        return copied
    return replace(
        copied,
        process_resource_schedule=_scheduling(configuration, resource),
        storage_resource_id=configuration.storage_id,
        output_storage_resource_id=configuration.output_storage_resource_id,
        experiment_data_dir=configuration.experiment_data_dir,
        user_dn=configuration.user_dn,
        generate_cert=configuration.generate_cert,
        use_user_cr_pref=configuration.use_user_cr_pref,
        group_resource_profile_id=configuration.group_resource_profile_id,
    )


def _scheduling(configuration: UserConfigurationData, resource: str | None) -> ComputationalResourceScheduling | None:
    """What was asked of that resource: with automatic scheduling one of several, else the only one."""
    several = configuration.auto_scheduled_comp_resource_scheduling_list if configuration.airavata_auto_schedule else ()
    chosen = (each for each in several or () if each.resource_host_id == resource)
    return next(chosen, configuration.computational_resource_scheduling)


def _process_status(change: StateChange) -> ProcessStatus:
    return ProcessStatus(
        state=ProcessState(change.state),
        changed_at_ms=change.at_us // _US_PER_MS,
        reason=change.reason or None,
        status_id=status_id("PROCESS_STATE", change.subject_id, change.state, change.at_us),
        process_id=change.subject_id,
    )


def _task(task: Task, jobs: Sequence[GatewayJob]) -> GatewayTask:
    instants_ms = [line.at_us // _US_PER_MS for line in task.history]
    return GatewayTask(
        task_id=task.task_id,
        task_type=_TYPES.get(task.kind, TaskTypes.JOB_SUBMISSION),
        parent_process_id=task.process_id,
        created_at_ms=min(instants_ms, default=0),
        updated_at_ms=max(instants_ms, default=0),
        task_statuses=with_last(
            [_task_status(task.task_id, line) for line in task.history], lambda status: status.state is task.state
        ),
        task_detail=task.name,
        task_errors=tuple(
            RecordedError(
                error_id=status_id("TASK_ERROR", task.task_id, line.state, line.at_us),
                created_at_ms=line.at_us // _US_PER_MS,
                actual_error_message=line.reason,
                user_friendly_message=task.user_message or line.reason,
            )
            for line in task.history
            if line.state is TaskState.FAILED
        ),
        jobs=tuple(jobs),
        max_retry=max(0, task.retry.attempts - 1),
        current_retry=task.attempt - 1,
    )


def _task_status(task_id: str, line: TaskChange) -> TaskStatus:
    return TaskStatus(
        state=line.state,
        changed_at_ms=line.at_us // _US_PER_MS,
        reason=line.reason or None,
        status_id=status_id("TASK_STATE", task_id, line.state, line.at_us),
    )


def gateway_jobs(history: ExperimentHistory, process_id: str) -> list[GatewayJob]:
    """The experiment's jobs in order of submission, each with all states that it has been in."""
    changes: dict[str, list[StateChange]] = {}
    for change in history.changes:
        if change.subject is Subject.JOB:
            changes.setdefault(change.name, []).append(change)
    return [
        GatewayJob(
            job_id=record.job.job_id,
            task_id=record.task_id,
            process_id=process_id,
            job_description=f"{record.job.job_name} on {record.job.cluster}",
            created_at_ms=record.job.submitted_at_us // _US_PER_MS,
            job_statuses=_job_statuses(record, changes.get(record.job.job_name, ())),
            job_name=record.job.job_name,
            working_dir=record.job.working_directory,
            std_out=record.job.stdout,
            std_err=record.job.stderr,
            exit_code=record.exit_code,
            experiment_id=record.experiment_id,
        )
        for record in history.jobs
    ]


def _job_statuses(record: JobRecord, changes: Sequence[StateChange]) -> tuple[JobStatus, ...]:
    told = tuple(_job_status(record, change.state, change.at_us, change.reason) for change in changes)
    # The audit trail may lag behind the job's own row, never the other way round.
    if all(status.job_state is not record.state for status in told):
        told = (*told, _job_status(record, record.state, record.updated_at_us, record.reason))
    return with_last(told, lambda status: status.job_state is record.state)


def _job_status(record: JobRecord, state: str, at_us: int, reason: str) -> JobStatus:
    return JobStatus(
        job_state=JobState(state),
        changed_at_ms=at_us // _US_PER_MS,
        reason=reason or None,
        status_id=status_id(record.job.job_id, record.task_id, state, at_us),
    )


def status_id(prefix: str, subject_id: str, state: str, at_us: int) -> str:
    """The id of a status or an error: always the same for the same one, so that clients see no new ones at each look.

    Source: Airavata 0.17, the registry's ids: a prefix, then a UUID.
    """
    return f"{prefix}_{uuid.uuid5(uuid.NAMESPACE_URL, f'{subject_id}/{state}/{at_us}')}"


def _error(prefix: str, change: StateChange) -> RecordedError:
    return RecordedError(
        error_id=status_id(prefix, change.subject_id, change.state, change.at_us),
        created_at_ms=change.at_us // _US_PER_MS,
        actual_error_message=change.reason,
        user_friendly_message=change.user_message or change.reason,
    )
