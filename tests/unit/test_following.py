"""A worker alone goes on with the next task of an experiment in the same place; the test is everybody else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.change import Event
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import StoreUnavailableError
from airavata_workload.domain.message import (
    COMMAND_QUEUE,
    ORCHESTRATOR_QUEUE,
    SCHEDULER_QUEUE,
    AnyMessage,
    Command,
    CommandKind,
    OutcomeMessage,
    SlotsReleased,
    TaskMessage,
    Verdict,
    decode,
    task_queue,
)
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import LoadedDag, Task, Trigger
from airavata_workload.domain.transition import Applied, Transition
from airavata_workload.engine import Service
from airavata_workload.ports.task_queue import Message
from airavata_workload.settings import load_settings
from airavata_workload.testing.samples import loaded_dag

PATIENCE_S = 20.0
AN_HOUR_US = 3_600_000_000
LEAVE = PlaceReuse(until_us=now_us() + AN_HOUR_US, left=5, kinds=("command",))
CHAIN: Mapping[str, Sequence[str]] = {"a": (), "b": ("a",), "c": ("b",)}
PAIR: Mapping[str, Sequence[str]] = {"a": (), "b": ("a",)}
Words = Mapping[str, Sequence[str]]


class Site:
    """A worker with one slot that runs commands on this machine."""

    def __init__(self, home: Path) -> None:
        self.installation = Installation(load_settings(home=home), service="test")
        self.engine = self.installation.engine(service=Service.WORKER, kinds=["command"], slots=1, adopt_orphans=False)

        self._ended: bool | None = None

    def stop(self) -> bool:
        """The worker drains and ends, in time or not."""
        if self._ended is None:
            self._ended = self.engine.stop(PATIENCE_S)
        return self._ended

    def load(self, shape: Words, commands: Words | None = None, **different: Any) -> dict[str, Task]:
        """Store the tasks, each a command; those other than ``a`` are ``different``."""
        dag = loaded_dag(shape)
        tasks = []
        for task in dag.tasks:
            command = list((commands or {}).get(task.name, ("true",)))
            made = replace(task, resource="local", context={"parameters": {"command": command}, "experiment": {}})
            tasks.append(made if task.name == "a" else replace(made, **different))
        self.dag: LoadedDag = replace(dag, tasks=tuple(tasks))
        assert self.installation.graph.create_loaded(self.dag)
        return {task.name: task for task in tasks}

    def send(self, task: Task, reuse: PlaceReuse | None = LEAVE) -> None:
        """As the scheduler does."""
        message = replace(TaskMessage.of(task, task.context["parameters"]), reuse=reuse)
        self.installation.queue.publish([Message(queue=task_queue(task.kind), body=message.to_body())])

    def heard(self, queue: str) -> list[AnyMessage]:
        """The next messages in a queue."""
        deliveries = self.installation.queue.consume([queue], 10, PATIENCE_S)
        self.installation.queue.acknowledge(deliveries)
        return [decode(each.body) for each in deliveries]

    def outcome(self) -> OutcomeMessage:
        """The next one that the orchestrator is told."""
        (message,) = self.heard(ORCHESTRATOR_QUEUE)
        assert isinstance(message, OutcomeMessage)
        return message

    def sent_to(self, kind: str) -> list[TaskMessage]:
        """What other workers are told."""
        return [TaskMessage.from_body(each.body) for each in self.installation.queue.consume([task_queue(kind)], 10, 0)]

    def states(self) -> dict[str, TaskState]:
        """The tasks' states by name."""
        return {task.name: task.state for task in self.installation.graph.tasks(self.dag.experiment_id)}

    def handed_on(self) -> list[tuple[str, str]]:
        """Ids of tasks whose place has passed on, and of those that have it now, as far as it has been told."""
        deliveries = self.installation.queue.consume([SCHEDULER_QUEUE], 10, 0.0)
        messages = [SlotsReleased.from_body(each.body) for each in deliveries]
        return [(slot.task_id, slot.successor.task_id) for each in messages for slot in each.slots if slot.successor]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "home")
    with made.installation:
        made.engine.start()
        try:
            yield made
        finally:
            made.stop()


def test_the_tasks_after_it_run_in_its_place_and_only_the_last_outcome_is_told(site: Site) -> None:
    tasks = site.load(CHAIN)
    site.send(tasks["a"])
    last = site.outcome()
    assert (last.task_id, last.verdict) == (tasks["c"].task_id, Verdict.COMPLETED)
    assert site.states()["b"] is TaskState.COMPLETED
    ids = {name: task.task_id for name, task in tasks.items()}
    assert site.handed_on() == [(ids["a"], ids["b"]), (ids["b"], ids["c"])]
    assert not site.installation.queue.consume([ORCHESTRATOR_QUEUE, task_queue("command")], 10, 0.0)


