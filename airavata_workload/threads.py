"""Threads for work that may never end, and for two things at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Beside:
    """Does two things at the same time that do not depend on one another.

    For calls to backing systems, which end by time limits of their own: while
    the answer of one is awaited, the other is asked. Up to ``count`` callers
    are served at once.
    """

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)

    def both(self, here: Callable[[], T], beside: Callable[[], U]) -> tuple[T, U]:
        """What both give, the first one called by this thread. Raises what they raise; nothing goes on after it."""
        future = self._pool.submit(beside)
        try:
            found = here()
        except BaseException:
            wait([future])
            raise
        return found, future.result()


class DaemonThreads:
    """Calls functions, which do not raise, in up to ``count`` threads.

    Unlike with ``concurrent.futures`` (Source: CPython 3.11, its
    ``thread._python_exit``), the end of the process does not wait for them: a
    plugin that never returns must not keep an engine that was told to stop.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._closed = False

    def submit(self, function: Callable[..., object], *arguments: Any) -> None:
        """Have the function called with the arguments as soon as a thread is free."""
        self._calls.put(lambda: function(*arguments))
        with self._lock:
            if self._started < self._count:
                self._started += 1
                threading.Thread(target=self._run, name=f"{self._name}-{self._started}", daemon=True).start()

    def close(self) -> None:
        """Let the threads end with what they do now; what has not begun is dropped."""
        with self._lock:
            self._closed = True
            for _ in range(self._started):
                self._calls.put(None)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None and not self._closed:
            call()
