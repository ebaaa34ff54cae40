"""What all records have in common."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

DEFAULT_ID = "DO_NOT_SET_AT_CLIENTS"
"""What clients send as the id of something new. Source: Apache Airavata 0.17, ``airavata_commons.thrift``."""


SECRET: Mapping[str, Any] = {"secret": True}
"""Metadata of a field whose text is stored encrypted; ``repr`` leaves such a field out, and nothing searches by it."""
_SECRET_FIELDS: dict[type[Record], tuple[str, ...]] = {}


class Record:
    """A kind of thing that a record store keeps: a frozen dataclass with an identity.

    ``IDENTITY`` names the field, or the property made of several fields, that
    holds the id: text, unique within the kind. ``SEARCHABLE`` names the fields
    and properties by which a query chooses and orders; their values are text,
    integers, truth values, members of an enumeration, or ``None``. The
    identity is searchable too, and need not be named again.

    A field that is ``None`` is not set. Fields have a default unless every
    client sends them. Instants end in ``_at_ms``: milliseconds since the epoch.
    """

    __slots__ = ()

    IDENTITY: ClassVar[str]
    SEARCHABLE: ClassVar[tuple[str, ...]] = ()

    @property
    def identity(self) -> str:
        """The id by which a store knows the record within its kind; '' as long as it has none."""
        return getattr(self, self.IDENTITY) or ""

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """All names that a query of this kind may use, the identity first."""
        return (cls.IDENTITY, *(name for name in cls.SEARCHABLE if name != cls.IDENTITY))


def secret_fields(kind: type[Record]) -> tuple[str, ...]:
    """The fields of a kind that are marked as ``SECRET``."""
    found = _SECRET_FIELDS.get(kind)
    if found is None:
        fields = dataclasses.fields(typing.cast("Any", kind))
        found = _SECRET_FIELDS[kind] = tuple(each.name for each in fields if each.metadata.get("secret"))
    return found


def composed_key(*parts: str | None) -> str:
    """One id of several: different parts always give different ids. An absent part counts as the empty one."""
    return "|".join((part or "").replace("~", "~~").replace("|", "~|") for part in parts)


class Dated(Protocol):
    """A status: a state, and since when."""

    @property
    def changed_at_ms(self) -> int | None:
        """Since when; ``None`` if that is not known."""
        ...


S = TypeVar("S", bound=Dated)


def latest(statuses: Sequence[S] | None) -> S | None:
    """The status of the latest instant, of several at that instant the last one; ``None`` if there is none."""
    found: S | None = None
    for status in statuses or ():
        if found is None or (status.changed_at_ms or 0) >= (found.changed_at_ms or 0):
            found = status
    return found
