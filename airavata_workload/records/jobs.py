"""Jobs as portals see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airavata_workload.domain.states import JobState
from airavata_workload.records.record import Record, composed_key, latest
from airavata_workload.records.statuses import JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayJob(Record):
    """What a batch system runs for a task; ``job_id`` is the batch system's own.

    ``experiment_id`` is not sent to clients: it is for finding experiments by their jobs.
    """

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = (
        "job_id",
        "task_id",
        "process_id",
        "experiment_id",
        "job_name",
        "created_at_ms",
        "state",
    )

    job_id: str
    task_id: str
    process_id: str
    job_description: str
    created_at_ms: int | None = None
    job_statuses: tuple[JobStatus, ...] | None = None
    compute_resource_consumed: str | None = None
    job_name: str | None = None
    working_dir: str | None = None
    std_out: str | None = None
    std_err: str | None = None
    exit_code: int | None = None
    experiment_id: str = ""

    @property
    def key(self) -> str:
        """The id, made of ``job_id`` and ``task_id``."""
        return self.key_of(self.job_id, self.task_id)

    @staticmethod
    def key_of(job_id: str | None, task_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(job_id, task_id)

    @property
    def state(self) -> JobState | None:
        """The state of the latest status, if there is one."""
        status = latest(self.job_statuses)
        return status.job_state if status else None
