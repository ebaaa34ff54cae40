"""Struct specifications for the C codec, one set per layout, each built once.

The codec of the ``thrift`` library works from ``thrift_spec`` tuples, and a nested struct's tuple stands inside that
of the outer. So a peer of another layout gets tuples of its own, in which the clashing structs are replaced all the
way down, and reading and writing stay in C.

Source: ``thrift/protocol/TProtocol.py``, ``thrift/TRecursive.py`` of the ``thrift`` library for the form of the
tuples. A tuple for reading is indexed by field id; one for writing is only gone through, so it may name an id twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from thrift.Thrift import TType

from airavata_adapters.thrift_api.dialect_layouts import CLASHES, Choice, SpecRow
from airavata_adapters.thrift_api.dialects import Span

Spec = tuple[SpecRow | None, ...]
Choices = tuple[Choice, ...]


def reading_spec(struct: Any, span: Span) -> Spec:
    """The tuple to read a struct of a peer of these generations with. Where two layouts fit: the classic one."""
    return _reading(struct, _choices(span)) if reaches_a_clash(struct) else struct.thrift_spec


def writing_spec(struct: Any, span: Span) -> Spec:
    """The tuple to write a struct with for a peer of these generations. Where two layouts fit: see
    ``Clash.both_rows``.
    """
    return _writing(struct, _choices(span)) if reaches_a_clash(struct) else struct.thrift_spec


def member_structs(row: SpecRow) -> Iterator[Any]:
    """The generated classes that a row's value may hold, at any depth of containers."""
    yield from _structs_of(row[1], row[3])


def _structs_of(wire_type: int, details: Any) -> Iterator[Any]:
    if wire_type == TType.STRUCT:
        yield details[0]
    elif wire_type in (TType.LIST, TType.SET):
        yield from _structs_of(details[0], details[1])
    elif wire_type == TType.MAP:
        yield from _structs_of(details[0], details[1])
        yield from _structs_of(details[2], details[3])


@cache
def reaches_a_clash(struct: Any) -> bool:
    """Whether a value of the class may hold a struct with two layouts, or is one."""
    rows = [row for row in struct.thrift_spec if row is not None]
    return struct in CLASHES or any(reaches_a_clash(member) for row in rows for member in member_structs(row))


@cache
def _choices(span: Span) -> Choices:
    return tuple(clash.choose(span) for clash in CLASHES.values())


@cache
def _reading(struct: Any, choices: Choices) -> Spec:
    clash = CLASHES.get(struct)
    rows = [row for row in struct.thrift_spec if row is not None]
    if clash is not None:
        other = choices[list(CLASHES).index(struct)] is Choice.OTHER
        rows = clash.other_rows() if other else clash.classic_rows()
    indexed: list[SpecRow | None] = [None] * (max((row[0] for row in rows), default=-1) + 1)
    for row in rows:
        indexed[row[0]] = _with_members(row, choices, _reading)
    return tuple(indexed)


@cache
def _writing(struct: Any, choices: Choices) -> Spec:
    clash = CLASHES.get(struct)
    rows = [row for row in struct.thrift_spec if row is not None]
    if clash is not None:
        choice = choices[list(CLASHES).index(struct)]
        by_choice = {Choice.OTHER: clash.other_rows, Choice.CLASSIC: clash.classic_rows, Choice.EITHER: clash.both_rows}
        rows = by_choice[choice]()
    return tuple(_with_members(row, choices, _writing) for row in rows)


def _with_members(row: SpecRow, choices: Choices, build: Any) -> SpecRow:
    """The row with the tuples of all nested structs replaced."""
    return (*row[:3], _details(row[1], row[3], choices, build), row[4])


def _details(wire_type: int, details: Any, choices: Choices, build: Any) -> Any:
    if wire_type == TType.STRUCT:
        member = details[0]
        return [member, build(member, choices) if reaches_a_clash(member) else member.thrift_spec]
    if wire_type in (TType.LIST, TType.SET):
        return (details[0], _details(details[0], details[1], choices, build), details[2])
    if wire_type == TType.MAP:
        key, value = _details(details[0], details[1], choices, build), _details(details[2], details[3], choices, build)
        return (details[0], key, details[2], value, details[4])
    return details
