"""Queries as conditions of SQL, the same for SQLite, MySQL and MariaDB."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    bindparam,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
)

from airavata_adapters.record_stores.rows import stored
from airavata_adapters.record_stores.tables import HEAD_LENGTH, KindTable, table_of
from airavata_workload.ports.record_store import Among, Query, Value

_MOST_PARAMETERS = 200
"""Longer lists of texts go as one JSON array: SQLite limits parameters, and a long statement is compiled anew."""


Look = Callable[[Among], Collection[Value] | None]
"""Gives the values that a record's must be among if they are few enough to be fetched, else ``None``."""


def condition(table: KindTable, which: Query, look: Look, *, server: bool) -> ColumnElement[bool]:
    """All conditions of a query; ``server`` for the dialect of MySQL. Raises ``InputError``."""
    return and_(true(), *_parts(table, which, look, server))


def _parts(table: KindTable, which: Query, look: Look, server: bool) -> Iterator[ColumnElement[bool]]:
    for name, wanted in which.equal.items():
        yield _equal(table.column(name), name, wanted, server)
    for name, part in which.contains.items():
        yield _contains(table, name, part)
    for name, (low, high) in which.between.items():
        yield table.column(name).is_not(None)
        if low is not None:
            yield table.column(name) >= stored(low, name)
        if high is not None:
            yield table.column(name) <= stored(high, name)
    if which.after:
        yield table.identity > which.after
    for name, among in which.among.items():
        few = look(among)
        other = table_of(among.kind).another()
        matches = condition(other, among.which, look, server=server)
        if few is None:
            # Of many, those that the order brings first are found sooner by asking for each whether it is among them.
            yield exists().where(other.column(among.column) == table.column(name), matches)
        elif server:
            # A server begins with them by itself, and knows better how many they are than with a list.
            yield table.column(name).in_(select(other.column(among.column)).where(matches))
        else:
            yield _equal(table.column(name), name, few, server)


def _contains(table: KindTable, name: str, part: str) -> ColumnElement[bool]:
    whole, head = table.column(name), table.head(name)
    if head is None:
        return _has(whole, part)
    # The whole text is asked for by the id, and not as a column of the same row, so that the index with the head is
    # enough for all rows but those of long texts.
    row = table.another()
    in_whole = select(_has(row.column(name), part)).where(row.identity == table.identity).scalar_subquery()
    return or_(_has(head, part), and_(func.char_length(head) >= HEAD_LENGTH, in_whole))


def _has(of: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    # Not LIKE: it has special characters and, in SQLite, a limit of its own.
    return func.instr(func.lower(of), func.lower(literal(part, String))) > 0


def _equal(of: ColumnElement[Any], name: str, wanted: Value | Collection[Value], server: bool) -> ColumnElement[bool]:
    if wanted is None:
        return of.is_(None)
    if isinstance(wanted, str | int):
        return cast("ColumnElement[bool]", of == stored(wanted, name))
    values = [stored(value, name) for value in wanted if value is not None]
    found = _any_of(of, values, server) if values else false()
    return or_(found, of.is_(None)) if None in wanted else found


def _any_of(of: ColumnElement[Any], values: list[Any], server: bool) -> ColumnElement[bool]:
    if len(values) <= _MOST_PARAMETERS or not all(isinstance(value, str) for value in values):
        return of.in_(values)
    listed = json.dumps(values)
    if not server:
        return of.in_(select(func.json_each(listed).table_valued("value").c.value))
    # Source: MySQL 8.4 manual, 14.17.6 "JSON Table Functions"; MariaDB has it since 10.6.
    rows = text("JSON_TABLE(:listed, '$[*]' COLUMNS (value VARCHAR(767) CHARACTER SET utf8mb4 PATH '$')) AS listed")
    value = column("value", String).collate("utf8mb4_bin")
    return of.in_(select(value).select_from(rows.bindparams(bindparam("listed", listed))))
