"""Forms of queries as conditions of SQL, the same for SQLite, MySQL and MariaDB."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    String,
    UnaryExpression,
    and_,
    bindparam,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.sql.operators import custom_op

from airavata_adapters.record_stores.query_form import Form, Others, Part, Test
from airavata_adapters.record_stores.tables import HEAD_LENGTH, KindTable, table_of

_UNARY_PLUS: custom_op[Any] = custom_op("+")
_ONE: ColumnElement[int] = literal_column("1", Integer())

_LISTS = (Test.ANY_OF, Test.ANY_LISTED)
_COMPARISONS: Mapping[Test, Callable[[ColumnElement[Any], BindParameter[Any]], ColumnElement[bool]]] = {
    Test.EQUAL: operator.eq,
    Test.AT_LEAST: operator.ge,
    Test.AT_MOST: operator.le,
}
_WITHOUT_VALUE: Mapping[Test, Callable[[ColumnElement[Any]], ColumnElement[bool]]] = {
    Test.UNSET: lambda of: of.is_(None),
    Test.SET: lambda of: of.is_not(None),
    Test.NEVER: lambda _of: false(),
}


def parameters(values: Sequence[Any]) -> Mapping[str, Any]:
    """The values of a form under the names that ``condition`` has for them."""
    return {f"value_{number}": value for number, value in enumerate(values)}


def condition(table: KindTable, form: Form, *, server: bool) -> ColumnElement[bool]:
    """All conditions of a form; ``server`` for the dialect of MySQL. Raises ``InputError`` for an unknown column."""
    return _Conditions((f"value_{number}" for number in count()), server).all_of(table, form, checked_alone=False)


class _Conditions:
    """Writes conditions down, each value under the next of the names."""

    def __init__(self, names: Iterator[str], server: bool) -> None:
        self._names = names
        self._server = server

    def all_of(self, table: KindTable, form: Form, *, checked_alone: bool) -> ColumnElement[bool]:
        """With ``checked_alone`` rows are found by single values, and by lists of values no row is looked for."""
        # SQLite cannot know that few ids are a better beginning than a column whose values are much the same.
        by_ids = not self._server and any(
            part.test is Test.AMONG and part.column == table.kind.IDENTITY for part in form
        )
        parts = (self._part(table, part, by_ids or (checked_alone and part.test in _LISTS)) for part in form)
        return and_(true(), *parts)

    def _part(self, table: KindTable, part: Part, is_no_beginning: bool) -> ColumnElement[bool]:
        if part.test is Test.CONTAINS:
            return self._contains(table, part.column)
        if part.test is Test.AFTER:
            return table.identity > self._value()
        of = table.column(part.column)
        if part.others is not None:
            return self._among(of, part.test, part.others)
        if is_no_beginning:
            of = self._without_index(of)
        if part.test in _COMPARISONS:
            return _COMPARISONS[part.test](of, self._value())
        if part.test in _WITHOUT_VALUE:
            return _WITHOUT_VALUE[part.test](of)
        found = self._any_of(of, part.test)
        return or_(found, of.is_(None)) if part.or_unset else found

    def _value(self, *, of_type: Any = None, expanding: bool = False) -> BindParameter[Any]:
        return bindparam(next(self._names), type_=of_type, expanding=expanding)

    def _among(self, of: ColumnElement[Any], test: Test, others: Others) -> ColumnElement[bool]:
        table = table_of(others.kind).another()
        value = table.column(others.column)
        matches = self.all_of(table, others.form, checked_alone=test is Test.AMONG_CHECKED)
        if test is Test.AMONG_CHECKED:
            # Not EXISTS, for which a server may still gather them all.
            return select(_ONE).where(value == of, matches).limit(1).scalar_subquery().is_not(None)
        if test is Test.AMONG:
            return of.in_(select(value).where(matches))
        if self._server:
            return of.in_(select(self._without_index(value)).where(matches))
        return self._without_index(of).in_(select(value).where(matches))

    def _without_index(self, of: ColumnElement[Any]) -> ColumnElement[Any]:
        """The column, in a form for which no index is used. MySQL sees through the unary plus, SQLite has no CONCAT.

        Source: https://www.sqlite.org/optoverview.html, "Disqualifying WHERE Clause Terms Using Unary '+'".
        """
        if not self._server:
            return UnaryExpression(of, operator=_UNARY_PLUS, type_=of.type)
        return func.concat(of) if isinstance(of.type, String) else of

    def _contains(self, table: KindTable, name: str) -> ColumnElement[bool]:
        part = self._value(of_type=String())
        whole, head = table.column(name), table.head(name)
        if head is None:
            return _has(whole, part)
        # The whole text is asked for by the id, and not as a column of the same row, so that the index with the head is
        # enough for all rows but those of long texts.
        row = table.another()
        in_whole = select(_has(row.column(name), part)).where(row.identity == table.identity).scalar_subquery()
        return or_(_has(head, part), and_(func.char_length(head) >= HEAD_LENGTH, in_whole))

    def _any_of(self, of: ColumnElement[Any], test: Test) -> ColumnElement[bool]:
        if test is Test.ANY_OF:
            return of.in_(self._value(expanding=True))
        listed = self._value(of_type=String())
        if not self._server:
            return of.in_(select(func.json_each(listed).table_valued("value").c.value))
        # Source: MySQL 8.4 manual, 14.17.6 "JSON Table Functions"; MariaDB has it since 10.6.
        rows = (
            f"JSON_TABLE(:{listed.key}, '$[*]' COLUMNS (value VARCHAR(767) CHARACTER SET utf8mb4 PATH '$')) AS listed"
        )
        value = column("value", String).collate("utf8mb4_bin")
        return of.in_(select(value).select_from(text(rows).bindparams(listed)))


def _has(of: ColumnElement[Any], part: ColumnElement[str]) -> ColumnElement[bool]:
    # Not LIKE: it has special characters and, in SQLite, a limit of its own.
    return func.instr(func.lower(of), func.lower(part)) > 0
