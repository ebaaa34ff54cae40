"""Records as JSON objects, and back, by the types of their fields.

A field that is ``None`` is left out. What a newer version has written is read
as far as it is known: fields and members of enumerations that this version
does not have count as not set, and so does a field that is not there; one
that must be set is then empty, zero or the first member.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from airavata_workload.records.record import Record

R = TypeVar("R", bound=Record)

Document = dict[str, Any]
_Convert = Callable[[Any], Any]
_PLANS: dict[type[Any], tuple[_Field, ...]] = {}


class _UnknownMember(Exception):
    """An enumeration of this version lacks a member that is stored."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Form:
    """How values of a type are written and read, ``None`` if JSON has them as they are, and what an empty one is."""

    write: _Convert | None
    read: _Convert | None
    neutral: Callable[[], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    """A field of a dataclass. ``unset`` gives what it is when no value is stored."""

    name: str
    form: _Form
    unset: Callable[[], Any]


def to_document(record: Any) -> Document:
    """The JSON object of a record, or of a value inside one."""
    document: Document = {}
    for field in _fields_of(type(record)):
        value = getattr(record, field.name)
        if value is not None:
            document[field.name] = value if field.form.write is None else field.form.write(value)
    return document


def from_document(kind: type[R], document: Mapping[str, Any]) -> R:
    """The record behind a JSON object."""
    return typing.cast("R", _read_fields(kind, document))


def _read_fields(kind: type[Any], document: Mapping[str, Any]) -> Any:
    values: dict[str, Any] = {}
    for field in _fields_of(kind):
        value = document.get(field.name)
        if value is None:
            values[field.name] = field.unset()
        elif field.form.read is None:
            values[field.name] = value
        else:
            try:
                values[field.name] = field.form.read(value)
            except _UnknownMember:
                values[field.name] = field.unset()
    return kind(**values)


def _fields_of(kind: type[Any]) -> tuple[_Field, ...]:
    found = _PLANS.get(kind)
    if found is None:
        found = _PLANS[kind] = _plan(kind)
    return found


def _plan(kind: type[Any]) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(_field(field, hints[field.name]) for field in dataclasses.fields(kind))


def _field(field: dataclasses.Field[Any], hint: Any) -> _Field:
    form = _form(hint)
    if field.default_factory is not dataclasses.MISSING:
        return _Field(field.name, form, field.default_factory)
    if field.default is not dataclasses.MISSING:
        return _Field(field.name, form, functools.partial(_same, field.default))
    return _Field(field.name, form, form.neutral)


def _same(value: Any) -> Any:
    return value


@functools.cache
def _form(hint: Any) -> _Form:
    if hint in (str, int, bool, float):
        return _Form(None, None, hint)
    if hint is bytes:
        return _Form(lambda value: base64.b64encode(value).decode("ascii"), base64.b64decode, bytes)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        inner = _form(next(argument for argument in arguments if argument is not type(None)))
        return _Form(inner.write, inner.read, functools.partial(_same, None))
    if origin is tuple:
        return _form_of_tuple(_form(arguments[0]))
    if origin is Mapping:
        return _form_of_mapping(*(_form(argument) for argument in arguments))
    return _form_of_class(hint)


def _form_of_tuple(item: _Form) -> _Form:
    write, read = item.write, item.read
    return _Form(
        list if write is None else lambda value: [write(each) for each in value],
        tuple if read is None else lambda value: tuple(read(each) for each in value),
        tuple,
    )


def _form_of_mapping(key: _Form, value: _Form) -> _Form:
    read_key, read_value, write_value = key.read or _same, value.read or _same, value.write or _same
    return _Form(
        # A member of an enumeration of texts is its own text.
        lambda mapping: {str(name): write_value(each) for name, each in mapping.items()},
        lambda mapping: {read_key(name): read_value(each) for name, each in mapping.items()},
        dict,
    )


def _form_of_class(kind: type[Any]) -> _Form:
    if issubclass(kind, StrEnum):
        return _Form(str, functools.partial(_member, kind), functools.partial(_same, next(iter(kind))))
    if dataclasses.is_dataclass(kind):
        read = functools.partial(_read_fields, kind)
        return _Form(to_document, read, functools.partial(read, {}))
    raise TypeError(f"no field of a record may be of type {kind.__name__}.")


def _member(kind: type[StrEnum], value: str) -> StrEnum:
    try:
        return kind(value)
    except ValueError:
        raise _UnknownMember from None
