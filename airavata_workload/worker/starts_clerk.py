"""Writes down that tasks have started, beside the thread that takes them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

import structlog

from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.message import TaskMessage
from airavata_workload.domain.states import TaskState
from airavata_workload.journal import Journal
from airavata_workload.worker.performance import process_state_of

log = structlog.get_logger("airavata_workload.worker")

MAX_TASKS = 500
"""Starts that are written at once."""

Started = tuple[TaskMessage, int]
"""A task and when it was claimed, in microseconds since the epoch."""


class StartsClerk:
    """Writes the starts of tasks to the audit trail, as many at once as have come meanwhile.

    The graph store has them already. What cannot be written, or dies with
    this process, is filled in when the experiment is resumed or ends.
    """

    def __init__(self, journal: Journal, session: str) -> None:
        self._journal = journal
        self._session = session
        self._noted: queue.SimpleQueue[Started | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="worker-starts", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def note(self, started: Sequence[Started]) -> None:
        """Have these written soon."""
        for each in started:
            self._noted.put(each)

    def close(self, timeout_s: float) -> None:
        """Write what was noted, and end."""
        if self._thread.is_alive():
            self._noted.put(None)
            self._thread.join(timeout_s)

    def _loop(self) -> None:
        ended = False
        while not ended:
            batch = [self._noted.get()]
            while len(batch) < MAX_TASKS and not self._noted.empty():
                batch.append(self._noted.get())
            ended = None in batch
            self._write([each for each in batch if each is not None])

    def _write(self, started: Sequence[Started]) -> None:
        try:
            changes = [change for message, at_us in started for change in self._changes(message, at_us)]
            self._journal.write(changes, durable=False)
        except UnavailableError:
            log.warning("the start of tasks is not in the audit trail yet", tasks=len(started))
        except Exception:
            log.exception("the start of tasks could not be written", tasks=len(started))

    def _changes(self, message: TaskMessage, at_us: int) -> list[StateChange]:
        task = StateChange(
            subject=Subject.TASK,
            subject_id=message.task_id,
            experiment_id=message.experiment_id,
            state=TaskState.EXECUTING,
            at_us=at_us,
            by=self._session,
            attempt=message.attempt,
            name=message.name,
        )
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
