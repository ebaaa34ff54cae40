"""Tables of the registry and audit trail, for SQLite, MySQL and MariaDB alike.

Instants are microseconds since the epoch as integers: no dialect keeps them
differently. Names and ids compare by code point, not by the server's language;
only blanks at their end do not count on a server (Source: MySQL 8.4 manual,
10.8.5 "The binary Collation Compared to _bin Collations"), and no id has any.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING_CONVENTION)

# InnoDB takes 3,072 bytes an index key, 4 bytes a character (Source: MySQL 8.4 manual, 17.21 "InnoDB limits").
IDENTIFIER = String(255)
WORD = String(64)
# MySQL chooses the text type by the length asked for; its plain TEXT ends at 64 KiB.
LONG_TEXT = Text(2**24 - 1)
# Only "INTEGER PRIMARY KEY" numbers rows by itself in SQLite.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def server_options() -> dict[str, Any]:
    """What MySQL and MariaDB are told of every table."""
    options = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
    return {f"{dialect}_{key}": value for dialect in ("mysql", "mariadb") for key, value in options.items()}


experiments = Table(
    "experiments",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("experiment_id", IDENTIFIER, nullable=False, unique=True),
    Column("name", LONG_TEXT, nullable=False),
    Column("application_type", IDENTIFIER, nullable=False),
    Column("compute_resource", IDENTIFIER, nullable=False),
    Column("user_name", IDENTIFIER, nullable=False),
    Column("gateway", IDENTIFIER, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("start_not_before_us", BigInteger, nullable=False),
    Column("process_id", IDENTIFIER, nullable=False),
    Column("state", WORD, nullable=False),
    Column("process_state", WORD, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("reason", LONG_TEXT, nullable=False),
    Column("user_message", LONG_TEXT, nullable=False),
    Column("request", LONG_TEXT, nullable=False),
    Index(None, "created_at_us", "number"),
    Index(None, "state", "created_at_us", "number"),
    **server_options(),
)

state_changes = Table(
    "state_changes",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("subject", WORD, nullable=False),
    Column("subject_id", IDENTIFIER, nullable=False),
    Column("experiment_id", IDENTIFIER, nullable=False),
    Column("state", WORD, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("changed_by", IDENTIFIER, nullable=False),
    Column("name", LONG_TEXT, nullable=False),
    Column("reason", LONG_TEXT, nullable=False),
    Column("user_message", LONG_TEXT, nullable=False),
    Column("detail", LONG_TEXT, nullable=False),
    # The instant comes first so that new rows meet in a few pages at the index's end, however many are stored.
    UniqueConstraint("at_us", "subject_id", "subject", "state", "attempt"),
    Index(None, "experiment_id", "at_us", "number"),
    **server_options(),
)

jobs = Table(
    "jobs",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("task_id", IDENTIFIER, nullable=False),
    Column("cluster", IDENTIFIER, nullable=False),
    Column("job_id", IDENTIFIER, nullable=False),
    Column("experiment_id", IDENTIFIER, nullable=False),
    Column("job_name", IDENTIFIER, nullable=False),
    Column("working_directory", LONG_TEXT, nullable=False),
    Column("stdout", LONG_TEXT, nullable=False),
    Column("stderr", LONG_TEXT, nullable=False),
    Column("submitted_at_us", BigInteger, nullable=False),
    Column("state", WORD, nullable=False),
    Column("exit_code", Integer, nullable=True),
    Column("native_state", LONG_TEXT, nullable=False),
    Column("reason", LONG_TEXT, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    UniqueConstraint("task_id", "cluster", "job_id"),
    Index(None, "experiment_id", "submitted_at_us", "number"),
    **server_options(),
)
