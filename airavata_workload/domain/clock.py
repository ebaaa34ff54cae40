"""Time as the engine sees it: microseconds since the epoch, UTC, from one place."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]
"""Returns the present as microseconds, since 1970-01-01T00:00:00Z unless it says otherwise; tests inject their own."""

MICROSECONDS_PER_SECOND = 1_000_000


def now_us() -> int:
    """The present in microseconds since the epoch."""
    return time.time_ns() // 1000


def steady_us() -> int:
    """Microseconds since some moment before this process began, by a clock that nobody sets.

    For every decision about how long something has lasted or is to last; what
    it says means nothing to another process.
    """
    return time.monotonic_ns() // 1000


def microseconds(seconds: float) -> int:
    """A duration in seconds as whole microseconds."""
    return int(seconds * MICROSECONDS_PER_SECOND)


def to_datetime(instant_us: int) -> datetime:
    """An instant as a time-zone aware UTC datetime."""
    return datetime.fromtimestamp(instant_us / MICROSECONDS_PER_SECOND, tz=UTC)


def from_datetime(instant: datetime) -> int:
    """A datetime (naive ones are taken as UTC) as microseconds since the epoch."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return round(aware.timestamp() * MICROSECONDS_PER_SECOND)
