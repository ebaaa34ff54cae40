"""Storage resources: machines that keep files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airavata_workload.records.data_movement import DataMovementInterface
from airavata_workload.records.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageResource(Record):
    """A machine that keeps files."""

    IDENTITY: ClassVar[str] = "storage_resource_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("host_name", "enabled")

    storage_resource_id: str = ""
    host_name: str
    storage_resource_description: str | None = None
    enabled: bool | None = None
    data_movement_interfaces: tuple[DataMovementInterface, ...] | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageVolumeInfo:
    """How full a file system is; sizes without a unit in their name are for people to read, with one."""

    total_size: str
    used_size: str
    available_size: str
    total_size_bytes: int
    used_size_bytes: int
    available_size_bytes: int
    percentage_used: float
    mount_point: str
    filesystem_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageDirectoryInfo:
    """How much a directory holds; ``total_size`` is for people to read, with a unit."""

    total_size: str
    total_size_bytes: int
