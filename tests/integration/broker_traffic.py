"""Messages that go through a broker all the while, and what of them came and what was promised."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from airavata_adapters.task_queues.rabbitmq import RabbitTaskQueue
from airavata_workload.domain.errors import StoreUnavailableError
from airavata_workload.ports.task_queue import Delivery
from airavata_workload.testing.samples import unique
from airavata_workload.testing.task_queue_suite import messages, texts

PATIENCE_S = 40.0
PAUSE_S = 0.01
"""Between two messages of a publisher: the machine has other things to do."""


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
        """The consumers first."""
        for thread in (*self._threads[1], *self._threads[0]):
            thread.start()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Until it holds."""
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
