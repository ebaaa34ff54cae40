"""Ways to bring files to a compute or storage resource and to fetch them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import Record
from airavata_workload.records.security import SecurityProtocol


class DMType(StrEnum):
    """What a data movement interface belongs to."""

    COMPUTE_RESOURCE = "COMPUTE_RESOURCE"
    STORAGE_RESOURCE = "STORAGE_RESOURCE"


class DataMovementProtocol(StrEnum):
    """How files are moved."""

    LOCAL = "LOCAL"
    SCP = "SCP"
    SFTP = "SFTP"
    GridFTP = "GridFTP"
    UNICORE_STORAGE_SERVICE = "UNICORE_STORAGE_SERVICE"


@dataclass(frozen=True, slots=True, kw_only=True)
class SCPDataMovement(Record):
    """By SCP."""

    IDENTITY: ClassVar[str] = "data_movement_interface_id"

    data_movement_interface_id: str = ""
    security_protocol: SecurityProtocol
    alternative_scp_host_name: str | None = None
    ssh_port: int = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFTPDataMovement(Record):
    """By GridFTP."""

    IDENTITY: ClassVar[str] = "data_movement_interface_id"

    data_movement_interface_id: str = ""
    security_protocol: SecurityProtocol
    grid_ftp_end_points: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnicoreDataMovement(Record):
    """By the storage service of UNICORE."""

    IDENTITY: ClassVar[str] = "data_movement_interface_id"

    data_movement_interface_id: str = ""
    security_protocol: SecurityProtocol
    unicore_end_point_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LOCALDataMovement(Record):
    """By copying: the files are on this machine's file systems."""

    IDENTITY: ClassVar[str] = "data_movement_interface_id"

    data_movement_interface_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataMovementInterface:
    """Names a way of a resource; those of the least ``priority_order`` are tried first."""

    data_movement_interface_id: str
    data_movement_protocol: DataMovementProtocol
    priority_order: int = 0
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    storage_resource_id: str | None = None
