"""One experiment as portals look at it: itself, its state, its tree of processes, its jobs and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from airavata_workload.api.access.permission import require_admin_view
from airavata_workload.api.experiments import recorded_processes
from airavata_workload.api.experiments.experiment_products import ExperimentProducts
from airavata_workload.api.experiments.experiment_tree import (
    ExperimentHistory,
    experiment_errors,
    experiment_statuses,
    gateway_jobs,
    processes,
)
from airavata_workload.api.experiments.experiments import Experiments
from airavata_workload.api.experiments.present_states import in_present_state, job_in_present_state
from airavata_workload.api.sharing.sharing import READ
from airavata_workload.api.workload import Workload
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import EXPERIMENT_ENDS
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.application_io import OutputDataObject
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.record import latest
from airavata_workload.records.statuses import ExperimentStatus, JobStatus


class ExperimentViews:
    """Answers what became of an experiment. All of it needs the permission READ.

    What this engine runs it tells itself; of what another engine of the
    installation runs the records tell, which that one writes.
    """

    def __init__(
        self, *, records: RecordStore, experiments: Experiments, workload: Workload, products: ExperimentProducts
    ) -> None:
        self._records = records
        self._experiments = experiments
        self._workload = workload
        self._products = products

    def get(self, caller: Caller, experiment_id: str) -> GatewayExperiment:
        """The experiment with its present state and its processes, without their tasks."""
        tree = self.tree(caller, experiment_id)
        return replace(tree, processes=tuple(replace(each, tasks=None) for each in tree.processes or ()))

    def get_by_admin(self, caller: Caller, experiment_id: str) -> GatewayExperiment:
        """The same, for administrators."""
        require_admin_view(caller, "see the experiment of another user")
        return self.get(caller, experiment_id)

    def tree(self, caller: Caller, experiment_id: str) -> GatewayExperiment:
        """The experiment with its processes, their tasks and jobs, each in its present state."""
        experiment = self._experiments.stored(caller, experiment_id, READ)
        launched = self._experiments.launched(experiment_id)
        if launched is None:
            with self._records.reading() as records:
                recorded = recorded_processes.of_experiment(records, experiment_id)
            return in_present_state(replace(experiment, processes=recorded))
        history = self._history(launched)
        return in_present_state(
            replace(
                experiment,
                experiment_status=_statuses(experiment, history),
                errors=experiment_errors(history.changes) or None,
                experiment_outputs=self._products.outputs(experiment, history.tasks),
                processes=processes(history, experiment),
            )
        )

    def status(self, caller: Caller, experiment_id: str) -> ExperimentStatus:
        """The present state; what the engine says counts, once it has the experiment."""
        experiment = self._experiments.stored(caller, experiment_id, READ)
        recorded = latest(experiment.experiment_status)
        if recorded is not None and recorded.state in EXPERIMENT_ENDS:
            return recorded
        launched = self._experiments.standing(experiment_id)
        if launched is None or (recorded is not None and recorded.state is launched.state):
            return recorded or ExperimentStatus(state=experiment.state, changed_at_ms=experiment.created_at_ms)
        return ExperimentStatus(
            state=launched.state, changed_at_ms=launched.updated_at_us // 1000, reason=launched.reason or None
        )

    def outputs(self, caller: Caller, experiment_id: str) -> tuple[OutputDataObject, ...]:
        """The outputs; the value of one that has been fetched is the URI of its data product."""
        experiment = self._experiments.stored(caller, experiment_id, READ)
        if self._experiments.standing(experiment_id) is None:
            return experiment.experiment_outputs or ()
        return self._products.outputs(experiment, self._workload.tasks(experiment_id))

    def job_statuses(self, caller: Caller, experiment_id: str) -> Mapping[str, JobStatus]:
        """The latest state of each job, by job id."""
        found: dict[str, JobStatus] = {}
        for job in self.jobs(caller, experiment_id):
            status = latest(job.job_statuses)
            if status is not None:
                found[job.job_id] = status
        return found

    def jobs(self, caller: Caller, experiment_id: str) -> tuple[GatewayJob, ...]:
        """All jobs, in order of submission, each in its present state."""
        self._experiments.stored(caller, experiment_id, READ)
        launched = self._experiments.launched(experiment_id)
        if launched is None:
            with self._records.reading() as records:
                jobs: Sequence[GatewayJob] = recorded_processes.jobs_of_experiment(records, experiment_id)
        else:
            jobs = gateway_jobs(self._history(launched, with_tasks=False), launched.process_id)
        return tuple(map(job_in_present_state, jobs))

    def _history(self, launched: Experiment, *, with_tasks: bool = True) -> ExperimentHistory:
        experiment_id = launched.experiment_id
        return ExperimentHistory(
            experiment_id=experiment_id,
            changes=self._workload.audit_trail(experiment_id),
            tasks=self._workload.tasks(experiment_id) if with_tasks else (),
            jobs=self._workload.jobs(experiment_id),
            launched=launched,
        )


def _statuses(experiment: GatewayExperiment, history: ExperimentHistory) -> tuple[ExperimentStatus, ...]:
    """That of its creation, then those that the engine knows."""
    first: Sequence[ExperimentStatus] = (experiment.experiment_status or ())[:1]
    present = history.launched.state if history.launched is not None else None
    return experiment_statuses(history.changes, first, present)
