"""States with the instants at which they were entered, and errors."""

from __future__ import annotations

from dataclasses import dataclass

from airavata_workload.domain.states import ExperimentState, JobState, ProcessState, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentStatus:
    """A state of an experiment, and since when."""

    state: ExperimentState
    changed_at_ms: int | None = None
    reason: str | None = None
    status_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """A state of a process, and since when."""

    state: ProcessState
    changed_at_ms: int | None = None
    reason: str | None = None
    status_id: str | None = None
    process_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """A state of a task, and since when."""

    state: TaskState
    changed_at_ms: int | None = None
    reason: str | None = None
    status_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """A state of a job, and since when."""

    job_state: JobState
    changed_at_ms: int | None = None
    reason: str | None = None
    status_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedError:
    """What went wrong with an experiment, a process or a task.

    ``transient_or_persistent`` is true for an error that may pass.
    """

    error_id: str = ""
    created_at_ms: int | None = None
    actual_error_message: str | None = None
    user_friendly_message: str | None = None
    transient_or_persistent: bool = False
    root_cause_error_id_list: tuple[str, ...] | None = None
