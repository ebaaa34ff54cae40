"""A scheduler that leads; the test is everybody else."""

from __future__ import annotations

from collections.abc import Mapping

from waiting_rooms import WORKERS, room

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.clock import Clock, now_us, steady_us
from airavata_workload.domain.message import SCHEDULER_QUEUE, HoldChanged, SlotsReleased, TaskMessage, task_queue
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.partition import Partition
from airavata_workload.ports.task_queue import Message
from airavata_workload.scheduler.scheduler import Scheduler


class Served(Partition):
    """A partition in which there is always a worker."""

    def workers(self) -> Mapping[str, frozenset[str]]:
        return WORKERS


class PlayedScheduler:
    """Two tasks of kind ``command`` run on a resource at once."""

    def __init__(self, installation: Installation, steady: Clock = steady_us) -> None:
        self._queue = installation.queue
        self._scheduler = Scheduler(
            nodes=installation.nodes,
            partition=Served("", installation.nodes),
            queue=installation.queue,
            graph=installation.graph,
            registry=installation.registry,
            new_room=room,
            clock=now_us,
            steady=steady,
        )
        assert installation.nodes.lead(Scheduler.name)

    def dispatched(self, *messages: TaskMessage | SlotsReleased | HoldChanged) -> dict[str, PlaceReuse | None]:
        """What goes to the workers when these have come: the tasks' names, each with its leave to be followed."""
        self._queue.publish([Message(queue=SCHEDULER_QUEUE, body=each.to_body()) for each in messages])
        self._scheduler.work()
        deliveries = self._queue.consume([task_queue("command")], 10, 0.0)
        self._queue.acknowledge(deliveries)
        return {each.body["name"]: TaskMessage.from_body(each.body).reuse for each in deliveries}
