"""Walks over a message's objects before it is written and after it was read, no further than there is something to do.

What a class needs is found out once, from its ``thrift_spec``; a subtree that needs nothing is never entered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from thrift.Thrift import TType

from airavata_adapters.thrift_api.dialect_conversions import AFTER_READING, BEFORE_WRITING, Conversion
from airavata_adapters.thrift_api.dialect_values import (
    NEWER_VALUES,
    Stand,
    known_to,
    proved_by_commands,
    required_defaults,
    without_newer_commands,
)
from airavata_adapters.thrift_api.dialects import Span, since

_Elements = Callable[[Any], Iterable[Any]]
C = TypeVar("C")
_Step = Callable[[Any, C], None]


@dataclass(frozen=True, slots=True)
class _Child(Generic[C]):
    name: str
    elements: _Elements
    walk: Walk[C]


@dataclass(frozen=True, slots=True)
class Walk(Generic[C]):
    """What to do with an object of one class: first its own steps, which may make members, then its members."""

    steps: tuple[_Step[C], ...]
    children: tuple[_Child[C], ...]

    def run(self, thing: Any, context: C) -> None:
        """Does it, in place. Every step is given the ``context``."""
        for step in self.steps:
            step(thing, context)
        for child in self.children:
            value = getattr(thing, child.name)
            if value is not None:
                for element in child.elements(value):
                    child.walk.run(element, context)


def before_writing(thing: Any, span: Span) -> None:
    """Fills required fields, replaces values that the peer may not know, converts what its layout has otherwise."""
    struct: Any = type(thing)
    walk = _writing_walk(struct)
    if walk is not None:
        walk.run(thing, span)


def after_reading(thing: Any, span: Span) -> None:
    """Brings what a peer wrote in another form into the classic one."""
    struct: Any = type(thing)
    walk = _reading_walk(struct)
    if walk is not None:
        walk.run(thing, span)


def proved_by_values(thing: Any) -> list[Span]:
    """What a peer's values prove of it: who sends one knows it, and may be sent it."""
    struct: Any = type(thing)
    found: list[Span] = []
    walk = _evidence_walk(struct)
    if walk is not None:
        walk.run(thing, found)
    return found


@cache
def _writing_walk(struct: Any) -> Walk[Span] | None:
    steps: list[Conversion] = []
    if defaults := required_defaults(struct):
        steps.append(_filling(defaults))
    if (conversion := BEFORE_WRITING.get(struct)) is not None:
        steps.append(conversion)
    if struct in NEWER_VALUES:
        steps.append(_lowering(struct))
    return _walk(struct, tuple(steps), _writing_walk)


@cache
def _reading_walk(struct: Any) -> Walk[Span] | None:
    conversion = AFTER_READING.get(struct)
    return _walk(struct, (conversion,) if conversion is not None else (), _reading_walk)


@cache
def _evidence_walk(struct: Any) -> Walk[list[Span]] | None:
    field = NEWER_VALUES.get(struct)
    return _walk(struct, (_looking(*field),) if field is not None else (), _evidence_walk)


def _walk(struct: Any, steps: tuple[_Step[C], ...], walk_of: Callable[[Any], Walk[C] | None]) -> Walk[C] | None:
    children: list[_Child[C]] = []
    for row in struct.thrift_spec:
        found = _member(row[1], row[3], walk_of) if row is not None else None
        if found is not None:
            children.append(_Child(row[2], *found))
    return Walk(steps, tuple(children)) if steps or children else None


def _member(wire_type: int, details: Any, walk_of: Callable[[Any], Walk[C] | None]) -> tuple[_Elements, Walk[C]] | None:
    """How to reach the structs in a field, and their walk; None where there are none that need one."""
    if wire_type == TType.STRUCT:
        walk = walk_of(details[0])
        return None if walk is None else (_itself, walk)
    if wire_type in (TType.LIST, TType.SET):
        inner = _member(details[0], details[1], walk_of)
        return None if inner is None else (_each(inner[0], list), inner[1])
    if wire_type == TType.MAP:
        inner = _member(details[2], details[3], walk_of)
        return None if inner is None else (_each(inner[0], dict.values), inner[1])
    return None


def _itself(value: Any) -> Iterable[Any]:
    return (value,)


def _each(inner: _Elements, members: Callable[[Any], Iterable[Any]]) -> _Elements:
    if inner is _itself:
        return members
    return lambda value: (element for member in members(value) for element in inner(member))


def _filling(defaults: tuple[tuple[str, Callable[[], object]], ...]) -> Conversion:
    def fill(thing: Any, span: Span) -> None:
        del span
        for name, make in defaults:
            if getattr(thing, name) is None:
                object.__setattr__(thing, name, make())  # generated exceptions refuse any other way

    return fill


def _lowering(struct: Any) -> Conversion:
    name, newer = NEWER_VALUES[struct]

    def lower(thing: Any, span: Span) -> None:
        setattr(thing, name, known_to(getattr(thing, name), newer, span))
        if hasattr(thing, "jobManagerCommands"):
            thing.jobManagerCommands = without_newer_commands(thing.jobManagerCommands, span)

    return lower


def _looking(name: str, newer: Stand) -> _Step[list[Span]]:
    def look(thing: Any, found: list[Span]) -> None:
        if (value := newer.get(getattr(thing, name))) is not None:
            found.append(since(value[0]))
        found.extend(proved_by_commands(getattr(thing, "jobManagerCommands", None)))

    return look
