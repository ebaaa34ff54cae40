"""Launches experiments: several at once, so that they share each round trip to the backing systems.

For each of them the order of writes is the same as for one alone: its
recovery node, its loaded DAG, its state, and at last the messages that make
others act. A crash between two of them is noticed by the node, and everything
up to there may be done again. What does not wait for one another goes on at
the same time: each of the backing systems takes a few milliseconds to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.clock import Clock, to_datetime
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.errors import (
    InputError,
    NotFoundError,
    StoreUnavailableError,
    UnavailableError,
    WorkloadError,
)
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.message import SCHEDULER_QUEUE, HoldChanged
from airavata_workload.domain.states import ExperimentState, ProcessState
from airavata_workload.domain.task import LoadedDag, Task
from airavata_workload.journal import Journal
from airavata_workload.orchestrator.ends import ending
from airavata_workload.orchestrator.loading import load
from airavata_workload.orchestrator.placing import Placing
from airavata_workload.orchestrator.progress import Progress
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.task_queue import Message, TaskQueue
from airavata_workload.ports.validation import Validator
from airavata_workload.resources import ClusterCatalogue
from airavata_workload.threads import Beside

log = structlog.get_logger("airavata_workload.orchestrator")

LAUNCHES_AT_ONCE = 4
"""Those that the command desk has gathered, and now and then one that is resumed."""
_READINGS = 5
"""So often abstract DAGs are read anew that somebody has changed meanwhile: people change them seldom."""
_CANCELLED = (ExperimentState.CANCELED, ExperimentState.CANCELING)
_FAULT = "The experiment could not be checked because of a fault in a program of the gateway; tell the operator."

_Loaded = list[tuple[Experiment, LoadedDag]]
_Stored = dict[str, tuple[Task, ...] | None]
"""By id of the experiment its tasks; ``None`` for one that was stored before."""
_Refused = list[tuple[Experiment, Exception]]


class Launching:
    """Loads experiments and starts them."""

    def __init__(
        self,
        *,
        graph: GraphStore,
        registry: Registry,
        journal: Journal,
        queue: TaskQueue,
        nodes: RecoveryNodes,
        progress: Progress,
        clusters: ClusterCatalogue,
        placing: Placing,
        validators: Sequence[Validator],
        clock: Clock,
    ) -> None:
        self._graph = graph
        self._registry = registry
        self._journal = journal
        self._queue = queue
        self._nodes = nodes
        self._progress = progress
        self._clusters = clusters
        self._placing = placing
        self._validators = validators
        self._clock = clock
        self._by = nodes.session
        self._beside = Beside(LAUNCHES_AT_ONCE, "orchestrator-launch")
        self._known_dags: dict[str, AbstractDag] = {}

    def launch(self, experiments: Sequence[Experiment]) -> list[Experiment]:
        """Launch them, all different; those that are left to the caller, as they are now.

        These were loaded before, and are to be resumed, or have been
        cancelled meanwhile, and their tasks are to be stopped. Raises
        ``UnavailableError``; then all may be launched again.
        """
        ids = [experiment.experiment_id for experiment in experiments]
        # The nodes come before tasks and states are stored, so that a crash from there on is noticed.
        (loaded, refused), _ = self._beside.both(lambda: self._loaded(experiments), lambda: self._nodes.create(*ids))
        self._refuse(refused)
        if not loaded:
            return []
        started = [change for experiment, _ in loaded for change in self.started(experiment)]
        (stored, refused), events = self._beside.both(
            lambda: self._stored(loaded),
            # Not durable: should it be lost, the experiment is resumed, and the first thing then is to write this. It
            # is written before anybody can begin a task, and write what follows from that.
            lambda: self._journal.record(started, durable=False),
        )
        self._refuse(refused)
        left, _ = self._beside.both(lambda: self._set_going(stored), lambda: self._journal.tell(events))
        return left

    def _set_going(self, stored: _Stored) -> list[Experiment]:
        """Hand out the first tasks of those that are not left to the caller."""
        # Another orchestrator may have cancelled one meanwhile: it wrote that before it looked for tasks.
        present = self._registry.standings(list(stored))
        loaded_before = [experiment_id for experiment_id, tasks in stored.items() if tasks is None]
        to_resume = {dag.experiment_id for dag in self._graph.loaded(loaded_before) if dag.tasks}
        left: list[str] = []
        ready: list[Task] = []
        notices: list[Message] = []
        for experiment_id, standing in present.items():
            if standing.state in _CANCELLED or experiment_id in to_resume:
                left.append(experiment_id)
                continue
            tasks = stored[experiment_id]
            if standing.held:
                notices.append(hold_message(experiment_id))
            if tasks:
                ready += [task for task in tasks if not task.depends_on]
            else:
                self._progress.end(experiment_id, 0)
        if notices:
            # Safe before the tasks are: no order is kept between messages of different urgency.
            self._queue.publish(notices, durable=False)
        self._progress.release(ready, {})
        return list(self._registry.several(left).values())

    # -- loading -----------------------------------------------------------------------
    def _loaded(self, experiments: Sequence[Experiment]) -> tuple[_Loaded, _Refused]:
        """The loaded DAGs of those that are valid, and what is wrong with the others."""
        loaded: _Loaded = []
        refused: _Refused = []
        for experiment in experiments:
            try:
                loaded.append((experiment, self._load(experiment)))
            except UnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 - told to whoever sees the experiment
                refused.append((experiment, error))
        return loaded, refused

    def _load(self, experiment: Experiment) -> LoadedDag:
        """Validate the experiment and make its tasks."""
        resource = self._placing.resource_of(experiment)
        if not experiment.compute_resource:
            # Before anything is loaded: whoever launches it again must find the same one.
            resource = self._registry.place(experiment.experiment_id, resource)
        try:
            cluster = self._clusters.cluster(resource)
            known = self._known_dags.get(experiment.application_type)
            dag = known or self._newest(experiment.application_type)
        except NotFoundError as error:
            raise InputError(error.message, remedy=error.remedy) from error
        for validator in self._validators:
            validator.validate(experiment, cluster)
        placed = replace(experiment, compute_resource=resource)
        try:
            return load(dag, placed, cluster)
        except WorkloadError:
            if dag is not known:
                raise
        # Whether it is the newest is asked when what was made of it is stored; if nothing can be made of it, now.
        return load(self._newest(experiment.application_type), placed, cluster)

    def _newest(self, application_type: str) -> AbstractDag:
        dag = self._known_dags[application_type] = self._graph.abstract(application_type)
        return dag

    def _stored(self, loaded: _Loaded) -> tuple[_Stored, _Refused]:
        """The tasks of those that are stored now, and what is wrong with those that cannot be."""
        stored: _Stored = {}
        refused: _Refused = []
        for _ in range(_READINGS):
            created, invalid = self._created(loaded)
            stored |= {dag.experiment_id: dag.tasks if new else None for _, dag, new in created if new is not None}
            outdated = [(experiment, dag) for experiment, dag, new in created if new is None]
            for _, dag in outdated:
                self._known_dags.pop(dag.application_type, None)
            loaded, refused_now = self._loaded([experiment for experiment, _ in outdated])
            refused += invalid + refused_now
            if not loaded:
                return stored, refused
        raise StoreUnavailableError(
            f"The abstract DAG '{loaded[0][1].application_type}' is changed again and again.",
            remedy="Experiments that follow it are launched when nobody changes it any more.",
        )

    def _created(self, loaded: _Loaded) -> tuple[list[tuple[Experiment, LoadedDag, bool | None]], _Refused]:
        """What the graph store says to each of those that it can store."""
        try:
            created = self._graph.restore_loaded([dag for _, dag in loaded], if_newest=True)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - told to whoever sees the experiment
            if len(loaded) == 1:
                return [], [(loaded[0][0], error)]
            # One of them cannot be stored, and none is: each by itself, then.
            each = [self._created([one]) for one in loaded]
            return [one for some, _ in each for one in some], [one for _, some in each for one in some]
        return [(experiment, dag, new) for (experiment, dag), new in zip(loaded, created, strict=True)], []

    # -- what is written ---------------------------------------------------------------
    def started(self, experiment: Experiment) -> list[StateChange]:
        """The changes with which an experiment and its process begin."""
        # Source: Airavata 0.17, OrchestratorServerHandler: LAUNCHED, then EXECUTING when the process has STARTED.
        launched = StateChange(
            subject=Subject.EXPERIMENT,
            subject_id=experiment.experiment_id,
            experiment_id=experiment.experiment_id,
            state=ExperimentState.LAUNCHED,
            at_us=self._clock(),
            by=self._by,
            name=experiment.name,
            reason="submitted all processes",
        )
        process = replace(
            launched,
            subject=Subject.PROCESS,
            subject_id=experiment.process_id,
            state=ProcessState.STARTED,
            name="",
            reason="",
        )
        reason = "process started"
        if experiment.start_not_before_us > self._clock():
            reason += f"; its tasks wait until {to_datetime(experiment.start_not_before_us):%Y-%m-%d %H:%M:%S} UTC"
        return [launched, process, replace(launched, state=ExperimentState.EXECUTING, reason=reason)]

    def _refuse(self, refused: _Refused) -> None:
        for experiment, error in refused:
            if isinstance(error, WorkloadError):
                reason, user_message = f"Validation failed: {error}", error.user_message
            else:
                log.error("an experiment could not be loaded", experiment=experiment.experiment_id, exc_info=error)
                reason, user_message = f"Validation broke: {type(error).__name__}: {error}", _FAULT
            ended = ending(experiment, ExperimentState.FAILED, self._by, self._clock(), reason, user_message)
            self._journal.write(ended)
            self._nodes.remove(experiment.experiment_id)


def hold_message(experiment_id: str) -> Message:
    """Tells the scheduler to look whether an experiment's tasks are to be kept back."""
    return Message(queue=SCHEDULER_QUEUE, body=HoldChanged(experiment_id=experiment_id).to_body(), priority=100)
