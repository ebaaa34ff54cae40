"""The tables in a database that a URL names: which revision they are of, and bringing them up to date."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError

from airavata_adapters import private_files
from airavata_adapters.registries import server_errors, server_url
from airavata_adapters.sqlite import schema
from airavata_workload.domain.errors import SettingsError, StoreUnavailableError
from airavata_workload.ports.store_schema import SchemaState, StoreSchema

T = TypeVar("T")

_LOCK_LIMIT_S = 120
_LOCK_STEP_S = 5
_STATEMENT_LIMIT_S = 3600
"""A migration may have to rewrite a large table."""


class ServerSchema(StoreSchema):
    """Looks at, or migrates, the tables over a connection of its own."""

    def __init__(self, url: URL, tables: schema.TableSet = schema.REGISTRY, *, setting: str = "registry") -> None:
        self._url = url
        self._tables = tables
        self._setting = setting
        self._where = server_url.shown(url)

    def state(self) -> SchemaState:
        """As ``StoreSchema.state``."""
        # At every start, so no longer than any other answer is waited for: the far side may have vanished.
        return self._connected(lambda connection: self._of(self._stored(connection)))

    def upgrade(self) -> SchemaState:
        """As ``StoreSchema.upgrade``; of several processes that begin it, one does it and the others wait."""
        return self._connected(self._upgrade, _STATEMENT_LIMIT_S)

    def _of(self, stored: frozenset[str]) -> SchemaState:
        tables = self._tables
        return SchemaState(
            where=self._where, stored=stored, wanted=tables.wanted, unknown=schema.unknown(stored, tables)
        )

    def _upgrade(self, connection: Connection) -> SchemaState:
        with self._alone(connection):
            stored = self._stored(connection)
            if stored != self._tables.wanted:  # nobody has been quicker
                schema.require_known(stored, self._tables, self._where)
                schema.upgrade(connection, self._tables.target, self._tables.migrations)
                stored = self._stored(connection)
            connection.commit()
        return self._of(stored)

    @contextmanager
    def _alone(self, connection: Connection) -> Iterator[None]:
        """Keep other processes from migrating the same database; the lock ends with the connection at the latest."""
        if self._url.get_backend_name() not in server_url.SERVERS:
            path = Path(self._url.database or "")
            with private_files.exclusive(path.with_name(f"{path.name}.migration-lock"), _LOCK_LIMIT_S):
                yield
            return
        # Names of locks are the server's, not the database's, and have at most 64 characters.
        database = hashlib.sha256((self._url.database or "").encode()).hexdigest()[:32]
        name = {"name": f"airavata_workload:{database}"}
        for _ in range(_LOCK_LIMIT_S // _LOCK_STEP_S):
            if connection.execute(text("SELECT GET_LOCK(:name, :limit_s)"), {**name, "limit_s": _LOCK_STEP_S}).scalar():
                break
        else:
            raise StoreUnavailableError(
                f"{self._where}: another process has been migrating the tables for {_LOCK_LIMIT_S} s.",
                remedy="Wait for it; SHOW PROCESSLIST tells what it does.",
            )
        try:
            yield
        finally:
            if not connection.invalidated:
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), name)

    def _connected(self, work: Callable[[Connection], T], answer_timeout_s: int | None = None) -> T:
        engine = server_url.engine_of(self._url, pool_size=1, answer_timeout_s=answer_timeout_s, setting=self._setting)
        try:
            with engine.connect() as connection:
                try:
                    return work(connection)
                finally:
                    if not connection.invalidated:
                        connection.rollback()
        except DBAPIError as error:
            raise server_errors.translated(error, self._where, self._setting) from error
        except OSError as error:
            # From the driver, before it connects: a file of the TLS parameters cannot be read.
            raise SettingsError(
                f"{self._where}: {error.strerror or error}: {error.filename or 'a file of the URL'}.",
                key=f"{self._setting}.url",
                remedy="Check ssl_ca, ssl_cert and ssl_key.",
            ) from None
        finally:
            engine.dispose()

    def _stored(self, connection: Connection) -> frozenset[str]:
        name = self._tables.version_table
        if not inspect(connection).has_table(name):
            return frozenset()
        return frozenset(connection.execute(select(column("version_num")).select_from(table(name))).scalars())
