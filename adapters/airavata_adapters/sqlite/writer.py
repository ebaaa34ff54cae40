"""Group commit: one thread owns the connection that writes, and one fsync serves all who wait for it.

Callers hand a function over and wait. The thread takes everything that waits,
runs each function in a savepoint of one transaction and commits once, so that
an error undoes the work of its own caller only, a lone write costs one fsync
and a hundred threads share one. Where no caller waits for the disk there is no
fsync: that of the next transaction with such a caller serves both.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from airavata_adapters.sqlite import failures
from airavata_adapters.sqlite.prepared import driver
from airavata_adapters.sqlite.signals import Signals
from airavata_workload.domain.errors import StoreUnavailableError

T = TypeVar("T")

LOCK_LIMIT_S = 30.0
"""How long a batch waits for another process to end its transaction."""
MAX_BATCH = 512
FOREIGN_POLL_S = 0.05
"""How often the database is asked for commits of other processes while anyone waits for some."""


class Safety(Enum):
    """How safe a write is to be when its caller goes on.

    The writes of a process are undone, if at all, in the reverse of their
    order: SQLite reads its log up to the first place that the disk does not
    have whole (Source: https://www.sqlite.org/fileformat.html, 4.3), and each
    fsync takes along all that was written before it. So whatever is less than
    DURABLE is durable no later than anything DURABLE that this process writes
    afterwards.
    """

    DURABLE = "durable"
    """It survives a loss of power."""
    VISIBLE = "visible"
    """Reads see it, and it survives the end of this process."""
    DONE = "done"
    """It has worked, and later writes of this process build on it; reads see it soon."""


@dataclass(slots=True)
class _Job:
    """A caller's function, the topics to announce once others can see its work, and how it ended."""

    work: Callable[[Connection], Any]
    topics: tuple[str, ...]
    safety: Safety
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: Exception | None = None


class _TransactionLost(Exception):
    """SQLite has rolled the whole transaction back, the work of other callers included."""


class GroupCommitWriter:
    """Runs functions on the one connection that writes."""

    def __init__(self, path: Path, connect: Callable[[], Connection]) -> None:
        self._path = path
        self._connection = connect()
        self._raw = driver(self._connection)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._syncs: bool | None = None
        self._closed = False
        self._close_lock = threading.Lock()
        self._data_version = self._read_data_version()
        self._next_poll = 0.0
        # Putting nothing into the queue only makes the thread notice that it has to poll from now on.
        self.signals = Signals(on_first_waiter=lambda: self._jobs.put(None))
        self._thread = threading.Thread(target=self._run, name="workload-db-writer", daemon=True)
        self._thread.start()

    def submit(
        self, work: Callable[[Connection], T], topics: tuple[str, ...] = (), *, safety: Safety = Safety.DURABLE
    ) -> Future[T]:
        """A future of what ``work`` returns, resolved when it is as safe as asked for.

        Those who wait for ``topics`` wake when it is committed. Work is done in
        the order of submission. Less than DURABLE is good for what may be lost
        and done again.
        """
        job = _Job(work, topics, safety)
        with self._close_lock:
            if self._closed:
                raise StoreUnavailableError(f"{self._path} has been closed.", remedy="Open it again.")
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Do what has been handed over, then stop."""
        with self._close_lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join(LOCK_LIMIT_S * 2)

    # -- in the thread ---------------------------------------------------------
    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            if batch:
                self._commit(batch)
                continue
            if self._closed and self._jobs.empty():
                break
            self._look_for_foreign_commits()
        self._connection.close()

    def _next_batch(self) -> list[_Job]:
        """Everything that waits now; waits for the first one, but not past the next poll."""
        batch: list[_Job] = []
        try:
            job = self._jobs.get(timeout=self._wait_s())
            while True:
                if job is not None and job.future.set_running_or_notify_cancel():
                    batch.append(job)
                if len(batch) >= MAX_BATCH:
                    break
                job = self._jobs.get_nowait()
        except queue.Empty:
            pass
        return batch

    def _wait_s(self) -> float | None:
        """How long to wait for work: not at all when closing, for the last batch may have swallowed the wake-up."""
        if self._closed:
            return 0.0
        return max(0.0, self._next_poll - time.monotonic()) if self.signals.anyone_waits else None

    def _commit(self, batch: list[_Job]) -> None:
        try:
            self._sync_at_commit(any(job.safety is Safety.DURABLE for job in batch))
            self._begin()
            for job in batch:
                self._perform(job, alone=len(batch) == 1)
            if self._raw.in_transaction:
                self._raw.execute("COMMIT")
        except (sqlite3.Error, _TransactionLost) as error:
            self._roll_back()
            cause = error.__cause__ if isinstance(error, _TransactionLost) else error
            for job in batch:
                job.error = failures.translated(cause, self._path) if isinstance(cause, Exception) else error
        self._resolve(batch)

    def _sync_at_commit(self, wanted: bool) -> None:
        """Whether the next commit is to wait for the disk.

        With NORMAL the log is synced before a checkpoint only (Source:
        https://www.sqlite.org/pragma.html#pragma_synchronous).
        """
        if wanted is not self._syncs:
            self._raw.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._syncs = wanted

    def _begin(self) -> None:
        """Become the one writer of all processes; SQLite itself waits a few seconds each time."""
        deadline = time.monotonic() + LOCK_LIMIT_S
        while True:
            try:
                self._raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not failures.is_locked(error) or time.monotonic() >= deadline:
                    raise
            else:
                return

    def _perform(self, job: _Job, *, alone: bool) -> None:
        """Run one function; its error undoes only its own work."""
        if not alone:
            self._raw.execute("SAVEPOINT work")
        try:
            result = job.work(self._connection)
            # A cursor that is freed in the caller's thread would reset a statement that runs here.
            job.result = None if isinstance(result, sqlite3.Cursor) else result
            if job.safety is Safety.DONE:
                job.future.set_result(job.result)
        except Exception as error:  # raised again where the caller waits
            if not self._raw.in_transaction:
                # Full disks and the like end the whole transaction, not one statement.
                raise _TransactionLost from error
            job.error = failures.translated(error, self._path)
            self._raw.execute("ROLLBACK" if alone else "ROLLBACK TO work")
        if not alone:
            self._raw.execute("RELEASE work")

    def _roll_back(self) -> None:
        if self._raw.in_transaction:
            with contextlib.suppress(sqlite3.Error):  # the error that led here is the one to report
                self._raw.execute("ROLLBACK")

    def _resolve(self, batch: list[_Job]) -> None:
        topics = {topic for job in batch if job.error is None for topic in job.topics}
        if topics:
            self.signals.notify(topics)
        for job in batch:
            if job.future.done():
                if job.error is not None:
                    import structlog  # slow to import, and hardly ever needed

                    log = structlog.get_logger("airavata_adapters")
                    log.warning("a write that nobody waits for is lost", file=str(self._path), error=str(job.error))
            elif job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(job.error)
        if time.monotonic() >= self._next_poll:
            self._look_for_foreign_commits()

    def _look_for_foreign_commits(self) -> None:
        """Wake everyone if another process has written.

        ``data_version`` of this connection changes with commits of all other
        connections, and here no other one writes (Source:
        https://www.sqlite.org/pragma.html#pragma_data_version).
        """
        self._next_poll = time.monotonic() + FOREIGN_POLL_S
        try:
            version = self._read_data_version()
        except sqlite3.OperationalError:
            return  # locked, or the disk is away: the next poll, or the next write, will tell
        if version != self._data_version:
            self._data_version = version
            self.signals.notify_all()

    def _read_data_version(self) -> int:
        row = self._raw.execute("PRAGMA data_version").fetchone()
        return int(row[0])
