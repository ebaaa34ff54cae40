"""Compute resources: machines that run jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.data_movement import DataMovementInterface
from airavata_workload.records.job_submission import JobSubmissionInterface
from airavata_workload.records.record import Record, composed_key


class FileSystems(StrEnum):
    """What a file system is for."""

    HOME = "HOME"
    WORK = "WORK"
    LOCALTMP = "LOCALTMP"
    SCRATCH = "SCRATCH"
    ARCHIVE = "ARCHIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQueue:
    """A queue of a batch system, with its limits for a job. ``max_memory_mb`` is per node."""

    queue_name: str
    queue_description: str | None = None
    max_run_time_min: int | None = None
    max_nodes: int | None = None
    max_processors: int | None = None
    max_jobs_in_queue: int | None = None
    max_memory_mb: int | None = None
    cpu_per_node: int | None = None
    default_node_count: int | None = None
    default_cpu_count: int | None = None
    default_wall_time_min: int | None = None
    queue_specific_macros: str | None = None
    is_default_queue: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeResource(Record):
    """A machine that runs jobs; ``file_systems`` are the paths of its file systems."""

    IDENTITY: ClassVar[str] = "compute_resource_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("host_name", "enabled")

    compute_resource_id: str = ""
    host_name: str
    host_aliases: tuple[str, ...] | None = None
    ip_addresses: tuple[str, ...] | None = None
    resource_description: str | None = None
    enabled: bool | None = None
    batch_queues: tuple[BatchQueue, ...] | None = None
    file_systems: Mapping[FileSystems, str] | None = None
    job_submission_interfaces: tuple[JobSubmissionInterface, ...] | None = None
    data_movement_interfaces: tuple[DataMovementInterface, ...] | None = None
    max_memory_per_node_mb: int | None = None
    gateway_usage_reporting: bool | None = None
    gateway_usage_module_load_command: str | None = None
    gateway_usage_executable: str | None = None
    cpus_per_node: int | None = None
    default_node_count: int | None = None
    default_cpu_count: int | None = None
    default_wall_time_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus(Record):
    """How full a batch queue was when last looked at."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("host_name", "queue_name", "at_ms")

    host_name: str
    queue_name: str
    queue_up: bool
    running_jobs: int
    queued_jobs: int
    at_ms: int

    @property
    def key(self) -> str:
        """The id, made of ``host_name`` and ``queue_name``."""
        return self.key_of(self.host_name, self.queue_name)

    @staticmethod
    def key_of(host_name: str | None, queue_name: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(host_name, queue_name)
