"""The order of statuses that services with clocks of their own have dated. Pure.

Whoever reads statuses takes the one of the latest instant for the present one.
Where the engine knows which that is, it has to be the latest, also if a clock
was an hour ahead when an earlier state was written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from airavata_workload.records.statuses import ExperimentStatus, JobStatus, ProcessStatus, TaskStatus

S = TypeVar("S", ExperimentStatus, ProcessStatus, TaskStatus, JobStatus)


def with_last(statuses: Sequence[S], is_last: Callable[[S], bool]) -> tuple[S, ...]:
    """The statuses with the last of those for which that is true at their end, dated no earlier than any other.

    As they are, if it is true for none of them.
    """
    found = [number for number, status in enumerate(statuses) if is_last(status)]
    others: list[S] = list(statuses)
    if not found:
        return tuple(others)
    at_ms = max(status.changed_at_ms or 0 for status in statuses)
    others.append(replace(others.pop(found[-1]), changed_at_ms=at_ms))
    return tuple(others)
