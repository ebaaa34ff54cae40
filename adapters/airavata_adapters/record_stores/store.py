"""The record store over a database, whichever it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airavata_adapters.record_stores.connections import Connections
from airavata_adapters.record_stores.known_sizes import KnownSizes
from airavata_adapters.record_stores.session import Session
from airavata_adapters.record_stores.sql_records import SqlRecords
from airavata_adapters.sqlite.schema import TableSet
from airavata_workload.ports.record_store import Records, RecordStore

REVISION = "gateway_0003"
TABLES = TableSet(
    wanted=frozenset({REVISION}),
    target="gateway@head",
    migrations=Path(__file__).with_name("migrations"),
    version_table="gateway_alembic_version",
)
"""The tables, their migrations, and where their revision stands."""


class SqlRecordStore(RecordStore):
    """Opens sessions, at most one writing and one reading one a thread; inner blocks join those of outer ones."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._of_thread = threading.local()
        self._sizes = KnownSizes()
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[Records]:
        """As ``RecordStore.transaction``."""
        outer: Session | None = getattr(self._of_thread, "session", None)
        if outer is not None and outer.writing:
            with outer.part():
                yield SqlRecords(outer, self._sizes)
            return
        session = Session(self._connections, writing=True)
        with self._current(session, outer):
            yield SqlRecords(session, self._sizes)
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Records]:
        """As ``RecordStore.reading``."""
        outer: Session | None = getattr(self._of_thread, "session", None)
        if outer is not None:
            yield SqlRecords(outer, self._sizes)
            return
        session = Session(self._connections, writing=False)
        with self._current(session, None):
            yield SqlRecords(session, self._sizes)

    @contextmanager
    def _current(self, session: Session, outer: Session | None) -> Iterator[None]:
        """Make it the session that inner blocks of this thread join; undo at the end what is not durable."""
        self._of_thread.session = session
        try:
            yield
        finally:
            self._of_thread.session = outer
            session.end()

    def close(self) -> None:
        """As ``RecordStore.close``."""
        if not self._closed:
            self._closed = True
            self._connections.close()
