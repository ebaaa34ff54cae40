"""An orchestrator alone, over embedded stores; a test plays its scheduler and its worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from airavata_workload.api.workload import Workload
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import (
    COMMAND_QUEUE,
    ORCHESTRATOR_QUEUE,
    SCHEDULER_QUEUE,
    Command,
    CommandKind,
    HoldChanged,
    OutcomeMessage,
    SlotsReleased,
    TaskAction,
    TaskMessage,
    Verdict,
    decode,
)
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.states import ExperimentState
from airavata_workload.domain.transition import claim_of
from airavata_workload.engine import Engine
from airavata_workload.ports.task_queue import Message
from airavata_workload.settings import load_settings

WORKER = "a worker"
PATIENCE_S = 20.0
_Attempt = tuple[str, int, TaskAction]
RETRY = RetryPolicy(attempts=2, first_delay_s=0.0)
JOB = Job(job_id="7", job_name="j7", cluster="local", working_directory="/tmp/j7")


class Played:
    """An orchestrator alone; the test is its scheduler and its worker."""

    def __init__(self, home: Path, dag: AbstractDag | None, prepare: Callable[[Installation], None]) -> None:
        self._home = home
        self._running = ExitStack()
        self._told: list[TaskMessage] = []
        self._looks = 0
        self._reported: Counter[_Attempt] = Counter()
        self._released: Counter[_Attempt] = Counter()
        self._installation = self._start()
        self._installation.load_missing_dags()
        dag = dag or self._installation.graph.abstract("hpc-batch")
        nodes = tuple(replace(node, retry=RETRY) for node in dag.nodes)
        self._installation.graph.save_abstract(replace(dag, nodes=nodes))
        prepare(self._installation)
        experiment = Experiment(
            experiment_id="",
            name="late",
            application_type=dag.application_type,
            application=Application(name="sleep", commands=(("sleep", "300"),)),
            compute_resource="local",
            user="",
        )
        self.experiment_id = self._installation.workload().submit([experiment])[0].experiment_id

    def _start(self) -> Installation:
        installation = self._running.enter_context(Installation(load_settings(home=self._home), service="test"))
        engine = installation.engine(service="orchestrator", adopt_orphans=False)
        engine.start()
        self._running.callback(_stop, engine)
        return installation

    def stop(self) -> None:
        """The orchestrator ends."""
        self._running.close()

    def restart(self) -> None:
        """Another orchestrator comes in place of this one, and resumes the experiment from what is stored."""
        self.stop()
        self._told.clear()
        self._installation = self._start()
        self.command(CommandKind.RESUME)

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
        for message in (decode(one.body) for one in deliveries):
            if isinstance(message, TaskMessage):
                self._told.append(message)
            elif isinstance(message, HoldChanged):
                self._looks += 1
            elif isinstance(message, SlotsReleased):
                self._released.update((slot.task_id, slot.attempt, slot.action) for slot in message.slots)
        self._installation.queue.acknowledge(deliveries)
        return bool(deliveries)

    def untold(self, name: str, action: TaskAction) -> bool:
        """Whether nobody has asked for that of the task, as far as messages have come."""
        self._listen(0.0)
        return all((message.name, message.action) != (name, action) for message in self._told)

    def waiting(self, name: str) -> list[TaskMessage]:
        """Messages about the task that have been heard and not asked for."""
        return [message for message in self._told if message.name == name]

    def claim(self, task: TaskMessage) -> None:
        """As a worker does before it runs a task."""
        assert self._installation.graph.apply([claim_of(task, WORKER, 1)])[0].accepted

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
        self._reported[task.task_id, task.attempt, task.action] += 1
        self._installation.queue.publish([Message(queue=ORCHESTRATOR_QUEUE, body=outcome.to_body())])

    def settle(self, task: TaskMessage) -> None:
        """Wait until all that follows from its outcomes is stored and written down."""
        attempt = (task.task_id, task.attempt, task.action)
        while self._released[attempt] < self._reported[attempt]:
            assert self._listen(PATIENCE_S), f"nobody has dealt with the outcome of {task.name}"
        # What has been told may still be written down; an orchestrator that ends does not leave that behind.
        self.stop()
        self._installation = self._start()

    def complete_up_to(self, name: str) -> TaskMessage:
        """Complete tasks until that one has begun."""
        for before in ("set-up", "stage-in", "submit", "monitor"):
            task = self.told(before, TaskAction.EXECUTE)
            self.claim(task)
            if before == name:
                return task
            self.report(task, Verdict.COMPLETED, outputs={"job": JOB.to_json()} if before == "submit" else {})
        raise AssertionError(name)

    @property
    def installation(self) -> Installation:
        """The stores, as the orchestrator has them."""
        return self._installation

    @property
    def workload(self) -> Workload:
        """What a client asks."""
        return self._installation.workload()

    def commands_are_done(self) -> None:
        """Wait until all commands before this have been carried out."""
        self.command(CommandKind.HOLD)
        self._looks -= 1
        while self._looks < 0:
            assert self._listen(PATIENCE_S), "nobody carries out commands"

    def command(self, kind: CommandKind, process_id: str = "") -> None:
        """A command, as clients and recovery give it."""
        command = Command(kind=kind, experiment_id=self.experiment_id, by="ada", process_id=process_id)
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
def orchestrating(
    home: Path, dag: AbstractDag | None = None, *, prepare: Callable[[Installation], None] = lambda _: None
) -> Iterator[Played]:
    """An experiment, each task of which is tried twice, submitted to an orchestrator that runs.

    It follows ``dag``, by default that of one batch job. Before it is submitted ``prepare`` is called.
    """
    played = Played(home, dag, prepare)
    try:
        yield played
    finally:
        played.stop()


def _stop(engine: Engine) -> None:
    assert engine.stop(10.0)
