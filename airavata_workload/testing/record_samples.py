"""Records of every kind for property tests, made by the types of their fields."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from airavata_workload.records.projects import Project
from airavata_workload.records.record import Record
from airavata_workload.testing.samples import unique

R = TypeVar("R", bound=Record)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Text that every store keeps: without lone halves of characters."""

_PLAIN: Mapping[Any, SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**31), 2**31 - 1),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bytes: st.binary(max_size=12),
}


def records(kind: type[R], **given: SearchStrategy[Any]) -> SearchStrategy[R]:
    """Records of a kind; ``given`` says how particular fields are made. Collections hold at most two things."""
    return _values(kind, **given)


def _values(kind: type[Any], **given: SearchStrategy[Any]) -> SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    made = {field.name: _of_type(hints[field.name]) for field in dataclasses.fields(kind) if field.name not in given}
    return st.builds(kind, **made, **given)


def _of_type(hint: Any) -> SearchStrategy[Any]:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([st.none() if each is type(None) else _of_type(each) for each in arguments])
    if origin is tuple:
        return st.lists(_of_type(arguments[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(_of_type(arguments[0]), _of_type(arguments[1]), max_size=2)
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    return st.deferred(lambda: _values(hint))


def project(**changes: Any) -> Project:
    """A project of a gateway of its own."""
    made = Project(project_id=unique("project"), owner="ann", gateway_id=unique("gateway"), name="Water")
    return dataclasses.replace(made, **changes)
