"""A wall clock that can be set: what every reader in this process is told, while the steady clock goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

HOUR_S = 3600.0
_NANOSECONDS = 1_000_000_000


def set_by(offset_s: Callable[[], float], replace: Callable[[object, str, object], None] = setattr) -> None:
    """From now on ``time.time`` and ``time.time_ns`` are wrong by ``offset_s()``, for us and for every library.

    ``replace`` sets an attribute, as ``MonkeyPatch.setattr`` does for the length of a test.
    """
    seconds, nanoseconds = time.time, time.time_ns
    replace(time, "time", lambda: seconds() + offset_s())
    replace(time, "time_ns", lambda: nanoseconds() + int(offset_s() * _NANOSECONDS))
