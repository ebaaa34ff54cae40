"""Registry and audit trail: experiments, state changes, jobs. Runs on SQLite, MySQL and MariaDB.

MySQL and MariaDB commit every table and index by itself. So that a migration
which was broken off can be run again, what is there already is left out.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "registry_0001"
down_revision = None
branch_labels = ("registry",)
depends_on = None

_IDENTIFIER = sa.String(255)
_WORD = sa.String(64)
_LONG_TEXT = sa.Text(2**24 - 1)
_SERVER: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make the tables."""
    _create_experiments()
    _create_state_changes()
    _create_jobs()


def _number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("number", kind, primary_key=True, autoincrement=True)


def _create_index(name: str, table: str, columns: list[str]) -> None:
    # MySQL has no CREATE INDEX IF NOT EXISTS.
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns)


def _create_experiments() -> None:
    op.create_table(
        "experiments",
        _number(),
        sa.Column("experiment_id", _IDENTIFIER, nullable=False),
        sa.Column("name", _LONG_TEXT, nullable=False),
        sa.Column("application_type", _IDENTIFIER, nullable=False),
        sa.Column("compute_resource", _IDENTIFIER, nullable=False),
        sa.Column("user_name", _IDENTIFIER, nullable=False),
        sa.Column("gateway", _IDENTIFIER, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("start_not_before_us", sa.BigInteger, nullable=False),
        sa.Column("process_id", _IDENTIFIER, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("process_state", _WORD, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("updated_at_us", sa.BigInteger, nullable=False),
        sa.Column("reason", _LONG_TEXT, nullable=False),
        sa.Column("user_message", _LONG_TEXT, nullable=False),
        sa.Column("request", _LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_experiments"),
        sa.UniqueConstraint("experiment_id", name="uq_experiments_experiment_id"),
        **_SERVER,
        if_not_exists=True,
    )
    _create_index("ix_experiments_created_at_us_number", "experiments", ["created_at_us", "number"])
    _create_index("ix_experiments_state_created_at_us_number", "experiments", ["state", "created_at_us", "number"])


def _create_state_changes() -> None:
    op.create_table(
        "state_changes",
        _number(),
        sa.Column("subject", _WORD, nullable=False),
        sa.Column("subject_id", _IDENTIFIER, nullable=False),
        sa.Column("experiment_id", _IDENTIFIER, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("changed_by", _IDENTIFIER, nullable=False),
        sa.Column("name", _LONG_TEXT, nullable=False),
        sa.Column("reason", _LONG_TEXT, nullable=False),
        sa.Column("user_message", _LONG_TEXT, nullable=False),
        sa.Column("detail", _LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_state_changes"),
        sa.UniqueConstraint(
            "at_us",
            "subject_id",
            "subject",
            "state",
            "attempt",
            name="uq_state_changes_at_us_subject_id_subject_state_attempt",
        ),
        **_SERVER,
        if_not_exists=True,
    )
    _create_index("ix_state_changes_experiment_id_at_us_number", "state_changes", ["experiment_id", "at_us", "number"])


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        _number(),
        sa.Column("task_id", _IDENTIFIER, nullable=False),
        sa.Column("cluster", _IDENTIFIER, nullable=False),
        sa.Column("job_id", _IDENTIFIER, nullable=False),
        sa.Column("experiment_id", _IDENTIFIER, nullable=False),
        sa.Column("job_name", _IDENTIFIER, nullable=False),
        sa.Column("working_directory", _LONG_TEXT, nullable=False),
        sa.Column("stdout", _LONG_TEXT, nullable=False),
        sa.Column("stderr", _LONG_TEXT, nullable=False),
        sa.Column("submitted_at_us", sa.BigInteger, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=True),
        sa.Column("native_state", _LONG_TEXT, nullable=False),
        sa.Column("reason", _LONG_TEXT, nullable=False),
        sa.Column("updated_at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_jobs"),
        sa.UniqueConstraint("task_id", "cluster", "job_id", name="uq_jobs_task_id_cluster_job_id"),
        **_SERVER,
        if_not_exists=True,
    )
    _create_index(
        "ix_jobs_experiment_id_submitted_at_us_number", "jobs", ["experiment_id", "submitted_at_us", "number"]
    )
