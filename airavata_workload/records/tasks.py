"""Tasks as portals see them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.domain.states import TaskState
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.record import Record, latest
from airavata_workload.records.statuses import RecordedError, TaskStatus


class TaskTypes(StrEnum):
    """Kinds of tasks."""

    ENV_SETUP = "ENV_SETUP"
    DATA_STAGING = "DATA_STAGING"
    JOB_SUBMISSION = "JOB_SUBMISSION"
    ENV_CLEANUP = "ENV_CLEANUP"
    MONITORING = "MONITORING"
    OUTPUT_FETCHING = "OUTPUT_FETCHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTask(Record):
    """A task of a process.

    ``sub_task_model`` is the struct that the task's type implies, in Thrift's
    binary form, as another engine of the installation writes it. Tasks of this
    engine have none: such a struct names one file, and a task here moves many.
    """

    IDENTITY: ClassVar[str] = "task_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("parent_process_id", "created_at_ms", "state")

    task_id: str = ""
    task_type: TaskTypes
    parent_process_id: str
    created_at_ms: int
    updated_at_ms: int
    task_statuses: tuple[TaskStatus, ...]
    task_detail: str | None = None
    sub_task_model: bytes | None = None
    task_errors: tuple[RecordedError, ...] | None = None
    jobs: tuple[GatewayJob, ...] | None = None
    max_retry: int | None = None
    current_retry: int | None = None

    @property
    def state(self) -> TaskState:
        """The state of the latest status; CREATED before there is one."""
        status = latest(self.task_statuses)
        return status.state if status else TaskState.CREATED
