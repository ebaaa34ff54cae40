"""The application layer: experiments and what can be asked of them."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from airavata_workload.domain import identifiers
from airavata_workload.domain.change import Event, StateChange
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.errors import ConflictError
from airavata_workload.domain.experiment import Experiment, Standing
from airavata_workload.domain.message import COMMAND_QUEUE, Command, CommandKind
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState, ProcessState
from airavata_workload.domain.task import Task
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import ExperimentFilter, JobRecord, Registry
from airavata_workload.ports.task_queue import Message, TaskQueue


class Workload:
    """Creates experiments, asks the orchestrator for things, and answers questions.

    ``output_root`` is where outputs of experiments go that name no directory.
    ``nodes`` is given where the engine of this very process drives what is
    submitted: no other one reads its queue, so each experiment gets its
    recovery node before anything else.
    All methods raise ``NotFoundError`` for an unknown experiment and
    ``ConflictError`` for one in a state that does not allow what is asked.
    """

    def __init__(
        self,
        *,
        graph: GraphStore,
        registry: Registry,
        queue: TaskQueue,
        queue_of: Callable[[str], TaskQueue],
        bus: EventBus,
        output_root: Path,
        clock: Clock,
        nodes: RecoveryNodes | None = None,
    ) -> None:
        self._graph = graph
        self._registry = registry
        self._queue = queue
        self._queue_of = queue_of
        self._bus = bus
        self._output_root = output_root
        self._clock = clock
        self._nodes = nodes
        self._user = getpass.getuser()
        self._known_dags: set[str] = set()

    # -- making ---------------------------------------------------------------------
    def create(self, experiments: Sequence[Experiment]) -> list[Experiment]:
        """Store new experiments, in state CREATED, with ids and output directories filled in where they are empty."""
        complete = self._completed(experiments)
        self._registry.create_experiments(complete)
        return complete

    def submit(self, experiments: Sequence[Experiment]) -> list[Experiment]:
        """Create and launch. The application types are looked up first, so that a misspelt one is refused here."""
        complete = self._completed(experiments)
        self._enter(complete)
        self.launch([experiment.experiment_id for experiment in complete])
        return complete

    def enter(self, experiment: Experiment) -> bool:
        """Create what ``launch`` is to follow for. False for an id that the engine has already: that stays as it is."""
        return bool(self._enter(self._completed([experiment])))

    def _enter(self, experiments: Sequence[Experiment]) -> set[str]:
        for application_type in {experiment.application_type for experiment in experiments}:
            if not self.has_dag(application_type):
                self._graph.abstract(application_type)  # says what is known instead
        if self._nodes is not None:
            self._nodes.create(*(experiment.experiment_id for experiment in experiments))
        return self._registry.create_experiments(experiments)

    def _completed(self, experiments: Sequence[Experiment]) -> list[Experiment]:
        now_us = self._clock()
        return [self._complete(experiment, now_us) for experiment in experiments]

    def _complete(self, experiment: Experiment, now_us: int) -> Experiment:
        experiment_id = experiment.experiment_id or identifiers.experiment_id(experiment.name)
        return replace(
            experiment,
            experiment_id=experiment_id,
            process_id=experiment.process_id or identifiers.process_id(),
            candidates=experiment.candidates if experiment.compute_resource else experiment.candidates or (),
            user=experiment.user or self._user,
            output_directory=experiment.output_directory or str(self._output_root / experiment_id),
            created_at_us=now_us,
            updated_at_us=now_us,
        )

    def clone(self, experiment_id: str, name: str | None = None) -> Experiment:
        """A new experiment, in state CREATED, with the request of an old one."""
        old = self._registry.experiment(experiment_id)
        clone = replace(
            old,
            experiment_id="",
            process_id="",
            # Where a placement put the old one says nothing about where the new one should go.
            compute_resource="" if old.candidates is not None else old.compute_resource,
            name=name or old.name,
            output_directory="",
            user=self._user,
            state=ExperimentState.CREATED,
            process_state=ProcessState.CREATED,
            held=False,
            reason="",
            user_message="",
            start_not_before_us=0,
            cloned_from=old.experiment_id,
        )
        return self.create([clone])[0]

    # -- asking the orchestrator --------------------------------------------------------
    def launch(self, experiment_ids: Iterable[str]) -> None:
        """Launch experiments; priority by that of the experiment."""
        commands = [Command(kind=CommandKind.LAUNCH, experiment_id=each, by=self._user) for each in experiment_ids]
        self._queue.publish([Message(queue=COMMAND_QUEUE, body=each.to_body()) for each in commands])

    def cancel(self, experiment_id: str, reason: str = "") -> Experiment:
        """Cancel an experiment that has not ended."""
        experiment = self._open(experiment_id, "cancelled")
        self._command(CommandKind.CANCEL, experiment, reason, experiment.process_id)
        return experiment

    def hold(self, experiment_id: str) -> Experiment:
        """Keep back the experiment's tasks that have not started. A job that was submitted goes on."""
        experiment = self._open(experiment_id, "held")
        self._registry.set_held(experiment.experiment_id, True)
        self._command(CommandKind.HOLD, experiment)
        return experiment

    def release(self, experiment_id: str) -> Experiment:
        """Let a held experiment go on."""
        experiment = self._open(experiment_id, "released")
        if experiment.held:
            self._registry.set_held(experiment.experiment_id, False)
        # Also for one that is not held: whoever released it may have been cut off before the scheduler could be told.
        self._command(CommandKind.RELEASE, experiment)
        if not experiment.held:
            raise ConflictError(f"Experiment {experiment.experiment_id} is not held.")
        return experiment

    def retry(self, experiment_id: str, reason: str = "") -> Experiment:
        """Try an experiment that FAILED or was CANCELED again, from the tasks that did not complete."""
        experiment = self._registry.experiment(experiment_id)
        if experiment.state not in (ExperimentState.FAILED, ExperimentState.CANCELED):
            raise ConflictError(
                f"Experiment {experiment.experiment_id} is {experiment.state}; only one that FAILED or was CANCELED "
                "can be tried again.",
                remedy="'airavata-workload clone' makes a new experiment from it.",
            )
        self._command(CommandKind.RETRY, experiment, reason, experiment.process_id)
        return experiment

    def _open(self, experiment_id: str, participle: str) -> Experiment:
        experiment = self._registry.experiment(experiment_id)
        if experiment.state in EXPERIMENT_ENDS:
            raise ConflictError(
                f"Experiment {experiment.experiment_id} has ended ({experiment.state}) and cannot be {participle}."
            )
        return experiment

    def _command(self, kind: CommandKind, experiment: Experiment, reason: str = "", process_id: str = "") -> None:
        command = Command(
            kind=kind, experiment_id=experiment.experiment_id, by=self._user, reason=reason, process_id=process_id
        )
        self._queue_of(experiment.experiment_id).publish([Message(queue=COMMAND_QUEUE, body=command.to_body())])

    # -- answering ----------------------------------------------------------------------
    def experiment(self, experiment_id: str) -> Experiment:
        """One experiment, by its id or an unambiguous beginning of it."""
        return self._registry.experiment(experiment_id)

    def several(self, experiment_ids: Sequence[str]) -> dict[str, Experiment]:
        """Those of these experiments that there are, by their whole ids."""
        return self._registry.several(experiment_ids)

    def standings(self, experiment_ids: Sequence[str]) -> dict[str, Standing]:
        """How those of these experiments stand that there are, by their whole ids."""
        return self._registry.standings(experiment_ids)

    def experiments(self, which: ExperimentFilter, *, limit: int = 50, offset: int = 0) -> list[Experiment]:
        """Matching experiments, the newest first."""
        return self._registry.experiments(which, limit=limit, offset=offset)

    def count(self, which: ExperimentFilter) -> int:
        """How many experiments match."""
        return self._registry.count(which)

    def tasks(self, experiment_id: str) -> list[Task]:
        """The tasks of the experiment's present process, in the order of its DAG."""
        return self._graph.tasks(self._registry.experiment(experiment_id).experiment_id)

    def jobs(self, experiment_id: str) -> list[JobRecord]:
        """The experiment's jobs."""
        return self._registry.jobs(self._registry.experiment(experiment_id).experiment_id)

    def audit_trail(self, experiment_id: str) -> list[StateChange]:
        """Every state change of the experiment, its processes, tasks and jobs, in order of time."""
        return self._registry.audit_trail(self._registry.experiment(experiment_id).experiment_id)

    def statistics(self) -> Mapping[str, Any]:
        """Number of experiments by state, and messages that wait by queue."""
        return {"experiments": self._registry.statistics(), "queues": self._queue.depths()}

    def latest_event(self) -> int:
        """The sequence of the newest event."""
        return self._bus.latest()

    def events(self, since: int, *, experiment_id: str | None = None, wait_s: float = 0.0) -> list[Event]:
        """Events after a sequence, waiting up to ``wait_s`` for the first."""
        return self._bus.since(since, experiment_id=experiment_id, wait_s=wait_s)

    def wait(
        self, experiment_id: str, timeout_s: float | None = None, *, on_event: Callable[[Event], None] | None = None
    ) -> Experiment:
        """Wait until the experiment has ended, or for ``timeout_s``; returns it as it then is."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        sequence = self._bus.latest()
        experiment = self._registry.experiment(experiment_id)
        while experiment.state not in EXPERIMENT_ENDS:
            left_s = 1.0 if deadline_s is None else deadline_s - time.monotonic()
            if left_s <= 0:
                return experiment
            events = self._bus.since(sequence, experiment_id=experiment.experiment_id, wait_s=min(1.0, left_s))
            for event in events:
                sequence = max(sequence, event.sequence)
                if on_event is not None:
                    on_event(event)
            if not events or any(event.body.get("subject") == "experiment" for event in events):
                experiment = self._registry.experiment(experiment.experiment_id)
        return experiment

    # -- DAGs ------------------------------------------------------------------------------
    def dags(self) -> list[AbstractDag]:
        """The newest version of every application type."""
        return self._graph.abstracts()

    def dag(self, application_type: str, version: int | None = None) -> AbstractDag:
        """One abstract DAG. Raises ``NotFoundError``."""
        return self._graph.abstract(application_type, version)

    def has_dag(self, application_type: str) -> bool:
        """Whether there is a DAG of that name. Once there is one, there always is."""
        if application_type not in self._known_dags:
            if not self._graph.newest_version(application_type):
                return False
            self._known_dags.add(application_type)
        return True

    def load_dag(self, dag: AbstractDag) -> AbstractDag:
        """Make a (checked) DAG the newest version; running experiments keep theirs."""
        return self._graph.save_abstract(dag)
