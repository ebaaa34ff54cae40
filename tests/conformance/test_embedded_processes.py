"""Several processes on one home directory, some of which are killed."""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airavata_adapters.event_buses.embedded import open_event_bus
from airavata_adapters.graph_stores.embedded import open_graph_store
from airavata_adapters.recovery_nodes.embedded import open_recovery_nodes
from airavata_adapters.task_queues.embedded import open_task_queue
from airavata_workload.domain.change import Event
from airavata_workload.domain.states import TaskState
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.task_queue import Message
from airavata_workload.testing.samples import loaded_dag, transition

CHILD = Path(__file__).with_name("embedded_child.py")
LIMIT_S = 30.0
NEVER_S = 600.0
"""How long those wait who are to be woken: much longer than the test does."""


class Child:
    """A process that runs a role of ``embedded_child.py``."""

    def __init__(self, role: str, home: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), role, str(home), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def hear(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def tell(self, text: str = "") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")

    def kill(self) -> list[Any]:
        """Kill it; what it had said by then and nobody had read."""
        self.process.send_signal(signal.SIGKILL)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        # From the stream that ``hear`` reads: it may have lines in its buffer.
        rest = self.process.stdout.read()
        self.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(LIMIT_S)
        # The last line may be cut off by the kill.
        return [json.loads(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]


StartChild = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartChild]:
    children: list[Child] = []

    def start_one(role: str, *arguments: str) -> Child:
        children.append(Child(role, tmp_path, *arguments))
        return children[-1]

    yield start_one
    for child in children:
        if child.process.poll() is None:
            child.kill()


@pytest.fixture
def context(tmp_path: Path) -> BackingContext:
    return BackingContext(home=tmp_path, session="parent")


def test_what_a_killed_process_held_becomes_available(context: BackingContext, start: StartChild) -> None:
    messages, nodes = open_task_queue(context), open_recovery_nodes(context)
    messages.publish([Message(queue="work", body={"n": number}) for number in range(3)])
    child = start("hold", "work", "2", "experiment-1")
    held = child.hear()
    assert held["taken"] == [0, 1]
    assert held["session"] in {member.session for member in nodes.members()}
    assert not nodes.claim("experiment-1")
    (waiting,) = messages.consume(["work"], 10, LIMIT_S)
    assert (waiting.body, waiting.redelivered) == ({"n": 2}, False)

    with ThreadPoolExecutor(1) as threads:
        taken_over = threads.submit(messages.consume, ["work"], 10, LIMIT_S)
        child.kill()
        freed = taken_over.result(LIMIT_S)
    assert [(one.body["n"], one.redelivered) for one in freed] == [(0, True), (1, True)]
    assert held["session"] not in {member.session for member in nodes.members()}
    assert [(node.owner, node.owner_alive) for node in nodes.nodes()] == [(held["session"], False)]
    assert nodes.claim("experiment-1")
    assert [(node.owner, node.owner_alive) for node in nodes.nodes()] == [("parent", True)]
    messages.close()
    nodes.close()


def test_of_claims_from_two_processes_exactly_one_wins(context: BackingContext, start: StartChild) -> None:
    store = open_graph_store(context)
    dag = loaded_dag({f"task {number}": () for number in range(25)})
    store.create_loaded(dag)
    children = [start("claim", dag.experiment_id, name) for name in ("one", "two")]
    for child in children:
        assert child.hear() == "ready"
    for child in children:
        child.tell()
    won = [task_id for child in children for task_id in child.hear()]
    assert sorted(won) == sorted(task.task_id for task in dag.tasks)
    for task in store.tasks(dag.experiment_id):
        assert [line.state for line in task.history] == [TaskState.CREATED, TaskState.EXECUTING]
    store.close()


@pytest.mark.parametrize("reports", [1, 7, 40])
def test_what_was_reported_stored_is_there_after_a_kill(
    context: BackingContext, start: StartChild, reports: int
) -> None:
    store = open_graph_store(context)
    dag = loaded_dag({f"task {number}": () for number in range(2000)})
    store.create_loaded(dag)
    store.close()
    child = start("commit", dag.experiment_id)
    said = [child.hear() for _ in range(reports)]
    said += child.kill()
    assert all(one["accepted"] for one in said)

    store, messages = open_graph_store(context), open_task_queue(context)
    tasks = store.tasks(dag.experiment_id)
    for one in said:
        assert tasks[one["n"]].state is TaskState.COMPLETED
        assert tasks[one["n"]].outputs == {"n": one["n"]}
    published = messages.depths()["done"]
    assert len(said) <= published <= len(said) + 1
    assert sum(task.state is TaskState.COMPLETED for task in tasks) in (published, published + 1)
    # Counters and states were changed together, so ending one more task finds them in agreement.
    (claimed,) = store.apply([transition(tasks[-1], TaskState.EXECUTING)])
    open_tasks = sum(task.state in (TaskState.CREATED, TaskState.EXECUTING) for task in tasks)
    assert claimed.open_tasks == open_tasks
    store.close()
    messages.close()


def test_what_another_process_publishes_wakes_who_waits(context: BackingContext, start: StartChild) -> None:
    messages, bus = open_task_queue(context), open_event_bus(context)
    heard: queue.Queue[Event] = queue.Queue()
    bus.subscribe(heard.put, topics=["state"])
    child = start("publish", "work")
    assert child.hear() == "ready"
    newest = bus.latest()
    with ThreadPoolExecutor(2) as threads:
        delivery = threads.submit(messages.consume, ["work"], 1, NEVER_S)
        # Nothing but the news of another process's commit ends this before its time.
        events = threads.submit(bus.since, newest, wait_s=NEVER_S)
        child.tell("hello")
        assert [one.body for one in delivery.result(LIMIT_S)] == [{"n": "hello"}]
        assert [one.body for one in events.result(LIMIT_S)] == [{"n": "hello"}]
    assert heard.get(timeout=LIMIT_S).body == {"n": "hello"}
    messages.close()
    bus.close()
