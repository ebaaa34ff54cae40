"""Under which name each kind of records has its table, and in which order its lists are read.

An index ends where the id begins: InnoDB keeps the id behind every index by
itself (Source: MySQL 8.4 manual, 17.6.2.1 "Clustered and Secondary Indexes"),
and SQLite sorts the few rows that are equal up to there.
"""

from __future__ import annotations

from collections.abc import Mapping

from airavata_workload.records import (
    applications,
    compute_resources,
    credentials,
    data_movement,
    data_products,
    experiments,
    gateway_profiles,
    gateways,
    group_profiles,
    job_submission,
    jobs,
    notifications,
    parsers,
    plans,
    processes,
    projects,
    sharing,
    storage_resources,
    tasks,
    user_profiles,
    users,
    workflows,
)
from airavata_workload.records.record import Record

Indexes = tuple[tuple[str, ...], ...]

LAYOUT: Mapping[type[Record], tuple[str, Indexes]] = {
    applications.ApplicationModule: ("gateway_application_modules", (("gateway_id", "app_module_name"),)),
    applications.ApplicationDeployment: (
        "gateway_application_deployments",
        (("gateway_id",), ("app_module_id",), ("compute_host_id",)),
    ),
    applications.ApplicationInterface: ("gateway_application_interfaces", (("gateway_id", "application_name"),)),
    compute_resources.ComputeResource: ("gateway_compute_resources", (("host_name",),)),
    compute_resources.QueueStatus: ("gateway_queue_statuses", (("host_name", "queue_name"),)),
    credentials.CredentialSummary: ("gateway_credential_summaries", (("gateway_id", "username"),)),
    data_movement.SCPDataMovement: ("gateway_scp_data_movements", ()),
    data_movement.GridFTPDataMovement: ("gateway_gridftp_data_movements", ()),
    data_movement.UnicoreDataMovement: ("gateway_unicore_data_movements", ()),
    data_movement.LOCALDataMovement: ("gateway_local_data_movements", ()),
    data_products.DataReplicaLocation: ("gateway_data_replica_locations", (("product_uri", "created_at_ms"),)),
    data_products.DataProduct: (
        "gateway_data_products",
        (("gateway_id", "owner_name", "created_at_ms"), ("parent_product_uri", "created_at_ms")),
    ),
    experiments.GatewayExperiment: (
        "gateway_experiments",
        (
            # With the id, so that the head of the name may stand behind what lists are ordered by.
            ("gateway_id", "created_at_ms", "experiment_id", "experiment_name_head"),
            ("gateway_id", "user_name", "created_at_ms"),
            ("gateway_id", "state", "created_at_ms"),
            ("gateway_id", "execution_id", "created_at_ms"),
            ("gateway_id", "compute_resource_id", "created_at_ms"),
            ("project_id", "created_at_ms"),
        ),
    ),
    gateway_profiles.GatewayResourceProfile: ("gateway_resource_profiles", ()),
    gateways.Gateway: ("gateways", (("requester_username",),)),
    gateways.GatewayGroups: ("gateway_groups", ()),
    gateways.GatewayUsageReportingCommand: (
        "gateway_usage_reporting_commands",
        (("gateway_id",), ("compute_resource_id",)),
    ),
    group_profiles.GroupResourceProfile: ("gateway_group_resource_profiles", (("gateway_id", "created_at_ms"),)),
    job_submission.ResourceJobManager: ("gateway_resource_job_managers", ()),
    job_submission.LOCALSubmission: ("gateway_local_submissions", ()),
    job_submission.SSHJobSubmission: ("gateway_ssh_job_submissions", ()),
    job_submission.GlobusJobSubmission: ("gateway_globus_job_submissions", ()),
    job_submission.UnicoreJobSubmission: ("gateway_unicore_job_submissions", ()),
    job_submission.CloudJobSubmission: ("gateway_cloud_job_submissions", ()),
    jobs.GatewayJob: (
        "gateway_jobs",
        (("process_id", "created_at_ms"), ("experiment_id", "created_at_ms"), ("task_id",), ("job_id",)),
    ),
    notifications.Notification: ("gateway_notifications", (("gateway_id", "created_at_ms"),)),
    parsers.Parser: ("gateway_parsers", (("gateway_id",),)),
    parsers.ParsingTemplate: ("gateway_parsing_templates", (("gateway_id",), ("application_interface",))),
    plans.ExperimentPlan: ("gateway_experiment_plans", (("gateway_id", "user_name", "created_at_ms"),)),
    processes.GatewayProcess: ("gateway_processes", (("experiment_id", "created_at_ms"),)),
    projects.Project: ("gateway_projects", (("gateway_id", "owner", "created_at_ms"), ("gateway_id", "created_at_ms"))),
    sharing.Domain: ("gateway_sharing_domains", ()),
    sharing.SharingUser: ("gateway_sharing_users", (("domain_id", "user_id"),)),
    sharing.GroupAdmin: ("gateway_sharing_group_admins", (("domain_id", "group_id"), ("domain_id", "admin_id"))),
    sharing.UserGroup: ("gateway_sharing_groups", (("domain_id", "group_id"), ("domain_id", "owner_id"))),
    sharing.GroupMembership: (
        "gateway_sharing_group_memberships",
        (("domain_id", "parent_id"), ("domain_id", "child_id")),
    ),
    sharing.EntityType: ("gateway_sharing_entity_types", (("domain_id", "entity_type_id"),)),
    sharing.Entity: (
        "gateway_sharing_entities",
        (
            ("domain_id", "entity_id"),
            ("domain_id", "parent_entity_id"),
            ("domain_id", "entity_type_id", "original_entity_created_at_ms"),
            ("domain_id", "owner_id"),
        ),
    ),
    sharing.PermissionType: ("gateway_sharing_permission_types", (("domain_id", "permission_type_id"),)),
    sharing.Sharing: (
        "gateway_sharing_sharings",
        (
            # The first two find the few grants on an entity, the others tell without their rows whose they are.
            ("domain_id", "entity_id", "group_id", "permission_type_id"),
            ("domain_id", "group_id", "permission_type_id", "entity_id"),
            ("domain_id", "inherited_parent_id", "group_id", "permission_type_id"),
        ),
    ),
    storage_resources.StorageResource: ("gateway_storage_resources", (("host_name",),)),
    tasks.GatewayTask: ("gateway_tasks", (("parent_process_id", "created_at_ms"),)),
    user_profiles.UserResourceProfile: ("gateway_user_resource_profiles", (("gateway_id", "user_id"),)),
    users.UserProfile: ("gateway_user_profiles", (("gateway_id", "user_id"),)),
    users.Account: ("gateway_accounts", (("gateway_id", "user_id"),)),
    workflows.AiravataWorkflow: ("gateway_airavata_workflows", (("experiment_id",),)),
    workflows.Workflow: ("gateway_workflows", (("gateway_id", "name"),)),
}

LONG_TEXTS = frozenset({"description", "experiment_name", "full_text", "product_name"})
"""Searchable texts that people write, without a limit worth naming; no index has them whole."""

HEADS: Mapping[str, str] = {"experiment_name": "experiment_name_head"}
"""Of these of them a column of its own has the first 255 characters, which an index has: a search for a part of such a
text reads the index alone, and the rows, which are a hundred times as large, of none but longer texts."""
