"""Transactions of a registry that has a database of its own, named by a URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, inspect, select, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.sql import column

from airavata_adapters.sqlite import failures, schema
from airavata_workload.domain.errors import ConflictError, SettingsError, StoreUnavailableError, WorkloadError

T = TypeVar("T")

_ATTEMPTS = 5
# Source: MySQL 8.4 error reference: 1205 (lock wait time-out) and 1213 (deadlock) ask to try the transaction again.
_TRY_AGAIN = frozenset({1205, 1213})
_SERVERS = frozenset({"mysql", "mariadb"})
_MIGRATION_LOCK = "airavata_workload_schema"
_MIGRATION_TIMEOUT_S = 120


class Transactions(Protocol):
    """What the registry needs of a database; the shared SQLite file offers the same."""

    def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once what it wrote is durable; its error undoes what it wrote."""

    def write_early(self, work: Callable[[Connection], T]) -> T:
        """As ``write``, but it may return before what was written is durable, if later writes are so no earlier."""

    def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns; all that it reads is of one instant."""

    def close(self) -> None:
        """Release connections."""


class ServerDatabase(Transactions):
    """Pooled connections to the database of a URL; its tables are made or migrated when it is opened.

    Raises ``SettingsError`` for a URL that cannot be used and for a database
    of a newer revision, ``StoreUnavailableError`` when the server does not answer.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._name = self._engine.url.render_as_string(hide_password=True)
        self._translating(self._bring_up_to_date)

    def write(self, work: Callable[[Connection], T]) -> T:
        """As ``Transactions.write``; tried again when the server asks for it, so ``work`` may run several times."""

        def attempt() -> T:
            for _ in range(_ATTEMPTS - 1):
                try:
                    return self._once(work)
                except DBAPIError as error:
                    # Another one has just inserted the same: the next attempt sees it.
                    if not isinstance(error, IntegrityError) and not _asks_to_try_again(error):
                        raise
            return self._once(work)

        return self._translating(attempt)

    def write_early(self, work: Callable[[Connection], T]) -> T:
        """As ``write``: other connections may write what comes later, so there is nothing to gain."""
        return self.write(work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """As ``Transactions.read``."""
        return self._translating(lambda: self._once(work))

    def close(self) -> None:
        """As ``Transactions.close``."""
        self._engine.dispose()

    def _once(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def _bring_up_to_date(self) -> None:
        wanted = {schema.REGISTRY_REVISION}
        with self._engine.connect() as connection:
            if _stored(connection) == wanted:
                return
            connection.rollback()
            locks = self._engine.dialect.name in _SERVERS
            if locks:
                connection.execute(
                    text("SELECT GET_LOCK(:name, :limit_s)"), {"name": _MIGRATION_LOCK, "limit_s": _MIGRATION_TIMEOUT_S}
                )
            try:
                stored = _stored(connection)
                if stored != wanted:
                    schema.require_known(stored, wanted, self._name)
                    schema.upgrade(connection, "registry@head")
                connection.commit()
            finally:
                if locks:
                    connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": _MIGRATION_LOCK})

    def _translating(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except DBAPIError as error:
            raise self._meaning(error) from error

    def _meaning(self, error: DBAPIError) -> WorkloadError:
        if isinstance(error, IntegrityError):
            return ConflictError(f"{self._name}: {error.orig}.", remedy="The same is stored already in another form.")
        return StoreUnavailableError(
            f"{self._name}: {error.orig}.", remedy="Check the database server and the settings of the registry."
        )


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() in _SERVERS:
            # Under REPEATABLE READ a transaction would not see what another one has written since it began.
            return create_engine(parsed, pool_pre_ping=True, pool_recycle=1800, isolation_level="READ COMMITTED")
        return create_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise SettingsError(
            f"the registry's database URL cannot be used: {error}",
            key="registry.url",
            remedy="It looks like mysql+pymysql://USER:PASSWORD@HOST/DATABASE; MySQL needs the package pymysql.",
        ) from None


def _asks_to_try_again(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return failures.is_locked(error.orig)
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return bool(arguments) and arguments[0] in _TRY_AGAIN


def _stored(connection: Connection) -> set[str]:
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalars())
