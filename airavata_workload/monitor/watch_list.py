"""The jobs that are watched on one cluster, and when to ask about them. No input or output."""

from __future__ import annotations

from dataclasses import dataclass

from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND, microseconds
from airavata_workload.domain.message import WatchJob
from airavata_workload.domain.states import JobState

AGE_FRACTION = 0.25
"""A job that was submitted t seconds ago is asked about every t/4: the delay stays small beside its length."""
MAX_LOAD = 0.2
"""Asking takes at most this part of the time: a batch system that is slow twice in a row is asked less often."""
MAX_BACK_OFF_S = 300.0


@dataclass(slots=True)
class WatchedJob:
    """A job and what was last known of it."""

    watch: WatchJob
    state: JobState
    native_state: str = ""
    reason: str = ""
    since_us: int = 0
    silent_polls: int = 0
    waiting_for: str = ""


class WatchList:
    """Jobs of one cluster by task id, and the time of the next query, by a clock that does not jump."""

    def __init__(self, min_interval_s: float, max_interval_s: float) -> None:
        self.min_interval_s = min_interval_s
        self.max_interval_s = max_interval_s
        self.jobs: dict[str, WatchedJob] = {}
        self.polling = False
        self._next_poll_us: int | None = None
        self._failures = 0
        self._took_s = 0.0

    def add(self, watch: WatchJob, now_us: int) -> bool:
        """Watch a job. False if it is watched already, at this attempt."""
        known = self.jobs.get(watch.task_id)
        if known is not None and known.watch.attempt >= watch.attempt:
            return False
        self.jobs[watch.task_id] = WatchedJob(watch=watch, state=JobState.SUBMITTED, since_us=now_us)
        first_us = now_us + microseconds(self.min_interval_s)
        if not self._failures and (self._next_poll_us is None or self._next_poll_us > first_us):
            self._next_poll_us = first_us
        return True

    def remove(self, task_id: str) -> None:
        """Watch no longer."""
        self.jobs.pop(task_id, None)
        if not self.jobs:
            self._next_poll_us = None

    def due_us(self) -> int | None:
        """When to ask next; ``None`` while nothing is watched or an answer is awaited."""
        return None if self.polling or not self.jobs else self._next_poll_us

    def answered(self, now_us: int, took_s: float) -> None:
        """A query was answered after ``took_s``: plan the next by the age of the youngest job."""
        self.polling = False
        self._failures = 0
        youngest_us = max((job.since_us for job in self.jobs.values()), default=now_us)
        age_s = max(0.0, (now_us - youngest_us) / MICROSECONDS_PER_SECOND)
        interval_s = min(self.max_interval_s, max(self.min_interval_s, age_s * AGE_FRACTION))
        # One answer alone may have been late for what happened to the connection: that would cost minutes.
        slow_s, self._took_s = min(took_s, self._took_s), took_s
        self._next_poll_us = now_us + microseconds(max(interval_s, slow_s * (1 / MAX_LOAD - 1)))

    def failed(self, now_us: int) -> float:
        """A query was not answered: back off, doubling. Returns the seconds until the next one."""
        self.polling = False
        self._failures = min(self._failures + 1, 20)
        delay_s: float = min(MAX_BACK_OFF_S, max(1.0, self.min_interval_s) * 2.0 ** (self._failures - 1))
        self._next_poll_us = now_us + microseconds(delay_s)
        return delay_s
