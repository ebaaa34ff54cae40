"""How long a wait may last, and who may end it sooner."""

from __future__ import annotations

import time
from collections.abc import Callable

from airavata_workload.domain.errors import CommandTimeoutError, TaskCancelled

POLL_INTERVAL_S = 0.05
"""How often a wait looks at ``cancelled`` and at the clock."""


class Deadline:
    """A time-out together with the caller's wish to stop.

    ``doing`` begins the messages of the errors. For a stream, whose length in
    time nobody knows, ``restart`` after each piece of progress turns the
    time-out into one for standing still.
    """

    def __init__(self, doing: str, timeout_s: float, cancelled: Callable[[], bool] | None = None) -> None:
        self.doing = doing
        self.timeout_s = timeout_s
        self._cancelled = cancelled
        self._ends_at = time.monotonic() + timeout_s

    @property
    def remaining_s(self) -> float:
        """Seconds left; 0 when the time is over."""
        return max(0.0, self._ends_at - time.monotonic())

    def restart(self) -> None:
        """Count the time-out from now."""
        self._ends_at = time.monotonic() + self.timeout_s

    def check(self) -> None:
        """Raise ``TaskCancelled`` or ``CommandTimeoutError`` if the wait is over."""
        if self._cancelled is not None and self._cancelled():
            raise TaskCancelled(f"{self.doing} was given up: the task is no longer wanted.")
        if self.remaining_s <= 0:
            raise CommandTimeoutError(
                f"{self.doing} did not end within {self.timeout_s:g} s.",
                remedy="Raise command_timeout_s in the cluster's file if it needs longer.",
            )

    def slice_s(self) -> float:
        """How long to wait before the next look; raises as ``check``."""
        self.check()
        return min(POLL_INTERVAL_S, self.remaining_s)
