"""Closes what nobody has used for a while."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable


class Reaper:
    """Calls ``reap(idle_timeout_s)`` now and then for as long as it returns true, from a thread of its own.

    ``reap`` is a bound method; it is not kept alive by the reaper.
    """

    def __init__(self, idle_timeout_s: float, reap: Callable[[float], bool]) -> None:
        self._idle_timeout_s = idle_timeout_s
        self._reap = weakref.WeakMethod(reap)
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def wake(self) -> None:
        """There is something to watch again: call it when there is, not before."""
        if self._timer is None:
            with self._lock:
                self._schedule()

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(max(0.05, self._idle_timeout_s / 2), self._look)
            self._timer.daemon = True
            self._timer.name = "close-idle"
            self._timer.start()

    def _look(self) -> None:
        with self._lock:
            # Before looking: what is opened while we look sets a new timer.
            self._timer = None
        reap = self._reap()
        if reap is not None and reap(self._idle_timeout_s):
            self.wake()
