"""What becomes of a record when a client sends a new version of it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

R = TypeVar("R")


def updated(old: R, new: R, **fixed: Any) -> R:
    """``old`` with everything that ``new`` sets; ``fixed`` fields get those values whatever both say."""
    record: Any = new
    said = {each.name: getattr(record, each.name) for each in fields(record)}
    changed: Any = old
    result: R = replace(changed, **{name: value for name, value in said.items() if value is not None} | fixed)
    return result
