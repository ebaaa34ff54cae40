"""Gateway resource profiles: as whom a gateway works on which resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from airavata_workload.records.data_movement import DataMovementProtocol
from airavata_workload.records.job_submission import JobSubmissionProtocol
from airavata_workload.records.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeResourcePreference:
    """As whom, where and how a gateway works on a compute resource."""

    compute_resource_id: str
    override_by_airavata: bool = True
    login_user_name: str | None = None
    preferred_job_submission_protocol: JobSubmissionProtocol | None = None
    preferred_data_movement_protocol: DataMovementProtocol | None = None
    preferred_batch_queue: str | None = None
    scratch_location: str | None = None
    allocation_project_number: str | None = None
    resource_specific_credential_store_token: str | None = None
    usage_reporting_gateway_id: str | None = None
    quality_of_service: str | None = None
    reservation: str | None = None
    reservation_starts_at_ms: int | None = None
    reservation_ends_at_ms: int | None = None
    ssh_account_provisioner: str | None = None
    ssh_account_provisioner_config: Mapping[str, str] | None = None
    ssh_account_provisioner_additional_info: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragePreference:
    """As whom and where a gateway keeps files on a storage resource."""

    storage_resource_id: str
    login_user_name: str | None = None
    file_system_root_location: str | None = None
    resource_specific_credential_store_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayResourceProfile(Record):
    """What a gateway prefers on which resources."""

    IDENTITY: ClassVar[str] = "gateway_id"

    gateway_id: str
    credential_store_token: str | None = None
    compute_resource_preferences: tuple[ComputeResourcePreference, ...] | None = None
    storage_preferences: tuple[StoragePreference, ...] | None = None
    identity_server_tenant: str | None = None
    identity_server_pwd_cred_token: str | None = None
