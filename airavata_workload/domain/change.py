"""State changes as they go into the audit trail and onto the event stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Subject(StrEnum):
    """What a change is about."""

    EXPERIMENT = "experiment"
    PROCESS = "process"
    TASK = "task"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """One row of the audit trail: who changed what into which state, when, why, at which attempt.

    ``(subject, subject_id, state, attempt, at_us)`` identifies the change, so
    that writing it twice writes it once. ``name`` is the task's name, the job's
    name or the experiment's. ``detail`` is small JSON (exit code, native state).
    """

    subject: Subject
    subject_id: str
    experiment_id: str
    state: str
    at_us: int
    by: str
    attempt: int = 1
    name: str = ""
    reason: str = ""
    user_message: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The change as a JSON object."""
        return {
            "subject": str(self.subject),
            "subject_id": self.subject_id,
            "experiment_id": self.experiment_id,
            "state": self.state,
            "at_us": self.at_us,
            "by": self.by,
            "attempt": self.attempt,
            "name": self.name,
            "reason": self.reason,
            "user_message": self.user_message,
            "detail": dict(self.detail),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> StateChange:
        """The inverse of ``to_json``."""
        return cls(**{**value, "subject": Subject(value["subject"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What goes over the event stream: a state change, progress of a task, or a request to all services.

    ``topic`` is ``state``, ``progress`` or ``control``. ``sequence`` is given
    by the bus, grows, and lets a reader continue where it stopped.
    """

    topic: str
    experiment_id: str
    body: Mapping[str, Any]
    at_us: int
    sequence: int = 0
