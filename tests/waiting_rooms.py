"""Rooms, tasks and slots for the tests of the waiting room."""

from __future__ import annotations

from airavata_workload.domain.message import SlotReleased, TaskAction, TaskMessage
from airavata_workload.scheduler.circuit import Circuit
from airavata_workload.scheduler.policy import Policy
from airavata_workload.scheduler.waiting_room import WaitingRoom


def task(name, *, resource="alpha", experiment="e1", gateway="g", user="ada", queue="", action="execute", **more):
    return TaskMessage(
        task_id=name,
        experiment_id=experiment,
        process_id="p",
        name=name,
        kind="command",
        resource=resource,
        gateway=gateway,
        parameters={},
        experiment={"user": user, "queue": queue, "compute_resource": resource},
        action=TaskAction(action),
        **{"attempt": 1, **more},
    )


WORKERS = {"command": frozenset({"worker-1"})}


class Room(WaitingRoom):
    """Tasks become ready at 0, unless the test says when."""

    def add(self, task, now_us=0):
        super().add(task, now_us)


def room(limit=2, **policy):
    return Room(Policy(host_limit=lambda _resource: limit, **policy), lambda: Circuit(1.0, 60.0))


def names(tasks):
    return [each.task_id for each in tasks]


def slot(name, *, attempt=1, unavailable=False, resource="alpha"):
    return SlotReleased(
        task_id=name, resource=resource, attempt=attempt, resource_unavailable=unavailable, reason="no route"
    )