def test_the_audit_trail_has_the_ends_and_starts_that_nobody_else_saw(site: Site) -> None:
    tasks = site.load(CHAIN)
    site.send(tasks["a"])
    site.outcome()
    assert site.stop(), "what is noted is written down before the worker ends"
    trail = site.installation.registry.audit_trail(site.dag.experiment_id)
    written = {(change.name, change.state): change.at_us for change in trail if change.subject == "task"}
    stored = {
        (task.name, line.state): line.at_us
        for task in site.installation.graph.tasks(site.dag.experiment_id)
        for line in task.history[1:]
    }
    del stored["c", TaskState.COMPLETED]  # that is for the orchestrator to write
    assert written == stored


def test_a_follower_gets_the_outputs_of_the_tasks_before_it(site: Site) -> None:
    said = "${tasks.a.outputs.stdout}"
    tasks = site.load(PAIR, {"a": ["echo", "-n", "a word"], "b": ["echo", "-n", said]})
    site.send(tasks["a"])
    assert site.outcome().outputs["stdout"] == "a word"


def test_a_task_whose_parameters_cannot_be_had_is_left_to_the_orchestrator(site: Site) -> None:
    tasks = site.load(PAIR, {"b": ["echo", "${tasks.a.outputs.nothing}"]})
    site.send(tasks["a"])
    assert site.outcome().task_id == tasks["a"].task_id
    assert site.states()["b"] is TaskState.CREATED


@pytest.mark.parametrize(
    ("reuse", "different"),
    [
        (None, {}),
        (replace(LEAVE, until_us=1), {}),
        (replace(LEAVE, left=0), {}),
        (replace(LEAVE, kinds=("env-setup",)), {}),
        (LEAVE, {"resource": "elsewhere"}),
        (LEAVE, {"not_before_us": now_us() + AN_HOUR_US}),
        (LEAVE, {"when": Trigger.FAILURE}),
    ],
    ids=["no leave", "time over", "used up", "no worker", "resource", "later", "not needed"],
)
def test_what_may_not_follow_is_left_to_the_orchestrator(
    site: Site, reuse: PlaceReuse | None, different: Mapping[str, Any]
) -> None:
    tasks = site.load(PAIR, **different)
    site.send(tasks["a"], reuse)
    assert site.outcome().task_id == tasks["a"].task_id
    assert site.states()["b"] is TaskState.CREATED
    assert not site.handed_on()


def test_a_task_of_a_kind_that_others_have_is_sent_to_them(site: Site) -> None:
    tasks = site.load(PAIR, kind="env-setup")
    site.send(tasks["a"], replace(LEAVE, kinds=("command", "env-setup")))
    deliveries = site.installation.queue.consume([SCHEDULER_QUEUE], 10, PATIENCE_S)
    (place,) = SlotsReleased.from_body(deliveries[0].body).slots
    assert place.successor is not None
    (sent,) = site.sent_to("env-setup")
    assert (sent.task_id, sent.parameters) == (tasks["b"].task_id, {"command": ["true"]})
    assert sent.reuse is not None
    assert sent.reuse.left == LEAVE.left - 1
    assert (place.task_id, place.successor) == (tasks["a"].task_id, replace(sent, parameters={}))
    assert site.states() == {"a": TaskState.COMPLETED, "b": TaskState.CREATED}
    assert site.stop(), "its slot is free, its message answered"
    assert not site.installation.queue.depths().get(ORCHESTRATOR_QUEUE)


def test_a_task_with_another_open_one_before_it_does_not_follow(site: Site) -> None:
    tasks = site.load({"a": (), "other": (), "b": ("a", "other")})
    site.send(tasks["a"])
    assert site.outcome().task_id == tasks["a"].task_id
    assert site.states()["b"] is TaskState.CREATED


def test_of_several_tasks_one_follows_and_the_orchestrator_hears_of_the_others(site: Site) -> None:
    tasks = site.load({"a": (), "b": ("a",), "c": ("a",)})
    site.send(tasks["a"])
    first, last = site.outcome(), site.outcome()
    assert [first.task_id, last.task_id] == [tasks["a"].task_id, tasks["b"].task_id]
    assert site.states()["c"] is TaskState.CREATED
    assert site.handed_on() == [(tasks["a"].task_id, tasks["b"].task_id)]


