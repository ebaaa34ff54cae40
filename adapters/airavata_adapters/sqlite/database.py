"""The database file of a home directory, shared by all embedded ports of a process."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine

from airavata_adapters.sqlite import failures, schema
from airavata_adapters.sqlite.prepared import driver
from airavata_adapters.sqlite.sessions import Sessions
from airavata_adapters.sqlite.signals import Signals
from airavata_adapters.sqlite.writer import LOCK_LIMIT_S, GroupCommitWriter, Safety
from airavata_workload.domain.errors import StoreUnavailableError

T = TypeVar("T")

FILE_NAME = "workload.db"
BUSY_TIMEOUT_S = 5.0
WRITE_TIMEOUT_S = LOCK_LIMIT_S * 2
_IDLE_READERS = 16

# Source for all of these: https://www.sqlite.org/pragma.html. WAL with FULL syncs the log at every commit, so that what
# has been reported as stored survives a loss of power; the writer goes without where nobody waits for that. The
# negative cache size is in KiB.
_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "journal_size_limit=67108864")
_WRITER_PRAGMAS = ("cache_size=-32768", "wal_autocheckpoint=2000")
_READER_PRAGMAS = ("cache_size=-4096", "query_only=ON")


class Database:
    """Reads on connections of their own, writes through the group commit of one thread.

    Made by ``open_database``; every one who opens closes. Methods raise
    ``StoreUnavailableError`` (locked for long, disk full, closed),
    ``DeniedError`` (not writable) and ``DocumentError`` (damaged), and whatever
    the given function raises.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / FILE_NAME
        self.sessions = Sessions(home)
        self._users = 1
        self._readers: deque[Connection] = deque()
        with self._translating():
            schema.prepare_file(self.path)
            self._engine = _engine(self.path)
            self._writer = GroupCommitWriter(self.path, lambda: self._connect(*_WRITER_PRAGMAS))

    @property
    def signals(self) -> Signals:
        """Wakes those who wait for a topic."""
        return self._writer.signals

    def write(self, work: Callable[[Connection], T], *topics: str, safety: Safety = Safety.DURABLE) -> T:
        """What ``work`` returns, once what it wrote is as safe as asked for; its error undoes what it wrote.

        ``work`` runs in the writing thread: it must be quick and must not use this database otherwise.
        Those who wait for one of ``topics`` wake afterwards.
        """
        return self.settled(self._writer.submit(work, topics, safety=safety))

    def write_early(self, work: Callable[[Connection], T], *topics: str) -> T:
        """As ``write``, once it is committed: a loss of power may undo it until this process waits for the disk."""
        return self.write(work, *topics, safety=Safety.VISIBLE)

    def submit(self, work: Callable[[Connection], T], *topics: str, safety: Safety = Safety.DURABLE) -> Future[T]:
        """As ``write``, without waiting; ``settled`` waits."""
        return self._writer.submit(work, topics, safety=safety)

    def settled(self, future: Future[T]) -> T:
        """The result of what was submitted, once it is as safe as was asked for."""
        try:
            return future.result(WRITE_TIMEOUT_S)
        except (TimeoutError, CancelledError):
            if future.done() and not future.cancelled():
                raise  # the work itself raised it
            future.cancel()
            raise StoreUnavailableError(
                f"{self.path} has not taken a write for {WRITE_TIMEOUT_S:g} s; it may still be stored later.",
                remedy="Look whether the disk or another process hangs.",
            ) from None

    def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns; all that it reads is of one instant."""
        with self._translating():
            connection = self._readers.pop() if self._readers else self._connect(*_READER_PRAGMAS)
            raw = driver(connection)
            try:
                raw.execute("BEGIN")
                result = work(connection)
            except BaseException:
                connection.close()
                raise
            raw.execute("COMMIT")
            if len(self._readers) < _IDLE_READERS:
                self._readers.append(connection)
            else:
                connection.close()
            return result

    def share(self) -> None:
        """Count one more user."""
        self._users += 1

    def close(self) -> None:
        """End one use; the last one stops the writing thread and closes the file."""
        with _open_lock:
            self._users -= 1
            if self._users:
                return
            _open_databases.pop(_key(self.path.parent), None)
            self._writer.close()
            while self._readers:
                self._readers.pop().close()

    def _connect(self, *pragmas: str) -> Connection:
        connection = self._engine.connect()
        raw = driver(connection)
        for pragma in (*_PRAGMAS, *pragmas):
            raw.execute(f"PRAGMA {pragma}")
        return connection

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            meaning = failures.translated(error, self.path)
            if meaning is error:
                raise
            raise meaning from error


def _engine(path: Path) -> Engine:
    """An engine whose connections begin no transaction by themselves; reading ones are kept by the database."""
    return create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
        ),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )


_open_lock = threading.Lock()
_open_databases: dict[str, Database] = {}


def _key(home: Path) -> str:
    return os.path.realpath(home)


def open_database(home: Path) -> Database:
    """The database of ``home``, made or migrated if need be; one object for all who open it in this process.

    Raises ``DeniedError``, ``StoreUnavailableError`` and ``DocumentError``.
    """
    with _open_lock:
        found = _open_databases.get(_key(home))
        if found is None:
            found = _open_databases[_key(home)] = Database(home)
        else:
            found.share()
        return found
