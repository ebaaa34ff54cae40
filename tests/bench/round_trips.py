"""Which calls to the backing systems lie between the end of a task and the start of the next one."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task

CALLS: Mapping[str, Sequence[str]] = {
    "graph": ("apply", "abstract", "restore_loaded", "task", "tasks", "loaded", "outputs", "note_waiting"),
    "registry": ("experiment", "several", "standings", "record", "unrecorded", "save_jobs"),
    "queue": ("publish",),
    "nodes": ("create", "remove", "members", "nodes"),
    "bus": ("publish",),
}
"""Calls that wait for an answer. Acknowledgements do not, and taking a message is the other half of its publishing."""
SLOT = "worker-slot"
"""How the names of threads begin that run tasks: one that claims a task itself has gone on from the one before it."""
PATH_THREADS = ("worker-reporter", "orchestrator", "scheduler", "worker")
"""Who acts one after the other between two tasks otherwise; what other threads do, they do beside it."""


class Trip(NamedTuple):
    """One call, by whom, and from when to when, in microseconds since the epoch."""

    thread: str
    call: str
    begin_us: int
    end_us: int


class Tracer:
    """Notes the calls of one process to its backing systems."""

    def __init__(self, installation: Installation) -> None:
        self.trips: list[Trip] = []
        for port, names in CALLS.items():
            adapter = getattr(installation, port)
            for name in names:
                setattr(adapter, name, self._traced(f"{port}.{name}", getattr(adapter, name)))

    def _traced(self, call: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def traced(*arguments: Any, **options: Any) -> Any:
            begin_us = now_us()
            try:
                return function(*arguments, **options)
            finally:
                self.trips.append(Trip(threading.current_thread().name, call, begin_us, now_us()))

        return traced

    def between(self, before: Task, after: Task) -> list[Trip]:
        """The calls on the way from the end of one task to the claim of the next, the claim included."""
        end_us = next(line.at_us for line in before.history if line.state is TaskState.COMPLETED)
        claim_us = next(line.at_us for line in after.history if line.state is TaskState.EXECUTING)
        claimed_by = [trip.thread for trip in self.trips if _is_claim(trip, claim_us)]
        on_path = [each for each in claimed_by if each.startswith(SLOT)] or PATH_THREADS
        found = [
            trip
            for trip in self.trips
            if trip.thread in on_path and (end_us <= trip.begin_us < claim_us or _is_claim(trip, claim_us))
        ]
        return sorted(found, key=lambda trip: trip.begin_us)


def _is_claim(trip: Trip, claim_us: int) -> bool:
    """The claim's instant is taken just before the call."""
    by_worker = trip.thread == "worker" or trip.thread.startswith(SLOT)
    return trip.call == "graph.apply" and by_worker and claim_us <= trip.begin_us < claim_us + 5_000
