"""Waits until a command to the engine shows its effect."""

from __future__ import annotations

import time
from collections.abc import Callable

from airavata_workload.api.workload import Workload
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.domain.change import Event
from airavata_workload.domain.experiment import Experiment

LOOK_S = 0.2


def confirmed(
    workload: Workload,
    experiment_id: str,
    condition: Callable[[Experiment], bool],
    *,
    timeout_s: float,
    interrupts: Interrupts,
) -> Experiment | None:
    """The experiment once the condition holds; ``None`` after ``timeout_s`` or Ctrl-C."""
    deadline_s = time.monotonic() + timeout_s
    sequence = workload.latest_event()
    while True:
        experiment = workload.experiment(experiment_id)
        if condition(experiment):
            return experiment
        left_s = deadline_s - time.monotonic()
        if left_s <= 0 or interrupts.requested:
            return None
        events = workload.events(sequence, experiment_id=experiment_id, wait_s=min(LOOK_S, left_s))
        sequence = max((event.sequence for event in events), default=sequence)


def event_seen(
    workload: Workload,
    experiment_id: str,
    condition: Callable[[Event], bool],
    *,
    since: int,
    timeout_s: float,
    interrupts: Interrupts,
) -> bool:
    """Whether an event of the experiment for which the condition holds came after ``since``, within ``timeout_s``."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        left_s = deadline_s - time.monotonic()
        events = workload.events(since, experiment_id=experiment_id, wait_s=max(0.0, min(LOOK_S, left_s)))
        if any(condition(event) for event in events):
            return True
        if left_s <= 0 or interrupts.requested:
            return False
        since = max((event.sequence for event in events), default=since)
