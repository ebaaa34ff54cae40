"""States as another engine of the installation tells them, and what becomes of those that it told before. Pure.

Source: Apache Airavata 0.21, the registry's experiment catalogue: each state that is told is kept, also the same one
again, and one that comes with the id of another takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from airavata_workload.api.experiments.experiment_tree import status_id
from airavata_workload.records.statuses import ExperimentStatus, JobStatus, ProcessStatus, TaskStatus

Status = ProcessStatus | TaskStatus | JobStatus | ExperimentStatus
S = TypeVar("S", ProcessStatus, TaskStatus, JobStatus, ExperimentStatus)


def dated(status: S, prefix: str, subject_id: str, now_ms: int) -> S:
    """The status with an instant and an id, where it came without. An instant of zero or less is none."""
    at_ms = status.changed_at_ms or 0
    if at_ms <= 0:
        at_ms = now_ms
    identifier = status.status_id or status_id(prefix, subject_id, state_of(status), at_ms)
    return replace(status, changed_at_ms=at_ms, status_id=identifier)


def job_prefix(job_id: str) -> str:
    """What the ids of a job's states begin with: its own id without blanks."""
    return "".join(job_id.split())


def entered(statuses: Sequence[S] | None, status: S, prefix: str, subject_id: str, now_ms: int) -> tuple[S, ...]:
    """The statuses with this one, in place of the one of its id if there is one."""
    new = dated(status, prefix, subject_id, now_ms)
    known: list[S] = list(statuses or ())
    ids = [each.status_id for each in known]
    if new.status_id in ids:
        known[ids.index(new.status_id)] = new
    else:
        known.append(new)
    return tuple(known)


def state_of(status: Status) -> str:
    """The state's name."""
    return str(status.job_state if isinstance(status, JobStatus) else status.state)
