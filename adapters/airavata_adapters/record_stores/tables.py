"""The tables of the record store: a kind's id, its searchable columns, and the whole record as a JSON document."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, FromClause, Index, MetaData, String, Table, Text
from sqlalchemy.types import TypeEngine

from airavata_adapters.record_stores.layout import HEADS, LAYOUT, LONG_TEXTS, Indexes
from airavata_adapters.registries.tables import IDENTIFIER, LONG_TEXT, NAMING_CONVENTION, WORD, server_options
from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import InputError
from airavata_workload.records.record import Record

# InnoDB takes 3,072 bytes an index key, 4 bytes a character (Source: MySQL 8.4 manual, 17.21 "InnoDB limits").
COMPOSED_KEY = String(767)
# Short enough that a user's or an application's name, an instant and the id fit into a key with it: only then MariaDB
# reads lists in the order of instant and id (Source: MariaDB documentation, "Extended Keys").
TENANT = String(128)
HEAD = IDENTIFIER
"""Of the columns of ``HEADS``."""
HEAD_LENGTH = HEAD.length or 0
_TENANTS = frozenset({"gateway_id", "domain_id", "permission_type_id"})
"""A permission type is named after its domain."""

metadata = MetaData(naming_convention=NAMING_CONVENTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTable:
    """Where the records of a kind are: the table, and ``source``, as what a query reads it.

    ``longest`` says of every searchable column how many characters it takes; ``None`` for any number, or none at all.
    ``heads`` are the columns that hold the beginning of another one, by the name of that.
    """

    kind: type[Record]
    table: Table
    source: FromClause
    longest: Mapping[str, int | None]
    heads: Mapping[str, str]

    @property
    def identity(self) -> ColumnElement[str]:
        """The column of the id."""
        return self.source.c[self.kind.IDENTITY]

    @property
    def document(self) -> ColumnElement[str]:
        """The column of the whole record."""
        return self.source.c["document"]

    def another(self) -> KindTable:
        """The same once more, for a query that meets the table twice."""
        return replace(self, source=self.table.alias())

    def column(self, name: str) -> ColumnElement[Any]:
        """The column of a searchable name. Raises ``InputError``."""
        if name not in self.kind.columns():
            raise InputError(
                f"{self.kind.__name__} has no searchable column '{name}'; it has {', '.join(self.kind.columns())}.",
                remedy=f"Did you mean '{near}'?" if (near := nearest(name, self.kind.columns())) else None,
            )
        return self.source.c[name]

    def head(self, name: str) -> ColumnElement[Any] | None:
        """The column of the first ``HEAD_LENGTH`` characters of that one, if there is one."""
        return self.source.c[self.heads[name]] if name in self.heads else None

    def without_heads(self) -> KindTable:
        """The same, whose texts are looked for where they stand whole."""
        return replace(self, heads={})


def _type_of(kind: type[Record], name: str) -> Any:
    if name in LONG_TEXTS:
        return LONG_TEXT
    if name in _TENANTS:
        return TENANT
    attribute = getattr(kind, name)
    if isinstance(attribute, property):
        hint = typing.get_type_hints(attribute.fget)["return"]
        if name == kind.IDENTITY:
            return COMPOSED_KEY
    else:
        hint = typing.get_type_hints(kind)[name]
    if isinstance(hint, types.UnionType):
        hint = next(each for each in typing.get_args(hint) if each is not types.NoneType)
    if issubclass(hint, StrEnum):
        return WORD
    return {str: IDENTIFIER, int: BigInteger(), bool: Boolean()}[hint]


def _declare(kind: type[Record], name: str, indexes: Indexes) -> KindTable:
    heads = {each: head for each, head in HEADS.items() if each in kind.columns()}
    identity = Column(kind.IDENTITY, _type_of(kind, kind.IDENTITY), primary_key=True)
    searchable = [Column(each, _type_of(kind, each), nullable=True) for each in kind.columns()[1:]]
    table = Table(
        name,
        metadata,
        identity,
        *searchable,
        Column("document", LONG_TEXT, nullable=False),
        *(Column(each, HEAD, nullable=True) for each in heads.values()),
        # Their columns' names would be too long for MySQL, which takes 64 characters.
        *(Index(f"ix_{name}_{number}", *columns) for number, columns in enumerate(indexes, 1)),
        **server_options(),
    )
    longest = {each: _longest(table.c[each].type) for each in kind.columns()}
    return KindTable(kind=kind, table=table, source=table, longest=longest, heads=heads)


def _longest(column_type: TypeEngine[Any]) -> int | None:
    return column_type.length if isinstance(column_type, String) and not isinstance(column_type, Text) else None


TABLES: Mapping[type[Record], KindTable] = {kind: _declare(kind, *of_kind) for kind, of_kind in LAYOUT.items()}


def table_of(kind: type[Record]) -> KindTable:
    """The table of a kind. Raises ``InputError`` for one that has none."""
    found = TABLES.get(kind)
    if found is None:
        raise InputError(f"{kind.__name__} is no kind of records that is stored.")
    return found
