"""The event stream: what happens, as it happens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from airavata_workload.domain.change import Event


class EventBus(ABC):
    """Carries events to all who listen. Events inform; nothing depends on one being seen."""

    @abstractmethod
    def publish(self, events: Sequence[Event]) -> None:
        """Send events. Their ``sequence`` is given by the bus."""

    @abstractmethod
    def since(
        self, sequence: int, *, experiment_id: str | None = None, limit: int = 1000, wait_s: float = 0.0
    ) -> list[Event]:
        """Stored events after ``sequence``, waiting up to ``wait_s`` for the first; survives restarts of the reader."""

    @abstractmethod
    def latest(self) -> int:
        """The sequence of the newest event, 0 if there is none."""

    @abstractmethod
    def subscribe(self, listener: Callable[[Event], None], *, topics: Sequence[str]) -> Callable[[], None]:
        """Call ``listener`` for each new event of these topics, from whatever process; returns how to stop that.

        The listener must be quick and must not raise.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop."""
