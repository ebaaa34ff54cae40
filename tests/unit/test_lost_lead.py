"""A leader that was stopped and goes on when another one leads keeps nothing that it takes then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from waiting_rooms import room

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import StoreUnavailableError
from airavata_workload.domain.message import MONITOR_QUEUE, SCHEDULER_QUEUE, HoldChanged
from airavata_workload.journal import Journal
from airavata_workload.leading import LeadingStage
from airavata_workload.monitor.monitor import Monitor
from airavata_workload.partition import Partition
from airavata_workload.ports.task_queue import Delivery, Message
from airavata_workload.scheduler.scheduler import Scheduler
from airavata_workload.settings import load_settings


class LosesLead:
    """Recovery nodes whose session leads until it is said to have lost that."""

    def __init__(self, nodes: Any) -> None:
        self._nodes = nodes
        self.answer: bool | Exception = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._nodes, name)

    def lead(self, role: str) -> bool:
        """As it was said."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class StopsAfterTaking:
    """A queue whose consumer is stopped as soon as it has something, until its lead is lost."""

    def __init__(self, queue: Any, nodes: LosesLead, answer: bool | Exception) -> None:
        self._queue = queue
        self._nodes = nodes
        self._answer = answer
        self.acknowledged: list[Delivery] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    def consume(self, queues: Sequence[str], limit: int, wait_s: float) -> list[Delivery]:
        """What there is."""
        deliveries: list[Delivery] = self._queue.consume(queues, limit, wait_s)
        if deliveries:
            self._nodes.answer = self._answer
        return deliveries

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Noted."""
        self.acknowledged += deliveries
        self._queue.acknowledge(deliveries)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(load_settings(home=tmp_path / "home"), service="test") as opened:
        yield opened


def scheduler(installation: Installation, nodes: Any, queue: Any) -> LeadingStage:
    """A scheduler over these."""
    return Scheduler(
        nodes=nodes,
        partition=Partition("", nodes),
        queue=queue,
        graph=installation.graph,
        registry=installation.registry,
        new_room=room,
        clock=installation.clock,
    )


def monitor(installation: Installation, nodes: Any, queue: Any) -> LeadingStage:
    """A monitor over these."""
    return Monitor(
        nodes=nodes,
        partition=Partition("", nodes),
        queue=queue,
        graph=installation.graph,
        registry=installation.registry,
        journal=Journal(installation.registry, installation.bus),
        resources=installation.resources,
        clock=installation.clock,
    )


@pytest.mark.parametrize("answer", [False, StoreUnavailableError("the session is in doubt")], ids=["lost", "in doubt"])
@pytest.mark.parametrize(("make", "name"), [(scheduler, SCHEDULER_QUEUE), (monitor, MONITOR_QUEUE)])
def test_what_was_taken_when_another_one_led_is_handed_back(
    installation: Installation, make: Any, name: str, answer: bool | Exception
) -> None:
    nodes = LosesLead(installation.nodes)
    queue = StopsAfterTaking(installation.queue, nodes, answer)
    stage = make(installation, nodes, queue)
    body = HoldChanged(experiment_id="e").to_body()
    installation.queue.publish([Message(queue=name, body=body)])
    stage.start()
    try:
        # The loop hands it back, and this instance, which does not lead, takes it no more.
        again = _redelivered(installation, name)
    finally:
        stage.stop()
        assert stage.join(20.0)
    assert again.body == body
    assert not queue.acknowledged
    assert not installation.queue.dead_letters()


def _redelivered(installation: Installation, name: str) -> Delivery:
    for _ in range(20):
        for delivery in installation.queue.consume([name], 1, 1.0):
            if delivery.redelivered:
                return delivery
            installation.queue.hand_back([delivery])
    raise AssertionError("it has not come back")
