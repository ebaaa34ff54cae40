"""Records as rows of their tables, and back; what cannot be stored everywhere alike is refused."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, TypeVar

from airavata_adapters.record_stores.tables import HEAD_LENGTH, KindTable
from airavata_workload.domain.errors import InputError
from airavata_workload.records.document import from_document, to_document
from airavata_workload.records.record import Record

R = TypeVar("R", bound=Record)

_LARGEST = 2**63 - 1


def row_of(record: Record, table: KindTable) -> dict[str, Any]:
    """The values of the columns. Raises ``InputError`` for an id or a value that does not fit its column."""
    row: dict[str, Any] = {}
    for name, longest in table.longest.items():
        value = row[name] = stored(getattr(record, name), name)
        if longest is not None and isinstance(value, str) and len(value) > longest and name != table.kind.IDENTITY:
            raise InputError(
                f"{table.kind.__name__} {record.identity}: {name} has {len(value)} characters.",
                remedy=f"Shorten it to {longest}.",
            )
    if not is_id(row[table.kind.IDENTITY], table):
        raise InputError(
            f"{table.kind.__name__} cannot have the id {row[table.kind.IDENTITY]!r}.",
            remedy=f"An id has 1 to {table.longest[table.kind.IDENTITY]} characters, and the last one is no blank.",
        )
    for name, head in table.heads.items():
        row[head] = row[name][:HEAD_LENGTH]
    row["document"] = json.dumps(to_document(record), ensure_ascii=False, separators=(",", ":"))
    return row


def record_of(kind: type[R], document: str, without: Collection[str] = ()) -> R:
    """The record behind a stored document; fields in ``without`` are as if nothing had been stored in them."""
    read = json.loads(document)
    for name in without:
        read.pop(name, None)
    return from_document(kind, read)


def is_id(key: object, table: KindTable) -> bool:
    """Whether a record may have that id: a blank at its end would not count on a server."""
    longest = table.longest[table.kind.IDENTITY] or 0
    return isinstance(key, str) and 0 < len(key) <= longest and not key.endswith(" ")


def stored(value: Any, name: str) -> Any:
    """A value as columns hold it. Raises ``InputError`` for an integer of more than 64 bits."""
    if isinstance(value, str):
        return str(value)  # members of enumerations, which drivers do not know
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        raise InputError(f"{name} is {value}, which no store can hold.", remedy="Integers have 64 bits.")
    return value
