"""The records of a transaction, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Select, bindparam, delete, func, insert, select
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import IntegrityError

from airavata_adapters.record_stores.conditions import condition
from airavata_adapters.record_stores.rows import is_id, record_of, row_of
from airavata_adapters.record_stores.session import Session
from airavata_adapters.record_stores.tables import KindTable, table_of
from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.ports.record_store import EVERYTHING, Among, Query, Records
from airavata_workload.records.record import Record

R = TypeVar("R", bound=Record)

_FEW = 1000
"""Up to so many records are fetched one by one and put in order more quickly than found by going through all."""
_ROWS_A_STATEMENT = 500
_PUTS: dict[tuple[type[Record], bool], Insert] = {}
_GETS: dict[tuple[type[Record], bool], Select[Any]] = {}


class SqlRecords(Records):
    """The port over the steps of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # -- one record --------------------------------------------------------------
    def get(self, kind: type[R], key: str) -> R | None:
        """As ``Records.get``."""
        table = table_of(kind)
        if not is_id(key, table):
            return None
        if self._session.writing:
            return self._read(kind, key)
        seen: dict[tuple[type[Record], str], Any] = self._session.seen
        if (kind, key) not in seen:
            seen[kind, key] = self._read(kind, key)
        found: R | None = seen[kind, key]
        return found

    def _read(self, kind: type[R], key: str) -> R | None:
        statement = _by_key(kind, writing=self._session.writing)
        document = self._session.run(lambda connection: connection.execute(statement, {"key": key}).scalar())
        return None if document is None else record_of(kind, document)

    def add(self, record: Record) -> None:
        """As ``Records.add``."""
        self._require_writing()
        table = table_of(type(record))
        row = row_of(record, table)

        def insert_row(connection: Connection) -> bool:
            try:
                connection.execute(insert(table.table), row)
            except IntegrityError:
                return False
            return True

        if not self._session.run(insert_row):
            raise ConflictError(
                f"There is a {type(record).__name__} '{record.identity}' already.",
                remedy="Choose another id, or change the one that is there.",
            )

    def put(self, record: Record) -> None:
        """As ``Records.put``."""
        self.put_all(type(record), [record])

    def put_all(self, kind: type[R], records: Iterable[R]) -> None:
        """As ``Records.put_all``."""
        self._require_writing()
        table = table_of(kind)
        statement = _insert_or_replace(kind, server=self._session.server)
        # One row alone goes as itself: a list is sent another way, which costs more to begin with.
        all_rows = [row_of(record, table) for record in records]
        for begin in range(0, len(all_rows), _ROWS_A_STATEMENT):
            rows = all_rows[begin : begin + _ROWS_A_STATEMENT]
            self._session.run(partial(_write, statement, rows if len(rows) > 1 else rows[0]))

    def delete(self, kind: type[Record], key: str) -> bool:
        """As ``Records.delete``."""
        self._require_writing()
        table = table_of(kind)
        if not is_id(key, table):
            return False
        statement = delete(table.table).where(table.identity == key)
        return self._session.run(lambda connection: connection.execute(statement).rowcount > 0)

    def delete_all(self, kind: type[Record], which: Query) -> int:
        """As ``Records.delete_all``."""
        self._require_writing()
        table = table_of(kind)
        # MySQL does not let a statement that deletes read its table a second time (Source: manual, 15.2.2 "DELETE").
        matching = condition(table.without_heads(), which, self._few, server=self._session.server)
        statement = delete(table.table).where(matching)
        return self._session.run(lambda connection: int(connection.execute(statement).rowcount))

    # -- many records ------------------------------------------------------------
    def find(
        self,
        kind: type[R],
        which: Query = EVERYTHING,
        *,
        order_by: str = "",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[R]:
        """As ``Records.find``."""
        if offset < 0 or (limit is not None and limit < 0):
            raise InputError(f"a page cannot begin at {offset} and have {limit} records.")
        table = table_of(kind)
        columns = [table.identity] if order_by in ("", kind.IDENTITY) else [table.column(order_by), table.identity]
        order = [each.desc() if descending else each.asc() for each in columns]
        if limit is None and not offset:
            statement = self._matching(select(table.document), table, which).order_by(*order)
        else:
            # Which ones they are the indexes tell; the rows of all others, which hold the documents, are not read.
            ids = self._matching(select(table.identity), table, which).order_by(*order).limit(limit).offset(offset)
            page = ids.subquery("page")
            found = table.source.join(page, table.identity == page.c[kind.IDENTITY])
            statement = select(table.document).select_from(found).order_by(*order)
        documents = self._session.run(lambda connection: list(connection.execute(statement).scalars().all()))
        return [record_of(kind, document) for document in documents]

    def count(self, kind: type[Record], which: Query = EVERYTHING) -> int:
        """As ``Records.count``."""
        table = table_of(kind)
        statement = self._matching(select(func.count()).select_from(table.source), table, which)
        return self._session.run(lambda connection: int(connection.execute(statement).scalar_one()))

    def count_by(self, kind: type[Record], column: str, which: Query = EVERYTHING) -> Mapping[str, int]:
        """As ``Records.count_by``."""
        table = table_of(kind)
        of = table.column(column)
        statement = self._matching(select(of, func.count()), table, which).group_by(of)
        rows = self._session.run(lambda connection: sorted(map(_count_of, connection.execute(statement))))
        return dict(rows)

    def keys(self, kind: type[Record], which: Query = EVERYTHING) -> list[str]:
        """As ``Records.keys``."""
        table = table_of(kind)
        statement = self._matching(select(table.identity), table, which).order_by(table.identity)
        return self._session.run(lambda connection: list(connection.execute(statement).scalars().all()))

    def _matching(self, statement: Select[Any], table: KindTable, which: Query) -> Select[Any]:
        return statement.where(condition(table, which, self._few, server=self._session.server))

    def _few(self, among: Among) -> list[Any] | None:
        """The values themselves, so that the database begins with them, unless they are many."""
        other = table_of(among.kind)
        values = self._matching(select(other.column(among.column)).distinct(), other, among.which).limit(_FEW + 1)
        found = self._session.run(lambda connection: list(connection.execute(values).scalars().all()))
        return None if len(found) > _FEW else [value for value in found if value is not None]

    def _require_writing(self) -> None:
        if not self._session.writing:
            raise RuntimeError("this block only reads: open it with RecordStore.transaction() to write.")


def _write(statement: Insert, rows: Any, connection: Connection) -> None:
    connection.execute(statement, rows)


def _by_key(kind: type[Record], *, writing: bool) -> Select[Any]:
    """Each is made once: making it takes longer than carrying it out."""
    found = _GETS.get((kind, writing))
    if found is None:
        table = table_of(kind)
        found = select(table.document).where(table.identity == bindparam("key"))
        if writing:
            found = found.with_for_update()  # SQLite has no need of it, and leaves it out
        _GETS[kind, writing] = found
    return found


def _insert_or_replace(kind: type[Record], *, server: bool) -> Insert:
    """Each is made once, too."""
    found = _PUTS.get((kind, server))
    if found is None:
        found = _PUTS[kind, server] = _made_put(table_of(kind), server=server)
    return found


def _made_put(table: KindTable, *, server: bool) -> Insert:
    names = [column.name for column in table.table.columns if not column.primary_key]
    if server:
        new = mysql.insert(table.table)
        return new.on_duplicate_key_update({name: new.inserted[name] for name in names})
    row = sqlite.insert(table.table)
    return row.on_conflict_do_update(index_elements=[table.identity], set_={name: row.excluded[name] for name in names})


def _count_of(row: Any) -> tuple[str, int]:
    value, number = row
    return "" if value is None else str(value), int(number)
