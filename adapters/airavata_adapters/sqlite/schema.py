"""Keeps the tables of a database at the revision that this code needs.

The two branches of the engine's migrations: ``registry`` (portable; the only
one on a database server) and ``embedded`` (what else the one-process mode
stores). Others have migrations, and a table of their revision, of their own,
so that they may share a database or not (``TableSet``). A current database is
recognised by comparing two short texts: Alembic, which takes longer to import
than the rest of opening, is only loaded to migrate.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine

from airavata_adapters import private_files
from airavata_workload.domain.errors import SettingsError

REGISTRY_REVISION = "registry_0001"
EMBEDDED_REVISION = "embedded_0001"
WANTED = frozenset({REGISTRY_REVISION, EMBEDDED_REVISION})
MIGRATIONS = Path(__file__).with_name("migrations")
_MIGRATION_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSet:
    """Tables that are migrated together: their revisions, and how Alembic reaches them from any other.

    ``target`` is what ``upgrade`` goes to; the table ``version_table`` says which revision they are of.
    """

    wanted: frozenset[str]
    target: str
    migrations: Path = MIGRATIONS
    version_table: str = "alembic_version"


EMBEDDED = TableSet(wanted=WANTED, target="heads")
"""All that the shared file holds."""
REGISTRY = TableSet(wanted=frozenset({REGISTRY_REVISION}), target="registry@head")
"""What a registry on a database server holds."""


def prepare_file(path: Path, tables: TableSet = EMBEDDED) -> None:
    """Make the file if it is not there, readable by its owner alone, and ``bring_up_to_date`` its tables."""
    private_files.make_directory(path.parent)
    # SQLite gives the files beside this one (-wal, -shm) the mode of this one.
    os.close(private_files.open_private(path))
    bring_up_to_date(path, tables)


def bring_up_to_date(path: Path, tables: TableSet = EMBEDDED) -> None:
    """Make or migrate the tables of the SQLite file, in one transaction and one process at a time.

    Raises ``SettingsError`` if the file is of a newer revision than this code.
    """
    if stored_revisions(path, tables) == tables.wanted:
        return
    with private_files.exclusive(path.with_name(f"{path.name}.migration-lock"), _MIGRATION_TIMEOUT_S):
        stored = stored_revisions(path, tables)
        if stored == tables.wanted:  # another process has been quicker
            return
        if stored:
            require_known(stored, tables, str(path))
        _migrate(path, tables)


def stored_revisions(path: Path, tables: TableSet = EMBEDDED) -> set[str]:
    """The revisions that the SQLite file is of; none if it has no tables. Raises ``sqlite3.Error``."""
    connection = sqlite3.connect(path, timeout=30.0)
    try:
        look = "SELECT 1 FROM sqlite_master WHERE name = ?"
        if connection.execute(look, (tables.version_table,)).fetchone() is None:
            return set()
        read = f"SELECT version_num FROM {tables.version_table}"  # noqa: S608 - a name of ours
        return {revision for (revision,) in connection.execute(read)}
    finally:
        connection.close()


def _migrate(path: Path, tables: TableSet) -> None:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("PRAGMA synchronous=FULL")
        # The driver would not put the creation of tables into a transaction; this way a crash leaves all or nothing.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            upgrade(connection, tables.target, tables.migrations)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def upgrade(connection: Connection, revision: str, migrations: Path = MIGRATIONS) -> None:
    """Run the migrations of a directory up to ``revision`` (``heads``, or ``registry@head`` on a database server)."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    command.upgrade(config, revision)


def unknown(stored: Iterable[str], tables: TableSet) -> set[str]:
    """Those of the stored revisions that this code has no migration for: a newer version has written them."""
    foreign = set(stored) - tables.wanted
    if not foreign:
        return foreign
    from alembic.script import ScriptDirectory

    return foreign - {script.revision for script in ScriptDirectory(str(tables.migrations)).walk_revisions()}


def require_known(stored: Iterable[str], tables: TableSet, where: str) -> None:
    """Raise ``SettingsError``, naming both, if a stored revision is not one that this code has a migration for."""
    newer = sorted(unknown(stored, tables))
    if newer:
        raise SettingsError(
            f"the database is of revision {', '.join(newer)}, which this version does not know; "
            f"it knows {', '.join(sorted(tables.wanted))}.",
            path=where,
            remedy="Install the version of airavata-workload that wrote it, or use another home directory.",
        )
