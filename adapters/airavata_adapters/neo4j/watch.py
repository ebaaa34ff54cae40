"""Ends calls that hang: the driver has no time-out for an answer that never comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_INTERVAL_S = 0.5


class Watch:
    """Calls back, in a thread of its own, for each guarded block that is not left in time.

    The thread runs only while blocks are guarded often enough to be worth it:
    it ends when it finds nothing to guard, and the next block starts another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._guarded: dict[object, tuple[float, Callable[[], None]]] = {}
        self._runs = False

    @contextmanager
    def guard(self, limit_s: float, on_overdue: Callable[[], None]) -> Iterator[None]:
        """``on_overdue`` is called once if the block takes longer than ``limit_s``."""
        key = object()
        with self._lock:
            self._guarded[key] = (time.monotonic() + limit_s, on_overdue)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._look, name="workload-neo4j-watch", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._guarded.pop(key, None)

    def _look(self) -> None:
        idle_looks = 0
        while True:
            time.sleep(_LOOK_INTERVAL_S)
            with self._lock:
                idle_looks = 0 if self._guarded else idle_looks + 1
                if idle_looks > 20:
                    self._runs = False
                    return
                overdue = [key for key, (deadline, _) in self._guarded.items() if deadline < time.monotonic()]
                calls = [self._guarded.pop(key)[1] for key in overdue]
            for call in calls:
                call()
