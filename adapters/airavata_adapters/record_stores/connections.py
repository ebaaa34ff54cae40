"""Begins and ends transactions, on a database server or in a SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, QueuePool, create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from airavata_adapters.registries import server_errors, server_url
from airavata_adapters.sqlite import failures
from airavata_workload.domain.errors import StoreUnavailableError

BUSY_TIMEOUT_S = 5.0
LOCK_LIMIT_S = 30.0
_IDLE_CONNECTIONS = 8

# Source for all of these: https://www.sqlite.org/pragma.html. WAL with FULL syncs the log at every commit, so that what
# has been reported as stored survives a loss of power. The negative cache size is in KiB.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "journal_size_limit=67108864", "cache_size=-16384")


class Connections(Protocol):
    """What a session needs of a database. Both methods raise ``DBAPIError`` and what ``translated`` gives."""

    server: bool
    """Whether it speaks the dialect of MySQL, and other transactions may undo what one does."""

    def begin(self, *, writing: bool) -> Connection:
        """A connection with a transaction that has begun."""

    def end(self, connection: Connection, *, commit: bool) -> None:
        """End the transaction, and give the connection back whatever happens."""

    def asks_to_try_again(self, error: DBAPIError) -> bool:
        """Whether the database has undone the transaction because of another one."""

    def translated(self, error: Exception) -> Exception:
        """The engine's error for one of the database's; any other as it is."""

    def close(self) -> None:
        """Release connections."""


class ServerConnections(Connections):
    """Pooled connections to the MySQL or MariaDB of a URL."""

    server = True

    def __init__(self, url: URL, *, pool_size: int) -> None:
        self._where = server_url.shown(url)
        self._engine = server_url.engine_of(url, pool_size=pool_size, setting="record_store")
        self._reading = server_url.engine_of(url, pool_size=pool_size, setting="record_store", only_reads=True)

    def begin(self, *, writing: bool) -> Connection:
        """As ``Connections.begin``; the server begins a transaction at the first statement."""
        return (self._engine if writing else self._reading).connect()

    def end(self, connection: Connection, *, commit: bool) -> None:
        """As ``Connections.end``."""
        try:
            if commit:
                connection.commit()
        finally:
            with contextlib.suppress(DBAPIError):  # what the server cannot be told, it does by itself
                connection.close()  # rolls back what is not committed

    def asks_to_try_again(self, error: DBAPIError) -> bool:
        """As ``Connections.asks_to_try_again``."""
        return not isinstance(error, IntegrityError) and server_errors.asks_to_try_again(error)

    def translated(self, error: Exception) -> Exception:
        """As ``Connections.translated``."""
        if isinstance(error, DBAPIError | PoolTimeoutError):
            return server_errors.translated(error, self._where, "record_store")
        return error

    def close(self) -> None:
        """As ``Connections.close``."""
        self._engine.dispose()
        self._reading.dispose()


class FileConnections(Connections):
    """Connections to a SQLite file: any number of readers beside one writer of all processes."""

    server = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._engine = create_engine(
            "sqlite://",
            creator=self._connect,
            isolation_level="AUTOCOMMIT",
            poolclass=QueuePool,
            pool_size=_IDLE_CONNECTIONS,
            max_overflow=-1,
            hide_parameters=True,
        )

    def begin(self, *, writing: bool) -> Connection:
        """As ``Connections.begin``; for writing it waits until no other transaction writes."""
        # SQLite only looks from time to time whether the writer is done; threads of one process know at once.
        if writing and not self._writing.acquire(timeout=LOCK_LIMIT_S):
            raise StoreUnavailableError(
                f"{self._path}: another thread has been writing for {LOCK_LIMIT_S:g} s.",
                remedy="The disk may hang; try again later.",
            )
        try:
            connection = self._engine.connect()
            try:
                self._begin(connection, writing)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            if writing:
                self._writing.release()
            raise
        connection.info["writing"] = writing
        return connection

    def end(self, connection: Connection, *, commit: bool) -> None:
        """As ``Connections.end``."""
        writing = connection.info.pop("writing")
        try:
            if commit:
                connection.exec_driver_sql("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise
        else:
            if not commit:
                _roll_back(connection)
        finally:
            if writing:
                self._writing.release()
            connection.close()

    def asks_to_try_again(self, error: DBAPIError) -> bool:
        """As ``Connections.asks_to_try_again``: never, since a writer waits before it begins."""
        return False

    def translated(self, error: Exception) -> Exception:
        """As ``Connections.translated``."""
        return failures.translated(error, self._path)

    def close(self) -> None:
        """As ``Connections.close``."""
        self._engine.dispose()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        # SQLite's own knows the letters of ASCII only.
        connection.create_function("lower", 1, _lower, deterministic=True)
        return connection

    @staticmethod
    def _begin(connection: Connection, writing: bool) -> None:
        if not writing:
            connection.exec_driver_sql("BEGIN")
            return
        deadline = time.monotonic() + LOCK_LIMIT_S
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # waits for BUSY_TIMEOUT_S
            except DBAPIError as error:
                locked = isinstance(error.orig, sqlite3.Error) and failures.is_locked(error.orig)
                if not locked or time.monotonic() >= deadline:
                    raise
            else:
                return


def _roll_back(connection: Connection) -> None:
    with contextlib.suppress(DBAPIError):  # a full disk has done it; the error that led here is the one to report
        connection.exec_driver_sql("ROLLBACK")


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()
