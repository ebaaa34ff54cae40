"""The statements that read and write records, each made once: making one takes longer than carrying it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

from sqlalchemy import (
    CompoundSelect,
    Delete,
    Insert,
    Integer,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects import mysql, sqlite

from airavata_adapters.record_stores.conditions import condition
from airavata_adapters.record_stores.query_form import Form, Others
from airavata_adapters.record_stores.tables import KindTable, table_of
from airavata_workload.records.record import Record

P = ParamSpec("P")
S = TypeVar("S")

_MOST = 1_000
"""More forms than any program has; a peer that asks for ever new combinations makes them anew."""

KEY, LIMIT, OFFSET = "key_", "limit_", "offset_"
"""Parameters, beside those of the values."""


def _made_once(make: Callable[P, S]) -> Callable[P, S]:
    return cast("Callable[P, S]", lru_cache(_MOST)(make))


@dataclass(frozen=True, slots=True)
class Order:
    """How found records are ordered: by a column, then by id; and whether a page is cut out of them."""

    column: str
    descending: bool
    is_page: bool
    has_end: bool
    """Whether the page does."""


@_made_once
def by_key(kind: type[Record], *, locking: bool) -> Select[Any]:
    """The document of an id."""
    table = table_of(kind)
    found = select(table.document).where(table.identity == bindparam(KEY))
    return found.with_for_update() if locking else found  # SQLite has no need of it, and leaves it out


@_made_once
def by_keys(kinds: tuple[type[Record], ...]) -> CompoundSelect[Any]:
    """The places of those of the given ids that are there, each with its document."""
    tables = [table_of(kind) for kind in kinds]
    return union_all(
        *(
            select(literal_column(str(place)), table.document).where(table.identity == bindparam(f"{KEY}{place}"))
            for place, table in enumerate(tables)
        )
    )


@_made_once
def insertion(kind: type[Record]) -> Insert:
    """A new row."""
    return insert(table_of(kind).table)


@_made_once
def insertion_or_replacement(kind: type[Record], *, server: bool) -> Insert:
    """A row, in place of the one of that id if there is one."""
    table = table_of(kind)
    names = [column.name for column in table.table.columns if not column.primary_key]
    if server:
        new = mysql.insert(table.table)
        return new.on_duplicate_key_update({name: new.inserted[name] for name in names})
    row = sqlite.insert(table.table)
    return row.on_conflict_do_update(index_elements=[table.identity], set_={name: row.excluded[name] for name in names})


@_made_once
def deletion_by_key(kind: type[Record]) -> Delete:
    """The row of an id."""
    table = table_of(kind)
    return delete(table.table).where(table.identity == bindparam(KEY))


@_made_once
def deletion(kind: type[Record], form: Form, *, server: bool) -> Delete:
    """All matching rows."""
    # MySQL does not let a statement that deletes read its table a second time (Source: manual, 15.2.2 "DELETE").
    table = table_of(kind).without_heads()
    return delete(table.table).where(condition(table, form, server=server))


@_made_once
def documents(kind: type[Record], form: Form, order: Order, *, server: bool) -> Select[Any]:
    """The documents of matching records, in order."""
    table = table_of(kind)
    columns = [table.identity] if order.column in ("", kind.IDENTITY) else [table.column(order.column), table.identity]
    ordered = [each.desc() if order.descending else each.asc() for each in columns]
    if not order.is_page:
        return _matching(select(table.document), table, form, server).order_by(*ordered)
    # Which ones they are the indexes tell; the rows of all others, which hold the documents, are not read.
    ids = _matching(select(table.identity), table, form, server).order_by(*ordered)
    ids = ids.offset(bindparam(OFFSET, type_=Integer()))
    if order.has_end:
        ids = ids.limit(bindparam(LIMIT, type_=Integer()))
    page = ids.subquery("page")
    found = table.source.join(page, table.identity == page.c[kind.IDENTITY])
    return select(table.document).select_from(found).order_by(*ordered)


@_made_once
def number(kind: type[Record], form: Form, *, server: bool) -> Select[Any]:
    """How many match."""
    table = table_of(kind)
    return _matching(select(func.count()).select_from(table.source), table, form, server)


@_made_once
def numbers(kind: type[Record], form: Form, column: str, *, server: bool) -> Select[Any]:
    """How many match for each value of a column."""
    table = table_of(kind)
    of = table.column(column)
    return _matching(select(of, func.count()), table, form, server).group_by(of)


@_made_once
def keys(kind: type[Record], form: Form, *, server: bool) -> Select[Any]:
    """The ids of those that match, in order."""
    table = table_of(kind)
    return _matching(select(table.identity), table, form, server).order_by(table.identity)


@_made_once
def one_beyond(others: Others, *, server: bool) -> Select[Any]:
    """One row if there are more than ``OFFSET`` of those that match, otherwise none."""
    table = table_of(others.kind)
    found = _matching(select(literal_column("1")).select_from(table.source), table, others.form, server)
    return found.limit(1).offset(bindparam(OFFSET, type_=Integer()))


def _matching(statement: Select[Any], table: KindTable, form: Form, server: bool) -> Select[Any]:
    return statement.where(condition(table, form, server=server))
