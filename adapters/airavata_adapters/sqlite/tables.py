"""Tables of the embedded graph store, task queue, recovery nodes and event bus.

A task is kept in two rows: ``tasks`` has what never changes (its context may be
large), ``task_states`` what every transition rewrites. Rows refer to one
another by small integers that grow, so that what runs now lies together at
the end of every table and index and costs the same however much is stored.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, Text, text

from airavata_adapters.registries.tables import NAMING_CONVENTION

metadata = MetaData(naming_convention=NAMING_CONVENTION)

abstract_dags = Table(
    "abstract_dags",
    metadata,
    Column("application_type", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)

loaded_dags = Table(
    "loaded_dags",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("experiment_id", Text, nullable=False, unique=True),
    Column("application_type", Text, nullable=False),
    Column("dag_version", Integer, nullable=False),
    Column("open_tasks", Integer, nullable=False),
    Column("unsuccessful_tasks", Integer, nullable=False),
    # What is unfinished is found without looking at what is finished.
    Index("ix_loaded_dags_unfinished", "number", sqlite_where=text("open_tasks > 0")),
)

tasks = Table(
    "tasks",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("task_id", Text, nullable=False, unique=True),
    Column("dag_number", Integer, ForeignKey("loaded_dags.number", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("process_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("gateway", Text, nullable=False),
    Column("depends_on", Text, nullable=False),
    Column("trigger_when", Text, nullable=False),
    Column("retry", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("context", Text, nullable=False),
    Index(None, "dag_number", "position"),
)

task_states = Table(
    "task_states",
    metadata,
    Column("task_number", Integer, ForeignKey("tasks.number", ondelete="CASCADE"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("open_predecessors", Integer, nullable=False),
    Column("unsuccessful_predecessors", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("not_before_us", Integer, nullable=False),
    Column("waiting_for", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("user_message", Text, nullable=False),
    Column("job", Text, nullable=True),
    Column("intent", Text, nullable=True),
    Column("outputs", Text, nullable=False),
)

task_edges = Table(
    "task_edges",
    metadata,
    Column("predecessor", Integer, ForeignKey("tasks.number", ondelete="CASCADE"), primary_key=True),
    # No foreign key: checking it would need a second index, and both ends are always removed together.
    Column("successor", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

task_history = Table(
    "task_history",
    metadata,
    Column("task_number", Integer, ForeignKey("tasks.number", ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at_us", Integer, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)

messages = Table(
    "messages",
    metadata,
    # Never given twice, so that a late acknowledgement cannot hit another message.
    Column("number", Integer, primary_key=True),
    Column("partition", Text, nullable=False),
    Column("queue", Text, nullable=False),
    # The negative priority: ascending order is the order of delivery.
    Column("rank", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("holder", Text, nullable=True),
    Index("ix_messages_waiting", "partition", "queue", "rank", "number", sqlite_where=text("holder IS NULL")),
    Index("ix_messages_held", "holder", sqlite_where=text("holder IS NOT NULL")),
    sqlite_autoincrement=True,
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("partition", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_us", Integer, nullable=False),
)

recovery_nodes = Table(
    "recovery_nodes",
    metadata,
    Column("experiment_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("session", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at_us", Integer, nullable=False),
    Column("capabilities", Text, nullable=False),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("experiment_id", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at_us", Integer, nullable=False),
    Index(None, "experiment_id", "sequence"),
    sqlite_autoincrement=True,
)
