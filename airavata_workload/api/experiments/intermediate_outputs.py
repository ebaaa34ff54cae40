"""Outputs of an experiment while its job runs."""

from __future__ import annotations

import json
from dataclasses import replace

from airavata_workload.api.experiments.experiment_products import ExperimentProducts
from airavata_workload.api.experiments.experiment_tree import ExperimentHistory, processes
from airavata_workload.api.experiments.experiments import Experiments
from airavata_workload.api.sharing.sharing import READ, WRITE
from airavata_workload.api.workload import Workload
from airavata_workload.domain import identifiers
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError, InputError, NotFoundError
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.states import EXPERIMENT_ENDS
from airavata_workload.ports.record_store import Query, RecordStore
from airavata_workload.records.application_io import OutputDataObject
from airavata_workload.records.processes import GatewayProcess
from airavata_workload.records.record import latest
from airavata_workload.records.statuses import ProcessStatus

FETCHING_DAG = "fetch-outputs"


class IntermediateOutputs:
    """Fetches outputs by a small experiment of its own, recorded as one more process of the portal's.

    It is in no tree: clients take the processes there for attempts to run the
    experiment. Source: Airavata 0.21, ``fetchIntermediateOutputs``: one process
    for each request, found again by the names of the outputs.
    """

    def __init__(
        self,
        *,
        records: RecordStore,
        experiments: Experiments,
        workload: Workload,
        products: ExperimentProducts,
        clock: Clock,
    ) -> None:
        self._records = records
        self._experiments = experiments
        self._workload = workload
        self._products = products
        self._clock = clock

    def fetch(self, caller: Caller, experiment_id: str, output_names: tuple[str, ...]) -> None:
        """Begin to fetch these outputs.

        Raises ``ConflictError`` if no job of the experiment runs, or they are
        on the way already, ``InputError`` for a name that is not an output's.
        """
        with self._records.transaction() as records:
            # What is read here is locked until the end: of two who ask at once the second finds what the first began.
            self._experiments.stored(caller, experiment_id, WRITE)
            running = self._running(experiment_id)
            names = _checked(running, output_names)
            self._refuse_twice(experiment_id, names)
            request = self._request(running, names)
            records.add(
                GatewayProcess(
                    process_id=request.experiment_id,
                    experiment_id=experiment_id,
                    created_at_ms=self._clock() // 1000,
                    process_detail=_detail(names),
                )
            )
            self._workload.submit([request])

    def _refuse_twice(self, experiment_id: str, names: tuple[str, ...]) -> None:
        last = self._last(experiment_id, names)
        fetching = self._fetching(last) if last is not None else None
        if fetching is not None and fetching.state not in EXPERIMENT_ENDS:
            raise ConflictError(
                f"Outputs {', '.join(names)} of experiment '{experiment_id}' are being fetched.",
                remedy="getIntermediateOutputProcessStatus tells when they are there.",
            )

    def _request(self, running: Experiment, names: tuple[str, ...]) -> Experiment:
        """The small experiment that fetches outputs from where the last job runs."""
        jobs = self._workload.jobs(running.experiment_id)
        if not jobs:
            raise ConflictError(
                f"Experiment '{running.experiment_id}' has submitted no job yet.", remedy="Ask again when its job runs."
            )
        return replace(
            running,
            experiment_id=identifiers.process_id(),
            process_id="",
            application_type=FETCHING_DAG,
            application=Application(name=running.application.name),
            inputs=(),
            outputs=tuple(replace(each, required=False) for each in running.outputs if each.name in names),
            parameters={"directory": jobs[-1].job.working_directory},
            start_not_before_us=0,
            held=False,
        )

    def status(self, caller: Caller, experiment_id: str, output_names: tuple[str, ...]) -> ProcessStatus:
        """How far the latest request for these outputs is. Raises ``NotFoundError`` if there was none."""
        self._experiments.stored(caller, experiment_id, READ)
        last = self._last(experiment_id, tuple(sorted(set(output_names))))
        present = self._fetching(last) if last is not None else None
        if last is None or present is None:
            raise NotFoundError(
                f"Nobody has asked for outputs {', '.join(output_names)} of experiment '{experiment_id}'.",
                remedy="fetchIntermediateOutputs asks for them.",
            )
        history = ExperimentHistory(experiment_id=last.process_id, changes=self._workload.audit_trail(last.process_id))
        found = [status for process in processes(history) for status in process.process_statuses or ()]
        status = latest(found) or ProcessStatus(state=present.process_state, changed_at_ms=last.created_at_ms)
        return replace(status, process_id=last.process_id)

    def outputs(self, caller: Caller, experiment_id: str) -> tuple[OutputDataObject, ...]:
        """The outputs, as far as they have been fetched; the value of one that was is the URI of its data product."""
        experiment = self._experiments.stored(caller, experiment_id, READ)
        with self._records.reading() as records:
            fetches = records.find(
                GatewayProcess, Query(equal={"experiment_id": experiment_id}), order_by="created_at_ms"
            )
        begun = [each for each in fetches if self._fetching(each) is not None]
        tasks = [task for each in begun for task in self._workload.tasks(each.process_id)]
        return self._products.outputs(experiment, tasks)

    def _running(self, experiment_id: str) -> Experiment:
        launched = self._experiments.launched(experiment_id)
        if launched is None or launched.state in EXPERIMENT_ENDS:
            state = "was not launched" if launched is None else f"has ended ({launched.state})"
            raise ConflictError(
                f"Experiment '{experiment_id}' {state}, so it has no job whose outputs could be fetched.",
                remedy="getExperimentOutputs tells the outputs of one that has ended.",
            )
        return launched

    def _last(self, experiment_id: str, names: tuple[str, ...]) -> GatewayProcess | None:
        with self._records.reading() as records:
            found = records.find(
                GatewayProcess,
                Query(equal={"experiment_id": experiment_id}),
                order_by="created_at_ms",
                descending=True,
            )
        return next((each for each in found if each.process_detail == _detail(names)), None)

    def _fetching(self, process: GatewayProcess) -> Experiment | None:
        """The small experiment; ``None`` for a process that is no such request."""
        return self._experiments.launched(process.process_id)


def _checked(experiment: Experiment, output_names: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(sorted(set(output_names)))
    known = {each.name for each in experiment.outputs}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise InputError(
            f"Experiment '{experiment.experiment_id}' has no output {', '.join(unknown) or 'without a name'}.",
            remedy=f"It has {', '.join(sorted(known)) or 'none'}.",
        )
    return names


def _detail(names: tuple[str, ...]) -> str:
    """By what a request is found again."""
    return json.dumps({"fetches": names})
