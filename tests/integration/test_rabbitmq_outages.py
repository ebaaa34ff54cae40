"""The task queue while its broker is stopped, killed and started again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from services.servers import Servers

from airavata_adapters.task_queues.rabbitmq import RabbitTaskQueue, open_task_queue
from airavata_workload.domain.errors import StoreUnavailableError
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.task_queue import Delivery
from airavata_workload.testing.samples import unique
from airavata_workload.testing.task_queue_suite import messages, texts

pytestmark = pytest.mark.server

PATIENCE_S = 40.0
PAUSE_S = 0.01
"""Between two messages of a publisher: the machine has other things to do."""
REGISTERED_S = 1.0
"""RabbitMQ 3.10 forgets a quorum queue, with what is in it, that was made less than half a second before it is killed:
its register of them reaches the disk that late. Source: ra 2.2.0, ``ra_directory:init``, ``auto_save``; tried."""


@pytest.fixture(scope="module")
def url(services: Servers) -> str:
    services.start("rabbitmq")
    return services.env("rabbitmq")["AMQP_URL"]


class Traffic:
    """Publishers and consumers, each with connections of its own, and what they know."""

    def __init__(self, open_queue: Callable[[], RabbitTaskQueue]) -> None:
        self.names = [unique("queue") for _ in range(2)]
        self.confirmed: set[str] = set()
        self.received: set[str] = set()
        self.failures = 0
        self._open_queue = open_queue
        self._stop = [threading.Event(), threading.Event()]
        self._threads = [
            [threading.Thread(target=self._publish, args=(name,)) for name in self.names],
            [threading.Thread(target=self._consume) for _ in range(2)],
        ]
        self._change = threading.Condition()

    def start(self) -> None:
        for thread in (*self._threads[1], *self._threads[0]):
            thread.start()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._change:
            assert self._change.wait_for(condition, PATIENCE_S), (len(self.confirmed), len(self.received))

    def stop(self) -> None:
        """The publishers first, then, once they have all that was confirmed, the consumers."""
        for place, condition in enumerate((lambda: True, lambda: self.confirmed <= self.received)):
            try:
                self.wait_for(condition)
            finally:
                self._stop[place].set()
            for thread in self._threads[place]:
                thread.join(PATIENCE_S)
                assert not thread.is_alive()

    def _publish(self, name: str) -> None:
        with closing(self._open_queue()) as queue:
            number = 0
            while not self._stop[0].wait(PAUSE_S):
                value = f"{name} {number}"
                try:
                    queue.publish(messages(name, value))
                except StoreUnavailableError:
                    self._note(lambda: None, failures=1)
                else:
                    self._note(lambda value=value: self.confirmed.add(value))  # type: ignore[misc]
                    number += 1

    def _consume(self) -> None:
        with closing(self._open_queue()) as queue:
            while not self._stop[1].is_set():
                try:
                    deliveries = queue.consume(self.names, 5, 0.5)
                    queue.acknowledge(deliveries)
                except StoreUnavailableError:
                    self._note(lambda: None, failures=1)
                else:
                    self._received(deliveries)

    def _received(self, deliveries: Sequence[Delivery]) -> None:
        values = {str(value) for value in texts(list(deliveries))}
        self._note(lambda: self.received.update(values))

    def _note(self, change: Callable[[], Any], failures: int = 0) -> None:
        with self._change:
            change()
            self.failures += failures
            self._change.notify_all()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "stop"])
def test_nothing_that_was_confirmed_is_lost(services: Servers, url: str, tmp_path: Path, how: str) -> None:
    options = {"urls": [url], "prefix": unique("test")}

    def open_queue() -> RabbitTaskQueue:
        return open_task_queue(BackingContext(home=tmp_path, session=session_id("engine"), options=options))

    with closing(open_queue()) as held_queue:
        held_queue.publish(messages("held", 1))
        stale = held_queue.consume(["held"], 1, PATIENCE_S)
        traffic = Traffic(open_queue)
        traffic.start()
        try:
            made = time.monotonic()
            traffic.wait_for(lambda: len(traffic.received) > 50 and time.monotonic() - made > REGISTERED_S)
            getattr(services, how)("rabbitmq")
            traffic.wait_for(lambda: traffic.failures > 0)
            services.start("rabbitmq")
            before = len(traffic.confirmed)
            traffic.wait_for(lambda: len(traffic.confirmed) > before + 50)
        finally:
            traffic.stop()
        assert traffic.confirmed <= traffic.received
        held_queue.acknowledge(stale)
        (again,) = held_queue.consume(["held"], 1, PATIENCE_S)
        assert (again.body, again.redelivered) == ({"n": 1}, True)
        held_queue.acknowledge(stale)
        assert held_queue.dead_letters() == []
        assert held_queue.depths().keys() <= set(traffic.names), "stored, but the connection broke before the answer"
        held_queue.hand_back([again])
        assert texts(held_queue.consume(["held"], 1, PATIENCE_S)) == [1]
