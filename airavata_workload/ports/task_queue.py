"""How messages get from one stage to the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A body (JSON) for a queue. Larger ``priority`` first; equal ones in the order of publishing."""

    queue: str
    body: Mapping[str, Any]
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that was handed out and is not yet acknowledged. ``tag`` means something to the adapter only."""

    queue: str
    body: Mapping[str, Any]
    tag: Any
    redelivered: bool = False


class TaskQueue(ABC):
    """Delivers each message at least once. Whoever receives twice finds out by compare-and-set."""

    @abstractmethod
    def publish(self, messages: Sequence[Message], *, durable: bool = True) -> None:
        """Hand the messages over; they are safe when this returns.

        Without ``durable`` a loss of power may undo it until the next write of
        this process that is durable. For messages that recovery makes anew
        from the graph store, as it does when a process is killed before it
        publishes.
        """

    @abstractmethod
    def consume(self, queues: Sequence[str], limit: int, wait_s: float) -> list[Delivery]:
        """Up to ``limit`` messages, most urgent first; waits up to ``wait_s`` for the first one.

        Returns an empty list after that time or when ``wake`` or ``close`` is called.
        """

    @abstractmethod
    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """The messages are dealt with. Acknowledging twice is not an error; a crash may undo it."""

    @abstractmethod
    def hand_back(self, deliveries: Sequence[Delivery]) -> None:
        """Return the messages unprocessed; they are delivered again, marked so."""

    @abstractmethod
    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """Set a message aside that cannot be processed, with the reason."""

    @abstractmethod
    def depths(self) -> dict[str, int]:
        """How many messages wait in each queue that has any."""

    @abstractmethod
    def dead_letters(self) -> list[tuple[str, Mapping[str, Any], str]]:
        """Queue, body and reason of what was set aside."""

    @abstractmethod
    def wake(self) -> None:
        """Make every waiting ``consume`` of this process return at once."""

    @abstractmethod
    def close(self) -> None:
        """Hand back what is not acknowledged and stop."""
