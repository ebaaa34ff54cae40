"""What people and clients ask for: launch, cancel, hold, release, retry; and what recovery asks for: resume.

Every command may arrive twice, and after later ones; the second time it finds its work done, or undone on purpose,
and does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from airavata_workload.domain import identifiers
from airavata_workload.domain.change import Event, StateChange, Subject
from airavata_workload.domain.clock import Clock, microseconds
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import (
    Command,
    CommandKind,
    OutcomeMessage,
    Verdict,
)
from airavata_workload.domain.states import (
    EXPERIMENT_ENDS,
    PROCESS_ENDS,
    TASK_ENDS,
    ExperimentState,
    ProcessState,
    TaskState,
)
from airavata_workload.domain.task import Task
from airavata_workload.domain.transition import Transition
from airavata_workload.journal import Journal, history_of
from airavata_workload.orchestrator import decision, job_record, stopping
from airavata_workload.orchestrator.ends import ending
from airavata_workload.orchestrator.launching import Launching, hold_message
from airavata_workload.orchestrator.progress import Progress, cancel_message, forget_message, watch_message
from airavata_workload.orchestrator.renewal import renewed
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.task_queue import TaskQueue

log = structlog.get_logger("airavata_workload.orchestrator")

CONTROL_TOPIC = "control"
_BEFORE_LAUNCH = (ExperimentState.CREATED, ExperimentState.VALIDATED, ExperimentState.SCHEDULED)


class Commands:
    """Carries out commands about whole experiments."""

    def __init__(
        self,
        *,
        graph: GraphStore,
        registry: Registry,
        journal: Journal,
        queue: TaskQueue,
        nodes: RecoveryNodes,
        bus: EventBus,
        progress: Progress,
        launching: Launching,
        clock: Clock,
    ) -> None:
        self._graph = graph
        self._registry = registry
        self._journal = journal
        self._queue = queue
        self._nodes = nodes
        self._bus = bus
        self._progress = progress
        self._launching = launching
        self._clock = clock
        self._by = nodes.session

    def carry_out(self, command: Command) -> None:
        """Do what the command says. Raises only ``UnavailableError``: then the command is delivered again."""
        try:
            experiment = self._registry.experiment(command.experiment_id)
        except NotFoundError:
            self._is_gone(command.experiment_id)
            return
        {
            CommandKind.LAUNCH: self._launch_one,
            CommandKind.CANCEL: self._cancel,
            CommandKind.HOLD: self._look_whether_held,
            CommandKind.RELEASE: self._look_whether_held,
            CommandKind.RETRY: self._retry,
            CommandKind.RESUME: self._resume,
        }[command.kind](experiment, command)

    def _is_gone(self, experiment_id: str) -> None:
        log.warning("a command for an experiment that is not there", experiment=experiment_id)
        self._nodes.remove(experiment_id)

    # -- launch ------------------------------------------------------------------
    def launch(self, commands: Sequence[Command]) -> None:
        """Launch several experiments, one command for each. Raises only ``UnavailableError``, as ``carry_out``."""
        by_id = {command.experiment_id: command for command in commands}
        found = self._registry.several(list(by_id))
        for experiment_id in by_id.keys() - found.keys():
            self._is_gone(experiment_id)
        self._launch([(each, by_id[experiment_id]) for experiment_id, each in found.items()])

    def _launch_one(self, experiment: Experiment, command: Command) -> None:
        self._launch([(experiment, command)])

    def _launch(self, asked: Sequence[tuple[Experiment, Command]]) -> None:
        commands = {experiment.experiment_id: command for experiment, command in asked}
        fresh = []
        for experiment, command in asked:
            if experiment.state is ExperimentState.CANCELING:
                self._resume(experiment, command)
            elif experiment.state is ExperimentState.CANCELED:
                # Whoever saw that, and began to stop its tasks, may have been cut off.
                self._resume(experiment, command)
            elif experiment.state not in EXPERIMENT_ENDS:
                fresh.append(experiment)
        for experiment in self._launching.launch(fresh) if fresh else ():
            if experiment.state in (ExperimentState.CANCELED, ExperimentState.CANCELING):
                self._stop_tasks(experiment)
            else:
                self._resume(experiment, commands[experiment.experiment_id])

    # -- resume -------------------------------------------------------------------
    def _resume(self, experiment: Experiment, command: Command) -> None:
        """Go on with an experiment from its first task that is not complete."""
        tasks = self._graph.tasks(experiment.experiment_id)
        if not tasks:
            if experiment.state is ExperimentState.CANCELING:
                self._progress.end(experiment.experiment_id, 0)
            elif experiment.state in EXPERIMENT_ENDS:
                self._nodes.remove(experiment.experiment_id)
            else:
                self._launch_one(experiment, command)
            return
        ended = all(task.state in TASK_ENDS for task in tasks)
        if experiment.state in EXPERIMENT_ENDS:
            if ended:
                self._journal.write([change for task in tasks for change in history_of(task)])
                self._nodes.remove(experiment.experiment_id)
                return
            if tasks[0].process_id == experiment.process_id and experiment.process_state in PROCESS_ENDS:
                # It was cancelled by one orchestrator while another one loaded it, and that was cut off.
                self._stop_tasks(experiment)
                return
            # A retry was cut off between the graph store and the registry, or before the end of what it writes there.
            self._registry.start_process(experiment.experiment_id, tasks[0].process_id)
            experiment = replace(experiment, process_id=tasks[0].process_id, state=ExperimentState.LAUNCHED)
        self._nodes.create(experiment.experiment_id)
        if experiment.state is not ExperimentState.CANCELING:
            self._journal.write(self._launching.started(experiment))
        self._journal.write([change for task in tasks for change in history_of(task)])
        if experiment.held:
            self._queue.publish([hold_message(experiment.experiment_id)])
        self._give_anew(tasks)
        if experiment.state is ExperimentState.CANCELING:
            self._stop_tasks(experiment)
        else:
            self._continue(experiment, tasks)

    def _give_anew(self, tasks: Sequence[Task]) -> None:
        """Hand out anew what a worker had that is gone, and have the jobs of parked tasks watched."""
        living = {member.session for member in self._nodes.members()}
        lost = [
            task for task in tasks if task.state is TaskState.EXECUTING and not task.parked and task.owner not in living
        ]
        if lost:
            self._progress.apply([decision.handed_out_anew(task, self._by, self._clock()) for task in lost])
        parked = [watch_message(task) for task in tasks if task.parked]
        if parked:
            self._queue.publish(parked)

    def _continue(self, experiment: Experiment, tasks: Sequence[Task]) -> None:
        ready = [task for task in tasks if task.state is TaskState.CREATED and task.open_predecessors == 0]
        if ready:
            outputs: Mapping[str, Mapping[str, object]] = self._graph.outputs(experiment.experiment_id)
            self._progress.release(ready, dict(outputs))
        self._end_if_ended(tasks)

    def _end_if_ended(self, tasks: Sequence[Task]) -> None:
        if tasks and all(task.state in TASK_ENDS for task in tasks):
            unsuccessful = sum(task.state is not TaskState.COMPLETED for task in tasks)
            self._progress.end(tasks[0].experiment_id, unsuccessful)

    # -- cancel, hold, release ---------------------------------------------------------
    def _cancel(self, experiment: Experiment, command: Command) -> None:
        if _is_about_another(command, experiment):
            return
        if experiment.state in EXPERIMENT_ENDS:
            # It may have been this command, delivered before, that ended it, and was cut off before its tasks ended.
            self._resume(experiment, command)
            return
        reason = command.reason or f"cancelled by {command.by}"
        if not self._graph.tasks(experiment.experiment_id):
            self._journal.write(ending(experiment, ExperimentState.CANCELED, command.by, self._clock(), reason, reason))
            self._nodes.remove(experiment.experiment_id)
            # Another orchestrator may have loaded it meanwhile: it looks at the state after that.
            if self._graph.tasks(experiment.experiment_id):
                self._stop_tasks(experiment)
            return
        if experiment.state in _BEFORE_LAUNCH:
            # Loaded, and whoever did it died before it said so: the state machine knows no way around that.
            self._journal.write(self._launching.started(experiment))
        canceling = replace(self._about(experiment, ExperimentState.CANCELING, reason), by=command.by)
        process = replace(
            canceling, subject=Subject.PROCESS, subject_id=experiment.process_id, state=ProcessState.CANCELLING
        )
        self._journal.write([canceling, process])
        self._stop_tasks(experiment)

    def _stop_tasks(self, experiment: Experiment) -> None:
        tasks = self._graph.tasks(experiment.experiment_id)
        self._bus.publish(
            [
                Event(
                    topic=CONTROL_TOPIC,
                    experiment_id=experiment.experiment_id,
                    body={"request": "cancel", "process_id": experiment.process_id},
                    at_us=self._clock(),
                )
            ]
        )
        stop = stopping.stop(tasks)
        forget = forget_message(experiment.experiment_id, experiment.process_id)
        messages = [forget, *(cancel_message(task) for task in stop.cancel)]
        self._progress.apply([self._not_run(task) for task in stop.end], messages)
        if not stop.cancel:
            self._end_if_ended(tasks)

    def cancel_answered(self, outcome: OutcomeMessage) -> None:
        """A worker has cancelled a task's job, or could not (host down): then it is tried again."""
        try:
            task = self._graph.task(outcome.task_id)
        except NotFoundError:
            return  # another try has replaced it, which does not begin before its job is known to be over
        again = outcome.verdict in (Verdict.DEFERRED, Verdict.RETRYABLE)
        now_us, delay_us = self._clock(), microseconds(max(outcome.delay_s, 1.0))
        if task.parked:
            if again and task.attempt == outcome.attempt:
                self._queue.publish([cancel_message(task, now_us, delay_us)])
            return
        tasks = self._graph.tasks(outcome.experiment_id)
        if not _outlives_jobs(self._registry.experiment(outcome.experiment_id), tasks):
            return  # it has been tried again meanwhile
        handing_over = stopping.with_job(task)
        if again:
            self._queue.publish([cancel_message(handing_over or task, now_us, delay_us)])
            return
        if handing_over is not None and handing_over.job is not None:
            # Written down first: after a crash nobody asks again about a job that is settled.
            self._write_down_given_up(handing_over, handing_over.job, outcome)
            # Before anything ends: who reads the tasks after a crash must find which jobs are still to be cancelled.
            self._graph.settle_job(task.task_id, handing_over.job)
            tasks = self._graph.tasks(outcome.experiment_id)
        self._progress.apply([self._not_run(each) for each in stopping.confirmed(task.task_id, tasks)])
        # If nothing was kept open, the experiment itself was, until the last of its jobs is over.
        if not stopping.stop(tasks).cancel:
            self._end_if_ended(tasks)

    def _write_down_given_up(self, task: Task, job: Job, answer: OutcomeMessage) -> None:
        """Make known what became of the job that the task had handed on; what is told already is not told again."""
        record, changes = job_record.given_up(task, job, answer)
        trail = self._registry.audit_trail(task.experiment_id)
        told = {(change.subject_id, change.state) for change in trail if change.subject is Subject.JOB}
        self._journal.write([change for change in changes if (change.subject_id, change.state) not in told])
        self._registry.save_jobs([record])

    def _not_run(self, task: Task) -> Transition:
        return decision.not_run(task, self._by, self._clock(), "the experiment is cancelled")

    def _look_whether_held(self, experiment: Experiment, command: Command) -> None:
        # Whoever asked for it has written it: were it written here, a command that comes late would undo a later one.
        self._queue.publish([hold_message(experiment.experiment_id)])

    # -- retry ---------------------------------------------------------------------------
    def _retry(self, experiment: Experiment, command: Command) -> None:
        """Start a new process that takes over what completed and does the rest again."""
        if experiment.state not in EXPERIMENT_ENDS or experiment.process_state not in PROCESS_ENDS:
            # Whoever began this try, and lives, may have lost a server before it could tell the others.
            self._resume(experiment, command)
            return
        if experiment.state is ExperimentState.COMPLETED or _is_about_another(command, experiment):
            return
        self._nodes.create(experiment.experiment_id)
        tasks = self._graph.tasks(experiment.experiment_id)
        process_id = identifiers.process_id()
        if tasks and not self._graph.replace_loaded(renewed(tasks, process_id, self._clock(), self._by)):
            self._resume(experiment, command)
            return
        self._registry.start_process(experiment.experiment_id, process_id)
        again = replace(experiment, process_id=process_id, state=ExperimentState.LAUNCHED)
        reason = command.reason or f"tried again by {command.by}"
        self._journal.write([replace(self._about(again, ExperimentState.LAUNCHED, reason), by=command.by)])
        self._resume(again, command)

    def _about(self, experiment: Experiment, state: ExperimentState, reason: str) -> StateChange:
        return StateChange(
            subject=Subject.EXPERIMENT,
            subject_id=experiment.experiment_id,
            experiment_id=experiment.experiment_id,
            state=state,
            at_us=self._clock(),
            by=self._by,
            name=experiment.name,
            reason=reason,
        )


def _outlives_jobs(experiment: Experiment, tasks: Sequence[Task]) -> bool:
    """Whether it is cancelled, or kept from its end by nothing but jobs that no task waits for."""
    if experiment.state in EXPERIMENT_ENDS or experiment.state is ExperimentState.CANCELING:
        return experiment.state in (ExperimentState.CANCELING, ExperimentState.CANCELED)
    return all(task.state in TASK_ENDS for task in tasks)


def _is_about_another(command: Command, experiment: Experiment) -> bool:
    """Whether the command means an earlier process of the experiment, and comes late."""
    return command.process_id not in ("", experiment.process_id)


__all__ = ["CONTROL_TOPIC", "Commands"]
