"""Writes down what a worker has stored in the graph store, beside the threads that do the work."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

import structlog

from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.message import TaskMessage
from airavata_workload.domain.transition import claim_of
from airavata_workload.journal import Journal
from airavata_workload.worker.performance import process_state_of

log = structlog.get_logger("airavata_workload.worker")

MAX_CHANGES = 500
"""Changes that are written at once."""
MAX_KEPT = 10_000
"""Changes that wait while the audit trail cannot be written; what is beyond that is filled in later."""
RETRY_S = 1.0


class Clerk:
    """Writes changes to the audit trail, as many at once as have come meanwhile.

    The graph store has them already. What dies with this process is filled in
    when the experiment is resumed or ends.
    """

    def __init__(self, journal: Journal, session: str) -> None:
        self._journal = journal
        self._session = session
        self._noted: queue.SimpleQueue[Sequence[StateChange] | None] = queue.SimpleQueue()
        self._waiting: list[StateChange] = []
        self._thread = threading.Thread(target=self._loop, name="worker-clerk", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def note(self, changes: Sequence[StateChange]) -> None:
        """Have these written soon."""
        if changes:
            self._noted.put(changes)

    def started(self, message: TaskMessage, at_us: int) -> list[StateChange]:
        """The changes for a task that was claimed at that instant, in microseconds since the epoch."""
        task = claim_of(message, self._session, at_us).change(message.name)
        state = process_state_of(message.kind)
        if state is None:
            return [task]
        process = StateChange(
            subject=Subject.PROCESS,
            subject_id=message.process_id,
            experiment_id=message.experiment_id,
            state=state,
            at_us=at_us,
            by=self._session,
            name=message.name,
        )
        return [task, process]

    def close(self, timeout_s: float) -> None:
        """Write what was noted, and end."""
        if self._thread.is_alive():
            self._noted.put(None)
            self._thread.join(timeout_s)

    def _loop(self) -> None:
        ended = False
        while not ended:
            ended = self._gather()
            self._write()

    def _gather(self) -> bool:
        """Wait for changes, not for long if some could not be written. Whether it is the end."""
        try:
            noted = self._noted.get(timeout=RETRY_S if self._waiting else None)
            while noted is not None:
                self._waiting += noted
                if len(self._waiting) >= MAX_CHANGES:
                    return False
                noted = self._noted.get_nowait()
        except queue.Empty:
            return False
        return True

    def _write(self) -> None:
        try:
            while self._waiting:
                self._journal.write(self._waiting[:MAX_CHANGES], durable=False)
                del self._waiting[:MAX_CHANGES]
        except UnavailableError as error:
            log.warning("changes are not in the audit trail yet", changes=len(self._waiting), error=str(error))
            del self._waiting[MAX_KEPT:]
        except Exception:
            log.exception("changes could not be written to the audit trail", changes=len(self._waiting))
            self._waiting.clear()
