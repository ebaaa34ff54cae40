"""Threads that answer what takes its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import structlog

log = structlog.get_logger("airavata_workload.thrift")

Work = Callable[[], None]


class WorkerPool:
    """A fixed number of threads over one line, first come first served. A connection has one request in it at most."""

    def __init__(self, threads: int) -> None:
        self._line: SimpleQueue[Work | None] = SimpleQueue()
        names = (f"thrift-{number}" for number in range(1, threads + 1))
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for name in names]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def put(self, work: Work) -> None:
        """Have it done by the next free thread. It must not raise."""
        self._line.put(work)

    @property
    def alive(self) -> bool:
        """Whether all threads live."""
        return all(thread.is_alive() for thread in self._threads)

    def stop(self, timeout_s: float) -> bool:
        """Let the threads end after what is in line. False if one still runs after the time."""
        for _ in self._threads:
            self._line.put(None)
        end_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (work := self._line.get()) is not None:
            try:
                work()
            except Exception:
                log.exception("a call was not answered")  # a fault of ours, for which the next client cannot wait
