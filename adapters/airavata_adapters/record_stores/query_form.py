"""The form of a query: all of it but its values, so that a statement is made once for all queries of a form."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from airavata_adapters.record_stores.rows import stored
from airavata_workload.ports.record_store import Among, Query, Value
from airavata_workload.records.record import Record

_MOST_PARAMETERS = 200
"""Longer lists of texts go as one JSON array: databases limit parameters, and a long statement takes long to write."""


class Test(Enum):
    """What a part of a query asks of a column."""

    EQUAL = "equal"
    UNSET = "unset"
    SET = "set"
    ANY_OF = "any of"
    ANY_LISTED = "any of those in a JSON array"
    NEVER = "never"
    CONTAINS = "contains"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    AFTER = "after"
    AMONG = "among"
    AMONG_CHECKED = "among, each record checked by itself"
    AMONG_GATHERED = "among, all of them gathered first"


@dataclass(frozen=True, slots=True)
class Part:
    """One condition. ``or_unset``: a row without a value passes as well; ``others``: among whose values it must be."""

    test: Test
    column: str = ""
    or_unset: bool = False
    others: Others | None = None


Form = tuple[Part, ...]
"""All parts must hold. Values belong to them in their order, those of ``others`` in the place of the part."""


@dataclass(frozen=True, slots=True)
class Others:
    """The values that records of another kind have in a column."""

    kind: type[Record]
    column: str
    form: Form


Way = Callable[[Others, Sequence[Any]], Test]
"""By which of the tests ``AMONG`` it is best seen whether a record is among those, with the values of their form."""


def form_of(which: Query, way: Way) -> tuple[Form, list[Any]]:
    """The form of a query, and its values as columns hold them. Raises ``InputError`` for one that none can hold."""
    values: list[Any] = []
    return tuple(_parts(which, way, values)), values


def _parts(which: Query, way: Way, values: list[Any]) -> Iterator[Part]:
    for name, wanted in which.equal.items():
        yield _equal(name, wanted, values)
    for name, part in which.contains.items():
        values.append(part)
        yield Part(Test.CONTAINS, name)
    for name, bounds in which.between.items():
        yield Part(Test.SET, name)
        for test, bound in zip((Test.AT_LEAST, Test.AT_MOST), bounds, strict=True):
            if bound is not None:
                values.append(stored(bound, name))
                yield Part(test, name)
    if which.after:
        values.append(which.after)
        yield Part(Test.AFTER)
    for name, among in which.among.items():
        yield _among(name, among, way, values)


def _among(name: str, among: Among, way: Way, values: list[Any]) -> Part:
    form, inner = form_of(among.which, way)
    others = Others(among.kind, among.column, form)
    values += inner
    return Part(way(others, inner), name, others=others)


def _equal(name: str, wanted: Value | Collection[Value], values: list[Any]) -> Part:
    if wanted is None:
        return Part(Test.UNSET, name)
    if isinstance(wanted, str | int):
        values.append(stored(wanted, name))
        return Part(Test.EQUAL, name)
    listed = [stored(value, name) for value in wanted if value is not None]
    or_unset = len(listed) < len(wanted)
    if not listed:
        return Part(Test.UNSET if or_unset else Test.NEVER, name)
    if len(listed) > _MOST_PARAMETERS and all(isinstance(value, str) for value in listed):
        values.append(json.dumps(listed))
        return Part(Test.ANY_LISTED, name, or_unset)
    values.append(listed)
    return Part(Test.ANY_OF, name, or_unset)
