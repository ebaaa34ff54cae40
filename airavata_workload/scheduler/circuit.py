"""The circuit breaker of a resource: while a host is down, its tasks wait instead of failing.

Closed: tasks go. Open: none goes until a time that doubles with every failed
probe. Half-open: that time has come, one task goes as a probe; it closes the
circuit or opens it again, and one that is never heard of again is followed by
another.
"""

from __future__ import annotations

from typing import Any

from airavata_workload.domain.clock import microseconds

FIRST_DELAY_S = 1.0
MAX_DELAY_S = 60.0
PROBE_TIME_S = 600.0
"""A probe of which nothing was heard for so long is taken to be lost with its worker, and another one goes."""


class Circuit:
    """One resource's breaker. Times are microseconds of a clock that does not jump."""

    def __init__(self, first_delay_s: float = FIRST_DELAY_S, max_delay_s: float = MAX_DELAY_S) -> None:
        self._first_delay_s = first_delay_s
        self._max_delay_s = max_delay_s
        self._failures = 0
        self._open_until_us = 0
        self._probing = False
        self._probe_lost_us = 0
        self.reason = ""

    @property
    def closed(self) -> bool:
        """Whether tasks may go without being a probe."""
        return self._failures == 0

    def admits(self, now_us: int) -> int | None:
        """How many tasks may go now: ``None`` for no limit by the circuit, 0 or 1 while it is not closed."""
        if self.closed:
            return None
        return 1 if now_us >= self._next_us() else 0

    def _next_us(self) -> int:
        return self._probe_lost_us if self._probing else self._open_until_us

    def next_probe_us(self) -> int | None:
        """When the next probe may go; ``None`` if the circuit is closed."""
        return None if self.closed else self._next_us()

    def sent(self, now_us: int) -> bool:
        """A task was let through. Whether it is a probe."""
        if self.closed:
            return False
        self._probing = True
        self._probe_lost_us = now_us + microseconds(PROBE_TIME_S)
        return True

    def probe_withdrawn(self) -> None:
        """The task that was let through did not get as far as the resource: the next one may probe."""
        self._probing = False

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

    def state(self, now_us: int, ahead_us: int = 0) -> dict[str, Any]:
        """How it is, as a JSON object.

        ``state`` is closed, open or half-open; ``until_us`` is when the next
        probe may go, by a clock that is so far ahead, ``failures`` how often in a row the resource did not answer.
        """
        if self.closed:
            return {"state": "closed", "reason": "", "until_us": 0, "failures": 0}
        half_open = self._probing or now_us >= self._open_until_us
        return {
            "state": "half-open" if half_open else "open",
            "reason": self.reason,
            "until_us": self._next_us() + ahead_us,
            "failures": self._failures,
        }
