"""The records of a transaction, as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert
from sqlalchemy.exc import IntegrityError

from airavata_adapters.record_stores import statements
from airavata_adapters.record_stores.conditions import parameters
from airavata_adapters.record_stores.known_sizes import KnownSizes
from airavata_adapters.record_stores.query_form import Form, Others, Test, form_of
from airavata_adapters.record_stores.rows import is_id, record_of, row_of
from airavata_adapters.record_stores.session import Session
from airavata_adapters.record_stores.statements import KEY, LIMIT, OFFSET, Order
from airavata_adapters.record_stores.tables import table_of
from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.ports.record_store import EVERYTHING, Query, Records
from airavata_workload.records.record import Record

R = TypeVar("R", bound=Record)

FEW, FEW_ON_A_SERVER = 1000, 3000
"""Up to so many records are found one by one and put in order more quickly than by going through all in order."""
AT_ONCE = 500
"""Up to so many records are found more quickly by checking each than by gathering first all that may be found."""
_ROWS_A_STATEMENT = 500


class SqlRecords(Records):
    """The port over the steps of a session."""

    def __init__(self, session: Session, sizes: KnownSizes) -> None:
        self._session = session
        self._sizes = sizes

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

    def expect(self, *wanted: tuple[type[Record], str]) -> None:
        """As ``Records.expect``."""
        seen = self._session.seen
        unknown = [one for one in dict.fromkeys(wanted) if one not in seen and is_id(one[1], table_of(one[0]))]
        if self._session.writing or len(unknown) < 2:
            return
        statement = statements.by_keys(tuple(kind for kind, _ in unknown))
        keys = {f"{KEY}{place}": key for place, (_, key) in enumerate(unknown)}
        found = self._session.run(lambda connection: dict(map(tuple, connection.execute(statement, keys))))
        for place, (kind, key) in enumerate(unknown):
            seen[kind, key] = record_of(kind, found[place]) if place in found else None

    def _read(self, kind: type[R], key: str) -> R | None:
        statement = statements.by_key(kind, locking=self._session.writing)
        document = self._session.run(lambda connection: connection.execute(statement, {KEY: key}).scalar())
        return None if document is None else record_of(kind, document)

    def add(self, record: Record) -> None:
        """As ``Records.add``."""
        self._require_writing()
        row, statement = row_of(record, table_of(type(record))), statements.insertion(type(record))

        def insert_row(connection: Connection) -> bool:
            try:
                connection.execute(statement, row)
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
        statement = statements.insertion_or_replacement(kind, server=self._session.server)
        # One row alone goes as itself: a list is sent another way, which costs more to begin with.
        all_rows = [row_of(record, table) for record in records]
        for begin in range(0, len(all_rows), _ROWS_A_STATEMENT):
            rows = all_rows[begin : begin + _ROWS_A_STATEMENT]
            self._session.run(partial(_write, statement, rows if len(rows) > 1 else rows[0]))

    def delete(self, kind: type[Record], key: str) -> bool:
        """As ``Records.delete``."""
        self._require_writing()
        if not is_id(key, table_of(kind)):
            return False
        statement = statements.deletion_by_key(kind)
        return self._session.run(lambda connection: connection.execute(statement, {KEY: key}).rowcount > 0)

    def delete_all(self, kind: type[Record], which: Query) -> int:
        """As ``Records.delete_all``."""
        self._require_writing()
        form, values = form_of(which, lambda _others, _values: Test.AMONG)
        statement = statements.deletion(kind, form, server=self._session.server)
        return self._session.run(lambda connection: int(connection.execute(statement, parameters(values)).rowcount))

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
        without: Collection[str] = (),
    ) -> list[R]:
        """As ``Records.find``."""
        if offset < 0 or (limit is not None and limit < 0):
            raise InputError(f"a page cannot begin at {offset} and have {limit} records.")
        form, values = self._form(which, at_once=limit is not None and offset + limit <= AT_ONCE)
        order = Order(order_by, descending, is_page=limit is not None or offset > 0, has_end=limit is not None)
        statement = statements.documents(kind, form, order, server=self._session.server)
        if order.is_page:
            values = {**values, OFFSET: offset, LIMIT: limit} if order.has_end else {**values, OFFSET: offset}
        documents = self._session.run(lambda connection: list(connection.execute(statement, values).scalars().all()))
        return [record_of(kind, document, without) for document in documents]

    def count(self, kind: type[Record], which: Query = EVERYTHING) -> int:
        """As ``Records.count``."""
        form, values = self._form(which)
        statement = statements.number(kind, form, server=self._session.server)
        return self._session.run(lambda connection: int(connection.execute(statement, values).scalar_one()))

    def count_by(self, kind: type[Record], column: str, which: Query = EVERYTHING) -> Mapping[str, int]:
        """As ``Records.count_by``."""
        form, values = self._form(which)
        statement = statements.numbers(kind, form, column, server=self._session.server)
        rows = self._session.run(lambda connection: sorted(map(_count_of, connection.execute(statement, values))))
        return dict(rows)

    def keys(self, kind: type[Record], which: Query = EVERYTHING) -> list[str]:
        """As ``Records.keys``."""
        form, values = self._form(which)
        statement = statements.keys(kind, form, server=self._session.server)
        return self._session.run(lambda connection: list(connection.execute(statement, values).scalars().all()))

    def _form(self, which: Query, *, at_once: bool = False) -> tuple[Form, Mapping[str, Any]]:
        """``at_once`` if the first matching records are enough."""
        form, values = form_of(which, self._of_first if at_once else self._of_all)
        return form, parameters(values)

    def _of_first(self, others: Others, values: Sequence[Any]) -> Test:
        # Of many, those that the order brings first are found sooner by asking for each whether it is among them.
        return Test.AMONG_CHECKED if self._are_many(others, values) else Test.AMONG

    def _of_all(self, others: Others, values: Sequence[Any]) -> Test:
        return Test.AMONG_GATHERED if self._are_many(others, values) else Test.AMONG

    def _are_many(self, others: Others, values: Sequence[Any]) -> bool:
        return self._sizes.are_many(others, values, lambda: self._are_many_now(others, values))

    def _are_many_now(self, others: Others, values: Sequence[Any]) -> bool:
        statement = statements.one_beyond(others, server=self._session.server)
        wanted = {**parameters(values), OFFSET: FEW_ON_A_SERVER if self._session.server else FEW}
        return self._session.run(lambda connection: connection.execute(statement, wanted).scalar()) is not None

    def _require_writing(self) -> None:
        if not self._session.writing:
            raise RuntimeError("this block only reads: open it with RecordStore.transaction() to write.")


def _write(statement: Insert, rows: Any, connection: Connection) -> None:
    connection.execute(statement, rows)


def _count_of(row: Any) -> tuple[str, int]:
    value, number = row
    return "" if value is None else str(value), int(number)
