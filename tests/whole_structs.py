"""Thrift structs with something in every field, so that what is kept can be compared with what was sent."""

from __future__ import annotations

import copy
import time
from typing import Any, TypeVar

from thrift.Thrift import TType

S = TypeVar("S")

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""What most ids end in."""

BEGIN_MS = 1_700_000_000_000
"""Instants are this and the number of their field."""


def whole(struct: type[S], **fields: Any) -> S:
    """A struct with these fields, and in every other one a value of its own.

    Fields that have a default keep it: ids that the server gives are among them. Enumerations are numbers on the wire,
    so those have to be given, and so have structs.
    """
    rows = [row for row in struct.thrift_spec if row is not None]  # type: ignore[attr-defined]
    made = {row[2]: _value(row[0], row[1], row[2], row[3]) for row in rows if row[4] is None}
    return struct(**{**{name: value for name, value in made.items() if value is not None}, **fields})


def changed(struct: S, **fields: Any) -> S:
    """A copy with other values in these fields."""
    made = copy.copy(struct)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def is_now(instant_ms: int) -> bool:
    """Whether the server has just written that instant, in milliseconds."""
    return abs(instant_ms / 1000 - time.time()) < 60


def later() -> None:
    """Return in another millisecond: of two things of one, no list says which came first."""
    begin = _now_ms()
    while _now_ms() == begin:
        pass


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _value(number: int, kind: int, name: str, details: Any) -> Any:
    if kind == TType.LIST and details[0] == TType.STRING:
        return [f"{name}-1", f"{name}-2"]
    if kind == TType.MAP and details[0] == details[2] == TType.STRING:
        return {f"{name}-key": f"{name}-value"}
    return {
        TType.BOOL: True,
        TType.I32: number,
        TType.I64: BEGIN_MS + number,
        TType.STRING: b"\x00\xff" if details == "BINARY" else f"{name}-text",
    }.get(kind)
