"""Graph store, task queue, recovery nodes and event bus of the one-process mode. Runs on SQLite only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "embedded_0001"
down_revision = None
branch_labels = ("embedded",)
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _create_dags()
    _create_tasks()
    _create_task_states()
    _create_task_lists()
    _create_messages()
    _create_recovery_nodes()
    _create_events()


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _task_key(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["tasks.number"], name=f"fk_{table}_{column}", ondelete="CASCADE")


def _create_dags() -> None:
    op.create_table(
        "abstract_dags",
        *_text("application_type"),
        *_integers("version"),
        *_text("body"),
        sa.PrimaryKeyConstraint("application_type", "version", name="pk_abstract_dags"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "loaded_dags",
        *_integers("number"),
        *_text("experiment_id", "application_type"),
        *_integers("dag_version", "open_tasks", "unsuccessful_tasks"),
        sa.PrimaryKeyConstraint("number", name="pk_loaded_dags"),
        sa.UniqueConstraint("experiment_id", name="uq_loaded_dags_experiment_id"),
    )
    op.create_index("ix_loaded_dags_unfinished", "loaded_dags", ["number"], sqlite_where=sa.text("open_tasks > 0"))


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        *_integers("number"),
        *_text("task_id"),
        *_integers("dag_number", "position"),
        *_text("process_id", "name", "kind", "resource", "gateway", "depends_on", "trigger_when", "retry"),
        *_integers("priority"),
        *_text("context"),
        sa.PrimaryKeyConstraint("number", name="pk_tasks"),
        sa.UniqueConstraint("task_id", name="uq_tasks_task_id"),
        sa.ForeignKeyConstraint(["dag_number"], ["loaded_dags.number"], name="fk_tasks_dag_number", ondelete="CASCADE"),
    )
    op.create_index("ix_tasks_dag_number_position", "tasks", ["dag_number", "position"])


def _create_task_states() -> None:
    op.create_table(
        "task_states",
        *_integers("task_number"),
        *_text("state"),
        *_integers("attempt", "failures", "open_predecessors", "unsuccessful_predecessors"),
        *_text("owner"),
        *_integers("not_before_us"),
        *_text("waiting_for", "reason", "user_message"),
        sa.Column("job", sa.Text, nullable=True),
        sa.Column("intent", sa.Text, nullable=True),
        *_text("outputs"),
        sa.PrimaryKeyConstraint("task_number", name="pk_task_states"),
        _task_key("task_states", "task_number"),
    )


def _create_task_lists() -> None:
    op.create_table(
        "task_edges",
        *_integers("predecessor", "successor"),
        sa.PrimaryKeyConstraint("predecessor", "successor", name="pk_task_edges"),
        _task_key("task_edges", "predecessor"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "task_history",
        *_integers("task_number", "line"),
        *_text("state"),
        *_integers("attempt", "at_us"),
        *_text("changed_by", "reason"),
        sa.PrimaryKeyConstraint("task_number", "line", name="pk_task_history"),
        _task_key("task_history", "task_number"),
        sqlite_with_rowid=False,
    )


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("number", sa.Integer, primary_key=True),
        *_text("partition", "queue"),
        *_integers("rank"),
        *_text("body"),
        *_integers("deliveries"),
        sa.Column("holder", sa.Text, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["partition", "queue", "rank", "number"],
        sqlite_where=sa.text("holder IS NULL"),
    )
    op.create_index("ix_messages_held", "messages", ["holder"], sqlite_where=sa.text("holder IS NOT NULL"))
    op.create_table(
        "dead_letters",
        *_integers("number"),
        *_text("partition", "queue", "body", "reason"),
        *_integers("at_us"),
        sa.PrimaryKeyConstraint("number", name="pk_dead_letters"),
    )


def _create_recovery_nodes() -> None:
    op.create_table(
        "recovery_nodes",
        *_text("experiment_id", "owner"),
        sa.PrimaryKeyConstraint("experiment_id", name="pk_recovery_nodes"),
    )
    op.create_table(
        "members",
        *_text("session", "service", "host"),
        *_integers("pid", "started_at_us"),
        *_text("capabilities"),
        sa.PrimaryKeyConstraint("session", "service", name="pk_members"),
        sqlite_with_rowid=False,
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", sa.Integer, primary_key=True),
        *_text("topic", "experiment_id", "body"),
        *_integers("at_us"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_experiment_id_sequence", "events", ["experiment_id", "sequence"])
