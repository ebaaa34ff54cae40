"""The loop that every stage runs in: one thread that survives whatever a round does."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.message import AnyMessage, decode
from airavata_workload.ports.task_queue import Delivery, TaskQueue

log = structlog.get_logger("airavata_workload")

FIRST_BACK_OFF_S = 0.2
MAX_BACK_OFF_S = 10.0
STUCK_AFTER_S = 120.0
"""A round that lasts longer than this is taken to be stuck: every wait in it has a shorter limit."""


class Stage(ABC):
    """A stage of the engine: ``round`` is called again and again until ``stop``."""

    name: str

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._owed: list[tuple[TaskQueue, Sequence[Delivery]]] = []
        self._round_began_s = time.monotonic()
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why the last round failed; '' if it did not."""
        return self._trouble

    @property
    def alive(self) -> bool:
        """Whether the stage's thread runs, and its present round does not last too long."""
        running = self._thread is not None and self._thread.is_alive()
        return running and time.monotonic() - self._round_began_s < STUCK_AFTER_S

    @abstractmethod
    def round(self) -> None:
        """One round of work; returns after a second at most when there is none."""

    def start(self) -> None:
        """Start the stage's thread."""
        self._thread = threading.Thread(target=self._loop, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the stage to end; ``join`` waits for that."""
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of the present round. False if it takes longer."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        back_off_s = FIRST_BACK_OFF_S
        while not self._stopping.is_set():
            self._round_began_s = time.monotonic()
            try:
                self._hand_back()
                self.round()
                back_off_s = FIRST_BACK_OFF_S
                self._trouble = ""
            except UnavailableError as error:
                self._trouble = str(error)
                log.warning("waiting for a backing system", stage=self.name, error=str(error), retry_in_s=back_off_s)
                self._stopping.wait(back_off_s)
                back_off_s = min(MAX_BACK_OFF_S, back_off_s * 2)
            except Exception as error:
                # A fault of ours: the stage must not die of it, and the log must show it.
                self._trouble = f"{type(error).__name__}: {error}"
                log.exception("a round failed", stage=self.name, retry_in_s=back_off_s)
                self._stopping.wait(back_off_s)
                back_off_s = min(MAX_BACK_OFF_S, back_off_s * 2)

    @contextmanager
    def dealing_with(self, queue: TaskQueue, deliveries: Sequence[Delivery]) -> Iterator[None]:
        """Around the work on deliveries: if a backing system stops answering, they are handed back and come again.

        Without that they would stay with this process, which lives, and nobody would ever see them.
        """
        try:
            yield
        except UnavailableError:
            if deliveries:
                # Not here: the queue may be what does not answer.
                self._owed.append((queue, deliveries))
            raise

    def _hand_back(self) -> None:
        while self._owed:
            queue, deliveries = self._owed[-1]
            queue.hand_back(deliveries)
            self._owed.pop()


def decoded(queue: TaskQueue, deliveries: Sequence[Delivery]) -> list[tuple[Delivery, AnyMessage]]:
    """The messages in the deliveries; one that cannot be decoded is set aside with the reason."""
    result = []
    for delivery in deliveries:
        try:
            result.append((delivery, decode(delivery.body)))
        except ValueError as error:
            log.error("a message was set aside", queue=delivery.queue, reason=str(error))
            queue.dead_letter(delivery, str(error))
    return result


def each_or_set_aside(
    queue: TaskQueue,
    items: Sequence[tuple[Delivery, AnyMessage]],
    handle: Callable[[AnyMessage], None],
) -> list[Delivery]:
    """Handle each message by itself; one that the engine cannot digest goes to the dead letters, not round and round.

    Returns the deliveries that were handled and are to be acknowledged.
    """
    handled = []
    for delivery, message in items:
        try:
            handle(message)
            handled.append(delivery)
        except UnavailableError:
            raise
        except Exception as error:
            log.exception("a message was set aside", queue=delivery.queue)
            queue.dead_letter(delivery, f"{type(error).__name__}: {error}")
    return handled
