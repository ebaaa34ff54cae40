"""An orchestrator alone, over embedded stores; a test plays its scheduler and its worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import (
    COMMAND_QUEUE,
    ORCHESTRATOR_QUEUE,
    SCHEDULER_QUEUE,
    Command,
    CommandKind,
    OutcomeMessage,
    TaskAction,
    TaskMessage,
    Verdict,
    decode,
)
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.states import ExperimentState, TaskState
from airavata_workload.domain.transition import Transition
from airavata_workload.ports.task_queue import Message
from airavata_workload.settings import load_settings

WORKER = "a worker"
PATIENCE_S = 20.0
JOB = Job(job_id="7", job_name="j7", cluster="local", working_directory="/tmp/j7")


class Played:
    """An orchestrator alone; the test is its scheduler and its worker."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._told: list[TaskMessage] = []
        experiment = Experiment(
            experiment_id="",
            name="late",
            application_type="hpc-batch",
            application=Application(name="sleep", commands=(("sleep", "300"),)),
            compute_resource="local",
            user="",
        )
        self.experiment_id = installation.workload().submit([experiment])[0].experiment_id

    def told(self, name: str, action: TaskAction) -> TaskMessage:
        """The next message about the task that asks for that."""
        while True:
            for message in self._told:
                if (message.name, message.action) == (name, action):
                    self._told.remove(message)
                    return message
            assert self._listen(PATIENCE_S), f"nobody asks to {action} {name}"

    def _listen(self, wait_s: float) -> bool:
        deliveries = self._installation.queue.consume([SCHEDULER_QUEUE], 100, wait_s)
        self._told += [each for each in (decode(one.body) for one in deliveries) if isinstance(each, TaskMessage)]
        self._installation.queue.acknowledge(deliveries)
        return bool(deliveries)

    def waiting(self, name: str) -> list[TaskMessage]:
        """Messages about the task that have been heard and not asked for."""
        return [message for message in self._told if message.name == name]

    def claim(self, task: TaskMessage) -> None:
        """As a worker does before it runs a task."""
        claim = Transition(
            task_id=task.task_id,
            experiment_id=task.experiment_id,
            attempt=task.attempt,
            expected=TaskState.CREATED,
            target=TaskState.EXECUTING,
            at_us=1,
            by=WORKER,
            owner=WORKER,
        )
        assert self._installation.graph.apply([claim])[0].accepted

    def report(self, task: TaskMessage, verdict: Verdict, **values: object) -> None:
        """The outcome of an attempt."""
        outcome = OutcomeMessage(
            task_id=task.task_id,
            experiment_id=task.experiment_id,
            attempt=task.attempt,
            verdict=verdict,
            at_us=2,
            by=WORKER,
            resource=task.resource,
            action=task.action,
            **values,  # type: ignore[arg-type]
        )
        self._installation.queue.publish([Message(queue=ORCHESTRATOR_QUEUE, body=outcome.to_body())])

    def complete_up_to(self, name: str) -> TaskMessage:
        """Complete tasks until that one has begun."""
        for before in ("set-up", "stage-in", "submit", "monitor"):
            task = self.told(before, TaskAction.EXECUTE)
            self.claim(task)
            if before == name:
                return task
            self.report(task, Verdict.COMPLETED, outputs={"job": JOB.to_json()} if before == "submit" else {})
        raise AssertionError(name)

    def command(self, kind: CommandKind) -> None:
        """A command, as clients and recovery give it."""
        command = Command(kind=kind, experiment_id=self.experiment_id, by="ada")
        self._installation.queue.publish([Message(queue=COMMAND_QUEUE, body=command.to_body())])

    def cancel(self) -> None:
        """Cancel, and wait until that is written."""
        self.command(CommandKind.CANCEL)
        self.until(lambda: self.state() is ExperimentState.CANCELING)

    def state(self) -> ExperimentState:
        """The experiment's."""
        return self._installation.registry.experiment(self.experiment_id).state

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait for it, by the events."""
        sequence = 0
        while not reached():
            events = self._installation.bus.since(sequence, wait_s=PATIENCE_S)
            assert events, "it has not come to that in time"
            sequence = events[-1].sequence


@contextmanager
def orchestrating(home: Path) -> Iterator[Played]:
    """An experiment of one batch job, each task of which is tried twice, submitted to an orchestrator that runs."""
    with Installation(load_settings(home=home), service="test") as installation:
        installation.load_missing_dags()
        dag = installation.graph.abstract("hpc-batch")
        retry = RetryPolicy(attempts=2, first_delay_s=0.0)
        installation.graph.save_abstract(replace(dag, nodes=tuple(replace(node, retry=retry) for node in dag.nodes)))
        engine = installation.engine(service="orchestrator", adopt_orphans=False)
        engine.start()
        yield Played(installation)
        assert engine.stop(10.0)
