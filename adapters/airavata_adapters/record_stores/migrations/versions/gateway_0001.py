"""Everything that portals keep: one table a kind of records. Runs on SQLite, MySQL and MariaDB.

MySQL and MariaDB commit every table and index by itself. So that a migration
which was broken off can be run again, what is there already is left out.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "gateway_0001"
down_revision = None
branch_labels = ("gateway",)
depends_on = None

_TYPES: dict[str, Any] = {
    "key": sa.String(767),
    "id": sa.String(255),
    "tenant": sa.String(128),
    "word": sa.String(64),
    "text": sa.Text(2**24 - 1),
    "number": sa.BigInteger(),
    "flag": sa.Boolean(),
}
_SERVER: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}

_ROWS, _ROWS_OF_A_TENANT, _ROWS_OF_AN_OWNER = 100_000, 50_000, 100
"""A guess, to tell SQLite how much the columns of an index narrow a search."""

# The columns of each table, the first one the primary key, each with its type unless that is "id"; then its indexes.
_TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "gateway_application_modules": (
        ("app_module_id", "gateway_id:tenant", "app_module_name"),
        ("gateway_id app_module_name",),
    ),
    "gateway_application_deployments": (
        ("app_deployment_id", "gateway_id:tenant", "app_module_id", "compute_host_id"),
        ("gateway_id", "app_module_id", "compute_host_id"),
    ),
    "gateway_application_interfaces": (
        ("application_interface_id", "gateway_id:tenant", "application_name"),
        ("gateway_id application_name",),
    ),
    "gateway_compute_resources": (
        ("compute_resource_id", "host_name", "enabled:flag"),
        ("host_name",),
    ),
    "gateway_queue_statuses": (
        ("key:key", "host_name", "queue_name", "at_ms:number"),
        ("host_name queue_name",),
    ),
    "gateway_credential_summaries": (
        ("token", "gateway_id:tenant", "username", "type:word", "owner_type:word"),
        ("gateway_id username",),
    ),
    "gateway_scp_data_movements": (
        ("data_movement_interface_id",),
        (),
    ),
    "gateway_gridftp_data_movements": (
        ("data_movement_interface_id",),
        (),
    ),
    "gateway_unicore_data_movements": (
        ("data_movement_interface_id",),
        (),
    ),
    "gateway_local_data_movements": (
        ("data_movement_interface_id",),
        (),
    ),
    "gateway_data_replica_locations": (
        ("replica_id", "product_uri", "storage_resource_id", "created_at_ms:number"),
        ("product_uri created_at_ms",),
    ),
    "gateway_data_products": (
        (
            "product_uri",
            "gateway_id:tenant",
            "parent_product_uri",
            "product_name:text",
            "owner_name",
            "created_at_ms:number",
        ),
        ("gateway_id owner_name created_at_ms", "parent_product_uri created_at_ms"),
    ),
    "gateway_experiments": (
        (
            "experiment_id",
            "gateway_id:tenant",
            "project_id",
            "user_name",
            "experiment_name:text",
            "description:text",
            "execution_id",
            "created_at_ms:number",
            "state:word",
            "compute_resource_id",
        ),
        (
            "gateway_id created_at_ms",
            "gateway_id user_name created_at_ms",
            "gateway_id state created_at_ms",
            "gateway_id execution_id created_at_ms",
            "gateway_id compute_resource_id created_at_ms",
            "project_id created_at_ms",
        ),
    ),
    "gateway_resource_profiles": (
        ("gateway_id:tenant",),
        (),
    ),
    "gateways": (
        (
            "gateway_id:tenant",
            "gateway_name",
            "domain",
            "gateway_approval_status:word",
            "requester_username",
            "requested_at_ms:number",
        ),
        ("requester_username",),
    ),
    "gateway_groups": (
        ("gateway_id:tenant",),
        (),
    ),
    "gateway_usage_reporting_commands": (
        ("key:key", "gateway_id:tenant", "compute_resource_id"),
        ("gateway_id", "compute_resource_id"),
    ),
    "gateway_group_resource_profiles": (
        ("group_resource_profile_id", "gateway_id:tenant", "group_resource_profile_name", "created_at_ms:number"),
        ("gateway_id created_at_ms",),
    ),
    "gateway_resource_job_managers": (
        ("resource_job_manager_id",),
        (),
    ),
    "gateway_local_submissions": (
        ("job_submission_interface_id",),
        (),
    ),
    "gateway_ssh_job_submissions": (
        ("job_submission_interface_id",),
        (),
    ),
    "gateway_globus_job_submissions": (
        ("job_submission_interface_id",),
        (),
    ),
    "gateway_unicore_job_submissions": (
        ("job_submission_interface_id",),
        (),
    ),
    "gateway_cloud_job_submissions": (
        ("job_submission_interface_id",),
        (),
    ),
    "gateway_jobs": (
        (
            "key:key",
            "job_id",
            "task_id",
            "process_id",
            "experiment_id",
            "job_name",
            "created_at_ms:number",
            "state:word",
        ),
        ("process_id created_at_ms", "experiment_id created_at_ms", "task_id", "job_id"),
    ),
    "gateway_notifications": (
        (
            "notification_id",
            "gateway_id:tenant",
            "created_at_ms:number",
            "published_at_ms:number",
            "expires_at_ms:number",
        ),
        ("gateway_id created_at_ms",),
    ),
    "gateway_parsers": (
        ("id", "gateway_id:tenant"),
        ("gateway_id",),
    ),
    "gateway_parsing_templates": (
        ("id", "gateway_id:tenant", "application_interface"),
        ("gateway_id", "application_interface"),
    ),
    "gateway_experiment_plans": (
        ("key:key", "gateway_id:tenant", "user_name", "created_at_ms:number"),
        ("gateway_id user_name created_at_ms",),
    ),
    "gateway_processes": (
        ("process_id", "experiment_id", "compute_resource_id", "created_at_ms:number", "state:word"),
        ("experiment_id created_at_ms",),
    ),
    "gateway_projects": (
        ("project_id", "gateway_id:tenant", "owner", "name", "description:text", "created_at_ms:number"),
        ("gateway_id owner created_at_ms", "gateway_id created_at_ms"),
    ),
    "gateway_sharing_domains": (
        ("domain_id:tenant", "name"),
        (),
    ),
    "gateway_sharing_users": (
        ("key:key", "domain_id:tenant", "user_id", "user_name"),
        ("domain_id user_id",),
    ),
    "gateway_sharing_group_admins": (
        ("key:key", "domain_id:tenant", "group_id", "admin_id"),
        ("domain_id group_id", "domain_id admin_id"),
    ),
    "gateway_sharing_groups": (
        (
            "key:key",
            "domain_id:tenant",
            "group_id",
            "name",
            "owner_id",
            "group_type:word",
            "group_cardinality:word",
            "created_at_ms:number",
        ),
        ("domain_id group_id", "domain_id owner_id"),
    ),
    "gateway_sharing_group_memberships": (
        ("key:key", "domain_id:tenant", "parent_id", "child_id", "child_type:word"),
        ("domain_id parent_id", "domain_id child_id"),
    ),
    "gateway_sharing_entity_types": (
        ("key:key", "domain_id:tenant", "entity_type_id"),
        ("domain_id entity_type_id",),
    ),
    "gateway_sharing_entities": (
        (
            "key:key",
            "domain_id:tenant",
            "entity_id",
            "entity_type_id",
            "owner_id",
            "parent_entity_id",
            "name",
            "description:text",
            "full_text:text",
            "shared_count:number",
            "original_entity_created_at_ms:number",
            "created_at_ms:number",
            "updated_at_ms:number",
        ),
        (
            "domain_id entity_id",
            "domain_id parent_entity_id",
            "domain_id entity_type_id original_entity_created_at_ms",
            "domain_id owner_id",
        ),
    ),
    "gateway_sharing_permission_types": (
        ("key:key", "domain_id:tenant", "permission_type_id:tenant", "name"),
        ("domain_id permission_type_id",),
    ),
    "gateway_sharing_sharings": (
        (
            "key:key",
            "domain_id:tenant",
            "permission_type_id:tenant",
            "entity_id",
            "group_id",
            "sharing_type:word",
            "inherited_parent_id",
        ),
        (
            "domain_id entity_id",
            "domain_id group_id permission_type_id entity_id",
            "domain_id inherited_parent_id group_id permission_type_id",
        ),
    ),
    "gateway_storage_resources": (
        ("storage_resource_id", "host_name", "enabled:flag"),
        ("host_name",),
    ),
    "gateway_tasks": (
        ("task_id", "parent_process_id", "created_at_ms:number", "state:word"),
        ("parent_process_id created_at_ms",),
    ),
    "gateway_user_resource_profiles": (
        ("key:key", "gateway_id:tenant", "user_id"),
        ("gateway_id user_id",),
    ),
    "gateway_user_profiles": (
        ("key:key", "gateway_id:tenant", "user_id", "first_name", "last_name", "state:word", "created_at_ms:number"),
        ("gateway_id user_id",),
    ),
    "gateway_accounts": (
        ("key:key", "gateway_id:tenant", "user_id", "enabled:flag", "email", "created_at_ms:number"),
        ("gateway_id user_id",),
    ),
    "gateway_airavata_workflows": (
        ("id", "experiment_id"),
        ("experiment_id",),
    ),
    "gateway_workflows": (
        ("template_id", "gateway_id:tenant", "name", "created_user"),
        ("gateway_id name",),
    ),
}


def upgrade() -> None:
    """Make the tables."""
    for table, (columns, indexes) in _TABLES.items():
        _create(table, columns, [index.split() for index in indexes])
    if op.get_context().dialect.name == "sqlite":
        _tell_what_indexes_are_worth()


def _create(table: str, columns: tuple[str, ...], indexes: list[list[str]]) -> None:
    first = columns[0].partition(":")[0]
    op.create_table(
        table,
        *(_column(text, nullable=number > 0) for number, text in enumerate(columns)),
        sa.Column("document", _TYPES["text"], nullable=False),
        sa.PrimaryKeyConstraint(first, name=f"pk_{table}"),
        **_SERVER,
        if_not_exists=True,
    )
    # MySQL has no CREATE INDEX IF NOT EXISTS.
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
    for number, index in enumerate(indexes, 1):
        name = f"ix_{table}_{number}"
        if name not in there:
            op.create_index(name, table, index)


def _tell_what_indexes_are_worth() -> None:
    """Tell SQLite that a gateway has very many records.

    Without that it takes every index for as good as any other, and goes through
    a gateway to find a few ids. It never counts by itself (Source:
    https://www.sqlite.org/lang_analyze.html, "Fixed Results Of ANALYZE").
    """
    op.execute("ANALYZE")  # makes the table, and writes nothing about tables that are empty
    worth = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    rows = [(table, f"sqlite_autoindex_{table}_1", f"{_ROWS} 1") for table in _TABLES]
    for table, (_, indexes) in _TABLES.items():
        rows += [(table, f"ix_{table}_{number}", _worth(index)) for number, index in enumerate(indexes, 1)]
    op.bulk_insert(worth, [dict(zip(("tbl", "idx", "stat"), row, strict=True)) for row in rows])


def _worth(index: str) -> str:
    """All rows, then how many are left when the first column is known, the first two, and so on."""
    left = [_ROWS]
    for column in index.split():
        kept = _ROWS_OF_A_TENANT if column in ("gateway_id", "domain_id") else _ROWS_OF_AN_OWNER
        left.append(1 if column.endswith("_at_ms") else min(left[-1], kept))
    return " ".join(map(str, left))


def _column(text: str, *, nullable: bool) -> sa.Column[Any]:
    name, _, kind = text.partition(":")
    return sa.Column(name, _TYPES[kind or "id"], nullable=nullable)
