"""Gives many rows new values in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, case, update

_ROWS_OF_A_STATEMENT = 100


def update_rows(connection: Connection, table: Table, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Update rows, known by their ``number``; what a row's mapping does not name stays as it is."""
    rest = iter(rows.items())
    while part := dict(islice(rest, _ROWS_OF_A_STATEMENT)):
        if len(part) == 1:
            _update_one(connection, table, *next(iter(part.items())))
        else:
            _update_all(connection, table, part)


def _update_one(connection: Connection, table: Table, number: int, row: Mapping[str, Any]) -> None:
    # With named parameters the statement is the same every time, and compiled once.
    statement = update(table).where(table.c.number == bindparam("of_number"))
    statement = statement.values({name: bindparam(f"new_{name}") for name in row})
    connection.execute(statement, {"of_number": number, **{f"new_{name}": value for name, value in row.items()}})


def _update_all(connection: Connection, table: Table, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """The values stand in a CASE over the number: the one form of this that SQLite, MySQL and MariaDB share."""
    numbers_of: dict[str, dict[Any, list[int]]] = {}
    for number, row in rows.items():
        for name, value in row.items():
            numbers_of.setdefault(name, {}).setdefault(value, []).append(number)
    values = {name: _value(table, name, numbers, len(rows)) for name, numbers in numbers_of.items()}
    connection.execute(update(table).where(table.c.number.in_(list(rows))).values(values))


def _value(table: Table, name: str, numbers_of: Mapping[Any, list[int]], row_count: int) -> ColumnElement[Any] | Any:
    """The new value of a column. Most rows share a few values, and a statement is the quicker the shorter it is."""
    first, *others = numbers_of
    if not others and len(numbers_of[first]) == row_count:
        return first
    whens = ((_is_one_of(table, numbers), value) for value, numbers in numbers_of.items())
    return case(*whens, else_=table.c[name])


def _is_one_of(table: Table, numbers: list[int]) -> ColumnElement[bool]:
    number = table.c.number
    return number == numbers[0] if len(numbers) == 1 else number.in_(numbers)
