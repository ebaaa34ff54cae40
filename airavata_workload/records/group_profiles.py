"""Group resource profiles: as whom the members of a group work on which resources, and how much they may use."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.data_movement import DataMovementProtocol
from airavata_workload.records.job_submission import JobSubmissionProtocol
from airavata_workload.records.record import Record


class GroupResourceType(StrEnum):
    """Where the members of a group may run jobs."""

    SLURM = "SLURM"
    AWS = "AWS"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAccountSSHProvisionerConfig:
    """A parameter of an account provisioner."""

    resource_id: str
    group_resource_profile_id: str = ""
    config_name: str
    config_value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeResourceReservation:
    """Nodes that a batch system keeps free for somebody, for a time."""

    reservation_id: str = ""
    reservation_name: str
    queue_names: tuple[str, ...]
    starts_at_ms: int
    ends_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmComputeResourcePreference:
    """What clients since 2025 say of a cluster; the other fields of its preference are those of older clients, too."""

    allocation_project_number: str | None = None
    preferred_batch_queue: str | None = None
    quality_of_service: str | None = None
    usage_reporting_gateway_id: str | None = None
    ssh_account_provisioner: str | None = None
    group_ssh_account_provisioner_configs: tuple[GroupAccountSSHProvisionerConfig, ...] | None = None
    ssh_account_provisioner_additional_info: str | None = None
    reservations: tuple[ComputeResourceReservation, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsComputeResourcePreference:
    """What clients since 2025 say of virtual machines."""

    region: str | None = None
    preferred_ami_id: str | None = None
    preferred_instance_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSpecificPreferences:
    """One of its members is set."""

    slurm: SlurmComputeResourcePreference | None = None
    aws: AwsComputeResourcePreference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupComputeResourcePreference:
    """As whom, where and how the members of a group work on a compute resource.

    This is the form before 2025; ``resource_type`` and ``aws`` are set by clients since then alone.
    """

    compute_resource_id: str
    group_resource_profile_id: str = ""
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
    group_ssh_account_provisioner_configs: tuple[GroupAccountSSHProvisionerConfig, ...] | None = None
    ssh_account_provisioner_additional_info: str | None = None
    reservations: tuple[ComputeResourceReservation, ...] | None = None
    resource_type: GroupResourceType | None = None
    aws: AwsComputeResourcePreference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeResourcePolicy:
    """Which batch queues of a compute resource the members of a group may use."""

    resource_policy_id: str = ""
    compute_resource_id: str
    group_resource_profile_id: str = ""
    allowed_batch_queues: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQueueResourcePolicy:
    """How much of a batch queue a job may ask for."""

    resource_policy_id: str = ""
    compute_resource_id: str
    group_resource_profile_id: str = ""
    queue_name: str | None = None
    max_allowed_nodes: int | None = None
    max_allowed_cores: int | None = None
    max_allowed_wall_time_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResourceProfile(Record):
    """What the members of the groups with which it is shared may use, and as whom."""

    IDENTITY: ClassVar[str] = "group_resource_profile_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "group_resource_profile_name", "created_at_ms")

    gateway_id: str
    group_resource_profile_id: str = ""
    group_resource_profile_name: str | None = None
    compute_preferences: tuple[GroupComputeResourcePreference, ...] | None = None
    compute_resource_policies: tuple[ComputeResourcePolicy, ...] | None = None
    batch_queue_resource_policies: tuple[BatchQueueResourcePolicy, ...] | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    default_credential_store_token: str | None = None
