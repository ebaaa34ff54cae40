"""How long it takes from one state to another. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from airavata_workload.api.experiments.told_states import state_of
from airavata_workload.domain.states import ExperimentState, JobState
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.statuses import ExperimentStatus, JobStatus

Statuses = Sequence[ExperimentStatus] | Sequence[JobStatus] | None
_US_PER_MS = 1_000


def average_times_us(experiments: Sequence[GatewayExperiment], jobs: Iterable[GatewayJob]) -> Mapping[str, float]:
    """Averages in microseconds, as far as there is something to average.

    ``orchTime``: from the creation of an experiment until it is scheduled, or launched where nothing schedules.
    ``queuedTime``: from when it is scheduled until it is launched for the last time. ``helix``: from then until a job
    is submitted for the last time. Source: Airavata 0.21, the registry, for names, limits and unit.
    """
    statuses = {each.experiment_id: each.experiment_status for each in experiments}
    averages = {
        "orchTime": _average(map(_orchestrated_ms, statuses.values())),
        "queuedTime": _average(
            _between(_at(each, ExperimentState.SCHEDULED, min), _at(each, ExperimentState.LAUNCHED, max))
            for each in statuses.values()
        ),
        "helix": _average(
            _between(
                _at(statuses.get(each.experiment_id), ExperimentState.LAUNCHED, max),
                _at(each.job_statuses, JobState.SUBMITTED, max),
            )
            for each in jobs
        ),
    }
    return {name: average_ms * _US_PER_MS for name, average_ms in averages.items() if average_ms is not None}


def has_entered(statuses: Statuses, state: str, since_ms: int) -> bool:
    """Whether a state was entered since an instant."""
    return any(state_of(each) == state and (each.changed_at_ms or 0) >= since_ms for each in statuses or ())


def _orchestrated_ms(statuses: Statuses) -> int | None:
    scheduled_ms = _at(statuses, ExperimentState.SCHEDULED, min)
    reached_ms = _at(statuses, ExperimentState.LAUNCHED, min) if scheduled_ms is None else scheduled_ms
    return _between(_at(statuses, ExperimentState.CREATED, min), reached_ms)


def _at(statuses: Statuses, state: str, which: Callable[[list[int]], int]) -> int | None:
    """The first or last instant at which a state was entered; ``None`` if it never was."""
    instants_ms = [each.changed_at_ms or 0 for each in statuses or () if state_of(each) == state]
    return which(instants_ms) if instants_ms else None


def _between(begin_ms: int | None, end_ms: int | None) -> int | None:
    return None if begin_ms is None or end_ms is None else end_ms - begin_ms


def _average(times_ms: Iterable[int | None]) -> float | None:
    known = [each for each in times_ms if each is not None]
    return sum(known) / len(known) if known else None
