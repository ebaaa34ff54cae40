"""Ways to bring jobs to a compute resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.applications import ApplicationParallelismType
from airavata_workload.records.record import Record
from airavata_workload.records.security import SecurityProtocol


class ResourceJobManagerType(StrEnum):
    """Batch systems."""

    FORK = "FORK"
    PBS = "PBS"
    SLURM = "SLURM"
    LSF = "LSF"
    UGE = "UGE"
    CLOUD = "CLOUD"
    AIRAVATA_CUSTOM = "AIRAVATA_CUSTOM"
    HTCONDOR = "HTCONDOR"


class JobManagerCommand(StrEnum):
    """What a batch system can be told to do."""

    SUBMISSION = "SUBMISSION"
    JOB_MONITORING = "JOB_MONITORING"
    DELETION = "DELETION"
    CHECK_JOB = "CHECK_JOB"
    SHOW_QUEUE = "SHOW_QUEUE"
    SHOW_RESERVATION = "SHOW_RESERVATION"
    SHOW_START = "SHOW_START"
    SHOW_CLUSTER_INFO = "SHOW_CLUSTER_INFO"
    SHOW_NO_OF_RUNNING_JOBS = "SHOW_NO_OF_RUNNING_JOBS"
    SHOW_NO_OF_PENDING_JOBS = "SHOW_NO_OF_PENDING_JOBS"


class JobSubmissionProtocol(StrEnum):
    """How jobs get to a compute resource."""

    LOCAL = "LOCAL"
    SSH = "SSH"
    GLOBUS = "GLOBUS"
    UNICORE = "UNICORE"
    CLOUD = "CLOUD"
    SSH_FORK = "SSH_FORK"
    LOCAL_FORK = "LOCAL_FORK"


class MonitorMode(StrEnum):
    """How one learns what became of a job."""

    POLL_JOB_MANAGER = "POLL_JOB_MANAGER"
    CLOUD_JOB_MONITOR = "CLOUD_JOB_MONITOR"
    JOB_EMAIL_NOTIFICATION_MONITOR = "JOB_EMAIL_NOTIFICATION_MONITOR"
    XSEDE_AMQP_SUBSCRIBE = "XSEDE_AMQP_SUBSCRIBE"
    FORK = "FORK"
    LOCAL = "LOCAL"


class ProviderName(StrEnum):
    """Providers of virtual machines."""

    EC2 = "EC2"
    AWSEC2 = "AWSEC2"
    RACKSPACE = "RACKSPACE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceJobManager(Record):
    """A batch system: where its commands are, and how they are called if not as usual.

    ``parallelism_prefix`` is what starts a program of that parallelism.
    """

    IDENTITY: ClassVar[str] = "resource_job_manager_id"

    resource_job_manager_id: str = ""
    resource_job_manager_type: ResourceJobManagerType
    push_monitoring_endpoint: str | None = None
    job_manager_bin_path: str | None = None
    job_manager_commands: Mapping[JobManagerCommand, str] | None = None
    parallelism_prefix: Mapping[ApplicationParallelismType, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LOCALSubmission(Record):
    """On this machine."""

    IDENTITY: ClassVar[str] = "job_submission_interface_id"

    job_submission_interface_id: str = ""
    resource_job_manager: ResourceJobManager
    security_protocol: SecurityProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SSHJobSubmission(Record):
    """Over SSH. ``batch_queue_email_senders`` are the senders of a batch system's mails."""

    IDENTITY: ClassVar[str] = "job_submission_interface_id"

    job_submission_interface_id: str = ""
    security_protocol: SecurityProtocol
    resource_job_manager: ResourceJobManager
    alternative_ssh_host_name: str | None = None
    ssh_port: int = 22
    monitor_mode: MonitorMode | None = None
    batch_queue_email_senders: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobusJobSubmission(Record):
    """By Globus."""

    IDENTITY: ClassVar[str] = "job_submission_interface_id"

    job_submission_interface_id: str = ""
    security_protocol: SecurityProtocol
    globus_gate_keeper_end_point: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnicoreJobSubmission(Record):
    """By UNICORE."""

    IDENTITY: ClassVar[str] = "job_submission_interface_id"

    job_submission_interface_id: str = ""
    security_protocol: SecurityProtocol
    unicore_end_point_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudJobSubmission(Record):
    """On a virtual machine."""

    IDENTITY: ClassVar[str] = "job_submission_interface_id"

    job_submission_interface_id: str = ""
    security_protocol: SecurityProtocol
    node_id: str
    executable_type: str
    provider_name: ProviderName
    user_account_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSubmissionInterface:
    """Names a way of a compute resource; those of the least ``priority_order`` are tried first."""

    job_submission_interface_id: str
    job_submission_protocol: JobSubmissionProtocol
    priority_order: int = 0
