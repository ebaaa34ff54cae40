"""A second process for the tests of the embedded backing systems: run with a role, a home directory and arguments.

It says what it has done in lines on standard output and waits for a line on
standard input before it goes on.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from airavata_adapters.event_buses.embedded import open_event_bus
from airavata_adapters.graph_stores.embedded import open_graph_store
from airavata_adapters.recovery_nodes.embedded import open_recovery_nodes
from airavata_adapters.task_queues.embedded import open_task_queue
from airavata_workload.domain.identifiers import session_id
from airavata_workload.domain.states import TaskState
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.task_queue import Message
from airavata_workload.testing.samples import event, transition


def say(value: object) -> None:
    print(json.dumps(value), flush=True)


def wait_for_parent() -> None:
    sys.stdin.readline()


def hold(context: BackingContext, queue_name: str, limit: str, experiment_id: str) -> None:
    """Take messages and a node, and keep them until killed."""
    nodes = open_recovery_nodes(context)
    nodes.join("worker", {})
    nodes.create(experiment_id)
    deliveries = open_task_queue(context).consume([queue_name], int(limit), 10.0)
    say({"session": context.session, "taken": [delivery.body["n"] for delivery in deliveries]})
    wait_for_parent()


def claim(context: BackingContext, experiment_id: str, owner: str) -> None:
    """Claim every task of the experiment with four threads; say which claims won."""
    store = open_graph_store(context)
    tasks = store.tasks(experiment_id)
    say("ready")
    wait_for_parent()

    def claim_all(thread: int) -> list[str]:
        answers = [store.apply([transition(task, TaskState.EXECUTING, owner=f"{owner}/{thread}")])[0] for task in tasks]
        return [task.task_id for task, answer in zip(tasks, answers, strict=True) if answer.accepted]

    with ThreadPoolExecutor(4) as threads:
        say([won for result in threads.map(claim_all, range(4)) for won in result])


def commit(context: BackingContext, experiment_id: str) -> None:
    """Complete task after task and publish a message for each, until killed; say each once it is stored."""
    store, queue = open_graph_store(context), open_task_queue(context)
    for number, task in enumerate(store.tasks(experiment_id)):
        (claimed,) = store.apply([transition(task, TaskState.EXECUTING)])
        assert claimed.task is not None
        (done,) = store.apply([transition(claimed.task, TaskState.COMPLETED, outputs={"n": number})])
        queue.publish([Message(queue="done", body={"n": number})])
        say({"accepted": done.accepted, "n": number})


def publish(context: BackingContext, queue_name: str) -> None:
    """Publish a message and an event for each line that the parent sends."""
    queue, bus = open_task_queue(context), open_event_bus(context)
    say("ready")
    for line in sys.stdin:
        queue.publish([Message(queue=queue_name, body={"n": line.strip()})])
        bus.publish([event(body={"n": line.strip()})])


ROLES = {"hold": hold, "claim": claim, "commit": commit, "publish": publish}

if __name__ == "__main__":
    _program, role, home, *arguments = sys.argv
    ROLES[role](BackingContext(home=Path(home), session=session_id("child")), *arguments)
