"""Keeps the tables of a database at the revision that this code needs.

The two branches of migrations: ``registry`` (portable; the only one on a
database server) and ``embedded`` (what else the one-process mode stores). A
current database is recognised by comparing two short texts: Alembic, which
takes longer to import than the rest of opening, is only loaded to migrate.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Set
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine

from airavata_adapters import private_files
from airavata_workload.domain.errors import SettingsError

REGISTRY_REVISION = "registry_0001"
EMBEDDED_REVISION = "embedded_0001"
WANTED = frozenset({REGISTRY_REVISION, EMBEDDED_REVISION})
MIGRATIONS = Path(__file__).with_name("migrations")
_MIGRATION_TIMEOUT_S = 120.0


def bring_up_to_date(path: Path) -> None:
    """Make or migrate the tables of the SQLite file, in one transaction and one process at a time.

    Raises ``SettingsError`` if the file is of a newer revision than this code.
    """
    if stored_revisions(path) == WANTED:
        return
    with private_files.exclusive(path.with_name(f"{path.name}.migration-lock"), _MIGRATION_TIMEOUT_S):
        stored = stored_revisions(path)
        if stored == WANTED:  # another process has been quicker
            return
        if stored:
            require_known(stored, WANTED, str(path))
        _migrate(path)


def stored_revisions(path: Path) -> set[str]:
    """The revisions that the SQLite file is of; none if it has no tables. Raises ``sqlite3.Error``."""
    connection = sqlite3.connect(path, timeout=30.0)
    try:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            return set()
        return {revision for (revision,) in connection.execute("SELECT version_num FROM alembic_version")}
    finally:
        connection.close()


def _migrate(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("PRAGMA synchronous=FULL")
        # The driver would not put the creation of tables into a transaction; this way a crash leaves all or nothing.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            upgrade(connection, "heads")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def upgrade(connection: Connection, revision: str) -> None:
    """Run the migrations up to ``revision`` (``heads``, or ``registry@head`` on a database server)."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, revision)


def unknown(stored: Iterable[str], wanted: Set[str]) -> set[str]:
    """Those of the stored revisions that this code has no migration for: a newer version has written them."""
    foreign = set(stored) - wanted
    if not foreign:
        return foreign
    from alembic.script import ScriptDirectory

    return foreign - {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}


def require_known(stored: Iterable[str], wanted: Set[str], where: str) -> None:
    """Raise ``SettingsError``, naming both, if a stored revision is not one that this code has a migration for."""
    newer = sorted(unknown(stored, wanted))
    if newer:
        raise SettingsError(
            f"the database is of revision {', '.join(newer)}, which this version does not know; "
            f"it knows {', '.join(sorted(wanted))}.",
            path=where,
            remedy="Install the version of airavata-workload that wrote it, or use another home directory.",
        )
