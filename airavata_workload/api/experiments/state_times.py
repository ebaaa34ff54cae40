"""How long it takes from one state to another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airavata_workload.api.experiments.told_states import state_of
from airavata_workload.records.statuses import ExperimentStatus, JobStatus


def seconds_between(
    statuses: Sequence[ExperimentStatus] | Sequence[JobStatus] | None, first: str, second: str
) -> float | None:
    """Seconds from the first time in a state to the first time in another; ``None`` if one was never reached."""
    instants_ms: dict[str, int] = {}
    for status in statuses or ():
        instants_ms.setdefault(state_of(status), status.changed_at_ms or 0)
    if first not in instants_ms or second not in instants_ms:
        return None
    return (instants_ms[second] - instants_ms[first]) / 1000


def average(seconds: Iterable[float | None]) -> float | None:
    """The average of those that are known; ``None`` if none is."""
    known = [each for each in seconds if each is not None]
    return sum(known) / len(known) if known else None
