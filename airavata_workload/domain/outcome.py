"""What a task plugin returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airavata_workload.domain.job import Job


@dataclass(frozen=True, slots=True)
class Completed:
    """Done. ``outputs`` (JSON) go to the tasks that depend on this one."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Parked:
    """A job was submitted; the monitor takes over and the worker is free.

    When the job ends well the task completes with ``outputs`` and with
    ``exit_code`` and ``state`` of the job beside them.
    """

    job: Job
    outputs: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It will fail again: do not retry. ``user_message`` is for the person who submitted."""

    reason: str
    user_message: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """It could not be tried now (host down, quota): try again after ``delay_s``; not counted as a failure."""

    reason: str
    delay_s: float = 5.0


Outcome = Completed | Parked | Failed | Deferred
