"""Processes, tasks and jobs as the servers of an installation keep them: the registry's experiment catalogue.

What this engine runs is written here as it goes; an engine of another kind
beside it writes its own with these calls.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from airavata_workload.api.access.permission import missing, require_internal
from airavata_workload.api.experiments import recorded_processes
from airavata_workload.api.experiments.state_times import average_times_us, has_entered
from airavata_workload.api.experiments.told_states import dated, entered, job_prefix, state_of
from airavata_workload.api.request_check import found, is_new
from airavata_workload.domain import identifiers
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.states import ProcessState, TaskState
from airavata_workload.domain.thing import Thing, ThingKind
from airavata_workload.ports.record_store import Among, Query, Records, RecordStore
from airavata_workload.records.application_io import OutputDataObject
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.processes import GatewayProcess, ProcessWorkflow
from airavata_workload.records.record import latest
from airavata_workload.records.statuses import (
    ExperimentStatus,
    JobStatus,
    ProcessStatus,
    RecordedError,
    TaskStatus,
)
from airavata_workload.records.tasks import GatewayTask

_PROCESS_STATE, _TASK_STATE, _EXPERIMENT_STATE = "PROCESS_STATE", "TASK_STATE", "EXPERIMENT_STATE"
"""What the ids of statuses begin with. Source: Airavata 0.17, the registry."""
_ERROR_PREFIXES: Mapping[str, str] = {"EXPERIMENT_ERROR": "EXP_ERROR"}
"""What the ids of errors begin with, where it is not their type. Source: the same."""

_JOB_COLUMNS: Mapping[str, str] = {"jobId": "job_id", "taskId": "task_id", "processId": "process_id"}
"""Source: Airavata 0.17, the field names by which jobs are asked for."""


class ProcessCatalogue:
    """Reads and writes the records of processes, for internal peers only.

    Methods raise ``DeniedError`` for everybody else, ``NotFoundError`` for an
    unknown id, and ``InputError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    # -- processes --------------------------------------------------------------------------
    def add_process(self, caller: Caller, process: GatewayProcess, experiment_id: str) -> str:
        """Store a new process of an experiment; returns its id."""
        require_internal(caller, "write processes")
        now_ms = self._now_ms()
        process_id = identifiers.process_id() if is_new(process.process_id) else process.process_id
        statuses = process.process_statuses or (ProcessStatus(state=ProcessState.CREATED),)
        stored = replace(
            process,
            process_id=process_id,
            experiment_id=experiment_id,
            created_at_ms=process.created_at_ms or now_ms,
            updated_at_ms=now_ms,
            process_statuses=tuple(
                replace(dated(each, _PROCESS_STATE, process_id, now_ms), process_id=process_id) for each in statuses
            ),
            tasks=None,
        )
        with self._records.transaction() as records:
            _experiment(records, experiment_id)
            records.add(stored)
            for task in process.tasks or ():
                records.add(self._new_task(task, stored.process_id))
        return stored.process_id

    def update_process(self, caller: Caller, process: GatewayProcess, process_id: str) -> None:
        """Replace what is asked of a process; its states, tasks, errors and workflows stay.

        So do its outputs, unless there are new ones.
        """

        def changed(old: GatewayProcess) -> GatewayProcess:
            return replace(
                process,
                process_id=process_id,
                experiment_id=old.experiment_id,
                created_at_ms=old.created_at_ms,
                process_statuses=old.process_statuses,
                process_outputs=old.process_outputs if process.process_outputs is None else process.process_outputs,
                process_errors=old.process_errors,
                process_workflows=old.process_workflows,
                tasks=None,
            )

        self._change(caller, process_id, changed)

    def get_process(self, caller: Caller, process_id: str) -> GatewayProcess:
        """A process with its tasks and jobs."""
        require_internal(caller, "read processes")
        with self._records.reading() as records:
            return recorded_processes.whole(records, [_process(records, process_id)])[0]

    def processes(self, caller: Caller, experiment_id: str) -> tuple[GatewayProcess, ...]:
        """All processes of an experiment, the first one first."""
        require_internal(caller, "read processes")
        with self._records.reading() as records:
            _experiment(records, experiment_id)
            return recorded_processes.of_experiment(records, experiment_id)

    def process_ids(self, caller: Caller, experiment_id: str) -> tuple[str, ...]:
        """Their ids."""
        return tuple(each.process_id for each in self.processes(caller, experiment_id))

    def processes_in_state(self, caller: Caller, state: ProcessState) -> tuple[GatewayProcess, ...]:
        """All processes that are in a state now, without their tasks."""
        require_internal(caller, "read processes")
        with self._records.reading() as records:
            return tuple(records.find(GatewayProcess, Query(equal={"state": str(state)}), order_by="created_at_ms"))

    def add_process_status(self, caller: Caller, status: ProcessStatus, process_id: str) -> None:
        """Write down a state of a process."""
        mine, now_ms = replace(status, process_id=process_id), self._now_ms()
        self._change(
            caller,
            process_id,
            lambda old: replace(
                old, process_statuses=entered(old.process_statuses, mine, _PROCESS_STATE, process_id, now_ms)
            ),
        )

    def process_statuses(self, caller: Caller, process_id: str) -> tuple[ProcessStatus, ...]:
        """Every state that a process has been in."""
        return self.get_process(caller, process_id).process_statuses or ()

    def process_status(self, caller: Caller, process_id: str) -> ProcessStatus:
        """The present state of a process."""
        status = latest(self.process_statuses(caller, process_id))
        return status or ProcessStatus(state=ProcessState.CREATED, process_id=process_id)

    def process_outputs(self, caller: Caller, process_id: str) -> tuple[OutputDataObject, ...]:
        """The outputs of a process."""
        return self.get_process(caller, process_id).process_outputs or ()

    def add_process_workflow(self, caller: Caller, workflow: ProcessWorkflow) -> None:
        """Write down that a workflow of the engine works for a process."""
        self._change(
            caller,
            workflow.process_id,
            lambda old: replace(old, process_workflows=(*(old.process_workflows or ()), workflow)),
        )

    def process_workflows(self, caller: Caller, process_id: str) -> tuple[ProcessWorkflow, ...]:
        """The workflows of the engine that work for a process."""
        return self.get_process(caller, process_id).process_workflows or ()

    # -- tasks ----------------------------------------------------------------------------------
    def add_task(self, caller: Caller, task: GatewayTask, process_id: str) -> str:
        """Store a new task of a process; returns its id."""
        require_internal(caller, "write tasks")
        stored = self._new_task(task, process_id)
        with self._records.transaction() as records:
            _process(records, process_id)
            records.add(stored)
        return stored.task_id

    def _new_task(self, task: GatewayTask, process_id: str) -> GatewayTask:
        now_ms = self._now_ms()
        task_id = identifiers.task_id() if is_new(task.task_id) else task.task_id
        statuses = task.task_statuses or (TaskStatus(state=TaskState.CREATED),)
        return replace(
            task,
            task_id=task_id,
            parent_process_id=process_id,
            created_at_ms=task.created_at_ms or now_ms,
            updated_at_ms=task.updated_at_ms or now_ms,
            task_statuses=tuple(dated(each, _TASK_STATE, task_id, now_ms) for each in statuses),
            jobs=None,
        )

    def add_task_status(self, caller: Caller, status: TaskStatus, task_id: str) -> None:
        """Write down a state of a task."""
        require_internal(caller, "write tasks")
        now_ms = self._now_ms()
        with self._records.transaction() as records:
            old = _task(records, task_id)
            statuses = entered(old.task_statuses, status, _TASK_STATE, task_id, now_ms)
            records.put(replace(old, task_statuses=statuses, updated_at_ms=now_ms))

    def delete_tasks(self, caller: Caller, process_id: str) -> None:
        """Forget the tasks of a process, and their jobs."""
        require_internal(caller, "delete tasks")
        with self._records.transaction() as records:
            _forget_jobs(records, process_id)
            records.delete_all(GatewayTask, Query(equal={"parent_process_id": process_id}))

    # -- jobs -----------------------------------------------------------------------------------
    def add_job(self, caller: Caller, job: GatewayJob, process_id: str) -> None:
        """Store a job of a task of the process, once more what else is known of it; its states stay."""
        require_internal(caller, "write jobs")
        now_ms, prefix = self._now_ms(), job_prefix(job.job_id)
        statuses = tuple(dated(each, prefix, job.task_id, now_ms) for each in job.job_statuses or ())
        with self._records.transaction() as records:
            process = _process(records, process_id)
            if _task(records, job.task_id).parent_process_id != process_id:
                raise missing(f"task '{job.task_id}' in process '{process_id}'")
            old = records.get(GatewayJob, job.key) or job
            records.put(
                replace(
                    job,
                    process_id=process_id,
                    experiment_id=process.experiment_id,
                    created_at_ms=job.created_at_ms or old.created_at_ms or now_ms,
                    job_statuses=statuses or old.job_statuses,
                )
            )

    def add_job_status(self, caller: Caller, status: JobStatus, task_id: str, job_id: str) -> None:
        """Write down a state of a job."""
        require_internal(caller, "write jobs")
        with self._records.transaction() as records:
            key = GatewayJob.key_of(job_id, task_id)
            old = found(records.get(GatewayJob, key), f"job '{job_id}' of task '{task_id}'")
            statuses = entered(old.job_statuses, status, job_prefix(job_id), task_id, self._now_ms())
            records.put(replace(old, job_statuses=statuses))

    def delete_jobs(self, caller: Caller, process_id: str) -> None:
        """Forget the jobs of a process."""
        require_internal(caller, "delete jobs")
        with self._records.transaction() as records:
            _forget_jobs(records, process_id)

    def jobs(self, caller: Caller, query_type: str, identifier: str) -> tuple[GatewayJob, ...]:
        """The jobs of an id: of a job, a task or a process."""
        require_internal(caller, "read jobs")
        if query_type not in _JOB_COLUMNS:
            raise InputError(
                f"Jobs are not found by '{query_type}'.", remedy=f"Ask by one of {', '.join(_JOB_COLUMNS)}."
            )
        with self._records.reading() as records:
            which = Query(equal={_JOB_COLUMNS[query_type]: identifier})
            return tuple(records.find(GatewayJob, which, order_by="created_at_ms"))

    def job(self, caller: Caller, query_type: str, identifier: str) -> GatewayJob:
        """The latest of them."""
        jobs = self.jobs(caller, query_type, identifier)
        if not jobs:
            raise missing(f"job with {query_type} '{identifier}'")
        return jobs[-1]

    def has_job(self, caller: Caller, query_type: str, identifier: str) -> bool:
        """Whether there is one."""
        return bool(self.jobs(caller, query_type, identifier))

    def job_count(self, caller: Caller, status: JobStatus, gateway_id: str, minutes: float) -> int:
        """How many jobs of a gateway, made in the last minutes, have entered a state in them.

        Source: Airavata 0.21; it counts older jobs as well, for which all jobs of the gateway would have to be read.
        """
        require_internal(caller, "count jobs")
        since_ms = self._now_ms() - int(minutes * 60_000)
        own = Among(kind=GatewayExperiment, column="experiment_id", which=Query(equal={"gateway_id": gateway_id}))
        which = Query(between={"created_at_ms": (since_ms, None)}, among={"experiment_id": own})
        with self._records.reading() as records:
            jobs = records.find(GatewayJob, which)
        return sum(has_entered(each.job_statuses, state_of(status), since_ms) for each in jobs)

    def average_times(self, caller: Caller, gateway_id: str, minutes: float) -> Mapping[str, float]:
        """How long the experiments of the last minutes took on average, in microseconds: see ``state_times``."""
        require_internal(caller, "see how long experiments take")
        since_ms = self._now_ms() - int(minutes * 60_000)
        recent = Query(equal={"gateway_id": gateway_id}, between={"created_at_ms": (since_ms, None)})
        own = Among(kind=GatewayExperiment, column="experiment_id", which=recent)
        with self._records.reading() as records:
            experiments = records.find(GatewayExperiment, recent)
            jobs = records.find(GatewayJob, Query(among={"experiment_id": own}))
        return average_times_us(experiments, jobs)

    # -- experiments ------------------------------------------------------------------------------
    def user_configuration(self, caller: Caller, experiment_id: str) -> UserConfigurationData:
        """How and where a user wants an experiment to run."""
        require_internal(caller, "read the configuration of experiments")
        with self._records.reading() as records:
            experiment = _experiment(records, experiment_id)
        return experiment.user_configuration_data or UserConfigurationData()

    def add_experiment_status(self, caller: Caller, status: ExperimentStatus, experiment_id: str) -> None:
        """Write down a state of an experiment."""
        now_ms = self._now_ms()
        self._change_experiment(
            caller,
            experiment_id,
            lambda old: replace(
                old, experiment_status=entered(old.experiment_status, status, _EXPERIMENT_STATE, experiment_id, now_ms)
            ),
        )

    def add_outputs(
        self, caller: Caller, output_type: str, outputs: tuple[OutputDataObject, ...], identifier: str
    ) -> None:
        """Set the outputs of a process (PROCESS_OUTPUT) or of an experiment (EXPERIMENT_OUTPUT)."""
        if output_type == "PROCESS_OUTPUT":
            self._change(
                caller, identifier, lambda old: replace(old, process_outputs=_merged(old.process_outputs, outputs))
            )
        elif output_type == "EXPERIMENT_OUTPUT":
            self._change_experiment(
                caller,
                identifier,
                lambda old: replace(old, experiment_outputs=_merged(old.experiment_outputs, outputs)),
            )
        else:
            raise InputError(
                f"'{output_type}' is no kind of outputs.", remedy="It is PROCESS_OUTPUT or EXPERIMENT_OUTPUT."
            )

    def add_error(self, caller: Caller, error_type: str, error: RecordedError, identifier: str) -> None:
        """Write down an error of an experiment (EXPERIMENT_ERROR), process (PROCESS_ERROR) or task (TASK_ERROR)."""
        written = replace(
            error,
            error_id=f"{_ERROR_PREFIXES.get(error_type, error_type)}_{uuid.uuid4()}"
            if is_new(error.error_id)
            else error.error_id,
            created_at_ms=error.created_at_ms or self._now_ms(),
        )
        if error_type == "EXPERIMENT_ERROR":
            self._change_experiment(caller, identifier, lambda old: replace(old, errors=(*(old.errors or ()), written)))
        elif error_type == "PROCESS_ERROR":
            self._change(
                caller, identifier, lambda old: replace(old, process_errors=(*(old.process_errors or ()), written))
            )
        elif error_type == "TASK_ERROR":
            require_internal(caller, "write tasks")
            with self._records.transaction() as records:
                old = _task(records, identifier)
                records.put(replace(old, task_errors=(*(old.task_errors or ()), written)))
        else:
            raise InputError(
                f"'{error_type}' is no kind of errors.",
                remedy="It is EXPERIMENT_ERROR, PROCESS_ERROR or TASK_ERROR.",
            )

    # -- inside ---------------------------------------------------------------------------------------
    def _change(self, caller: Caller, process_id: str, change: Callable[[GatewayProcess], GatewayProcess]) -> None:
        require_internal(caller, "write processes")
        with self._records.transaction() as records:
            records.put(replace(change(_process(records, process_id)), updated_at_ms=self._now_ms()))

    def _change_experiment(
        self, caller: Caller, experiment_id: str, change: Callable[[GatewayExperiment], GatewayExperiment]
    ) -> None:
        require_internal(caller, "write experiments")
        with self._records.transaction() as records:
            records.put(change(_experiment(records, experiment_id)))

    def _now_ms(self) -> int:
        return self._clock() // 1000


def _forget_jobs(records: Records, process_id: str) -> None:
    _process(records, process_id)
    records.delete_all(GatewayJob, Query(equal={"process_id": process_id}))


def _experiment(records: Records, experiment_id: str) -> GatewayExperiment:
    return found(records.get(GatewayExperiment, experiment_id), Thing(ThingKind.EXPERIMENT, experiment_id))


def _process(records: Records, process_id: str) -> GatewayProcess:
    return found(records.get(GatewayProcess, process_id), f"process '{process_id}'")


def _task(records: Records, task_id: str) -> GatewayTask:
    return found(records.get(GatewayTask, task_id), f"task '{task_id}'")


def _merged(old: Sequence[OutputDataObject] | None, new: Sequence[OutputDataObject]) -> tuple[OutputDataObject, ...]:
    """The outputs, those of the same name replaced."""
    return tuple({each.name: each for each in (*(old or ()), *new)}.values())