@contextmanager
def while_it_runs(site: Site, folder: Path, **different: Any) -> Iterator[dict[str, Task]]:
    """Task ``a`` of a pair runs until the end of the block."""
    gate = folder / "gate"
    os.mkfifo(gate)
    tasks = site.load(PAIR, {"a": ["cat", str(gate)]}, **different)
    site.send(tasks["a"])
    with gate.open("w"):  # opens when the command reads
        yield tasks


def test_nothing_follows_in_a_process_that_is_cancelled(site: Site, tmp_path: Path) -> None:
    told = threading.Event()
    unsubscribe = site.installation.bus.subscribe(lambda _: told.set(), topics=["control"])  # hears after the worker
    with while_it_runs(site, tmp_path) as tasks:
        body = {"request": "cancel", "process_id": site.dag.process_id}
        site.installation.bus.publish(
            [Event(topic="control", experiment_id=site.dag.experiment_id, body=body, at_us=now_us())]
        )
        assert told.wait(PATIENCE_S)
    unsubscribe()
    assert site.outcome().task_id == tasks["a"].task_id
    assert site.states()["b"] is TaskState.CREATED


def test_a_worker_that_drains_goes_on_with_nothing(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()
    wake = site.installation.queue.wake
    monkeypatch.setattr(site.installation.queue, "wake", lambda: (wake(), told.set()))
    draining = threading.Thread(target=site.stop)
    with while_it_runs(site, tmp_path) as tasks:
        draining.start()
        assert told.wait(PATIENCE_S), "it has been told to stop, and waits for what runs"
    draining.join(PATIENCE_S)
    assert site.outcome().task_id == tasks["a"].task_id
    assert site.states() == {"a": TaskState.EXECUTING, "b": TaskState.CREATED}, "the outcome is for the orchestrator"


# -- what may get lost ---------------------------------------------------------------------------
Apply = Callable[[Sequence[Transition]], list[Applied]]


def losing(apply: Apply, task_id: str, *, stored: bool) -> Apply:
    """Writes as ``apply`` does; the answer to the first claim of that task gets lost, or the claim itself."""
    left = [1]

    def applied(transitions: Sequence[Transition]) -> list[Applied]:
        claims = any(each.task_id == task_id and each.target is TaskState.EXECUTING for each in transitions)
        if not claims or not left:
            return apply(transitions)
        left.clear()
        if stored:
            apply(transitions)
        raise StoreUnavailableError("no answer")

    return applied


@pytest.mark.parametrize("stored", [True, False], ids=["answer lost", "claim lost"])
def test_a_follower_whose_claim_has_no_answer_is_not_left_to_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    tasks = site.load(PAIR)
    graph = site.installation.graph
    monkeypatch.setattr(graph, "apply", losing(graph.apply, tasks["b"].task_id, stored=stored))
    site.send(tasks["a"])
    assert site.outcome().task_id == tasks["a"].task_id
    if not stored:
        assert site.states()["b"] is TaskState.CREATED, "the orchestrator will find it ready"
        return
    given_back = site.outcome()
    assert (given_back.task_id, given_back.attempt, given_back.verdict) == (
        tasks["b"].task_id,
        1,
        Verdict.HANDED_BACK,
    )


def test_a_task_whose_claim_has_no_answer_runs_when_it_comes_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = site.load({"a": ()})
    graph = site.installation.graph
    monkeypatch.setattr(graph, "apply", losing(graph.apply, tasks["a"].task_id, stored=True))
    site.send(tasks["a"])
    told = site.outcome()
    assert told.task_id == tasks["a"].task_id
    assert told.verdict in (Verdict.COMPLETED, Verdict.HANDED_BACK), "whatever comes first: its message, or the look"


def test_who_gets_the_message_of_a_completed_attempt_has_its_experiment_resumed(site: Site) -> None:
    """Whoever completed it has died before anybody heard of that: the message has come back, and b waits."""
    tasks = site.load(PAIR)
    a = tasks["a"]
    step = Transition(
        task_id=a.task_id,
        experiment_id=a.experiment_id,
        attempt=1,
        expected=TaskState.CREATED,
        target=TaskState.EXECUTING,
        at_us=1,
        by="who died",
        owner="who died",
    )
    end = replace(step, expected=TaskState.EXECUTING, target=TaskState.COMPLETED, owner="")
    assert all(each.accepted for each in site.installation.graph.apply([step, end]))
    site.send(a)
    (command,) = site.heard(COMMAND_QUEUE)
    assert isinstance(command, Command)
    assert (command.kind, command.experiment_id) == (CommandKind.RESUME, a.experiment_id)
    (released,) = site.heard(SCHEDULER_QUEUE)
    assert isinstance(released, SlotsReleased)
    assert [(slot.task_id, slot.performed, slot.successor) for slot in released.slots] == [(a.task_id, False, None)]
