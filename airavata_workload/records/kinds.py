"""All kinds of records that a store keeps."""

from __future__ import annotations

from airavata_workload.records.applications import ApplicationDeployment, ApplicationInterface, ApplicationModule
from airavata_workload.records.compute_resources import ComputeResource, QueueStatus
from airavata_workload.records.credentials import CredentialSummary
from airavata_workload.records.data_movement import (
    GridFTPDataMovement,
    LOCALDataMovement,
    SCPDataMovement,
    UnicoreDataMovement,
)
from airavata_workload.records.data_products import DataProduct, DataReplicaLocation
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.gateways import Gateway, GatewayGroups, GatewayUsageReportingCommand
from airavata_workload.records.group_profiles import GroupResourceProfile
from airavata_workload.records.job_submission import (
    CloudJobSubmission,
    GlobusJobSubmission,
    LOCALSubmission,
    ResourceJobManager,
    SSHJobSubmission,
    UnicoreJobSubmission,
)
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.notifications import Notification
from airavata_workload.records.parsers import Parser, ParsingTemplate
from airavata_workload.records.plans import ExperimentPlan
from airavata_workload.records.processes import GatewayProcess
from airavata_workload.records.projects import Project
from airavata_workload.records.record import Record
from airavata_workload.records.sharing import (
    Domain,
    Entity,
    EntityType,
    GroupAdmin,
    GroupMembership,
    PermissionType,
    Sharing,
    SharingUser,
    UserGroup,
)
from airavata_workload.records.storage_resources import StorageResource
from airavata_workload.records.tasks import GatewayTask
from airavata_workload.records.user_profiles import UserResourceProfile
from airavata_workload.records.users import Account, UserProfile
from airavata_workload.records.workflows import AiravataWorkflow, Workflow

KINDS: tuple[type[Record], ...] = (
    ApplicationModule,
    ApplicationDeployment,
    ApplicationInterface,
    ComputeResource,
    QueueStatus,
    CredentialSummary,
    SCPDataMovement,
    GridFTPDataMovement,
    UnicoreDataMovement,
    LOCALDataMovement,
    DataReplicaLocation,
    DataProduct,
    GatewayExperiment,
    GatewayResourceProfile,
    Gateway,
    GatewayGroups,
    GatewayUsageReportingCommand,
    GroupResourceProfile,
    ResourceJobManager,
    LOCALSubmission,
    SSHJobSubmission,
    GlobusJobSubmission,
    UnicoreJobSubmission,
    CloudJobSubmission,
    GatewayJob,
    Notification,
    Parser,
    ParsingTemplate,
    ExperimentPlan,
    GatewayProcess,
    Project,
    Domain,
    SharingUser,
    GroupAdmin,
    UserGroup,
    GroupMembership,
    EntityType,
    Entity,
    PermissionType,
    Sharing,
    StorageResource,
    GatewayTask,
    UserResourceProfile,
    UserProfile,
    Account,
    AiravataWorkflow,
    Workflow,
)
"""Every kind, each once."""
