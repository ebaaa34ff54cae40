"""The circuit breaker of a resource: while a host is down, its tasks wait instead of failing.

Closed: tasks go. Open: none goes until a time that doubles with every failed
probe. Half-open: that time has come, one task goes as a probe; it closes the
circuit or opens it again.
"""

from __future__ import annotations

from airavata_workload.domain.clock import microseconds

FIRST_DELAY_S = 1.0
MAX_DELAY_S = 60.0


class Circuit:
    """One resource's breaker. Times are microseconds since the epoch."""

    def __init__(self, first_delay_s: float = FIRST_DELAY_S, max_delay_s: float = MAX_DELAY_S) -> None:
        self._first_delay_s = first_delay_s
        self._max_delay_s = max_delay_s
        self._failures = 0
        self._open_until_us = 0
        self._probing = False
        self.reason = ""

    @property
    def closed(self) -> bool:
        """Whether tasks may go without being a probe."""
        return self._failures == 0

    def admits(self, now_us: int) -> int | None:
        """How many tasks may go now: ``None`` for no limit by the circuit, 0 or 1 while it is not closed."""
        if self.closed:
            return None
        return 1 if now_us >= self._open_until_us and not self._probing else 0

    def next_probe_us(self) -> int | None:
        """When a probe may go; ``None`` if the circuit is closed or a probe is under way."""
        return None if self.closed or self._probing else self._open_until_us

    def probe_sent(self) -> None:
        """A task was let through although the circuit is not closed."""
        self._probing = not self.closed

    def unavailable(self, now_us: int, reason: str) -> None:
        """The resource did not answer."""
        if not self.closed and not self._probing and now_us < self._open_until_us:
            return  # tasks sent before it opened report one after the other; they say nothing new
        delay_s = min(self._max_delay_s, self._first_delay_s * 2**self._failures)
        self._failures = min(self._failures + 1, 30)
        self._open_until_us = now_us + microseconds(delay_s)
        self._probing = False
        self.reason = reason

    def answered(self) -> None:
        """The resource answered, whatever it said."""
        self._failures = 0
        self._probing = False
        self.reason = ""
