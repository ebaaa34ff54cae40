"""Thrift structs to records and back, by the type hints of the records and the naming rule.

For a struct class and a record class a plan is made once; after that a
conversion is one loop over its fields. What is not set is ``None`` on both
sides: an absent field takes the record's default, and a field that has none is
an error which names it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from enum import Enum
from functools import cache, partial
from typing import Any

from thrift.Thrift import TType

from airavata_adapters.thrift_api.enumerations import EnumerationError, numbers
from airavata_adapters.thrift_api.naming import WRAPPED, record_field
from airavata_workload.domain.errors import InputError

Convert = Callable[[Any], Any] | None
"""None leaves the value as it is."""

_INTEGERS = (TType.BYTE, TType.I16, TType.I32, TType.I64)
_TUPLES = (tuple, Sequence, list, Iterable)
_SETS = (frozenset, Set, set)
_MAPPINGS = (Mapping, dict)


class ConversionError(Exception):
    """A struct and a record, or a method's arguments, do not fit one another: a fault of ours."""


@dataclasses.dataclass(frozen=True, slots=True)
class WireType:
    """A type as the generated code describes it: ``details`` as in ``thrift_spec``."""

    kind: int
    details: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Both:
    """How a value is converted in either direction."""

    read: Convert
    write: Convert


# -- structs --------------------------------------------------------------------------------
@dataclasses.dataclass(slots=True)
class _Field:
    wire_name: str
    name: str
    read: Convert
    write: Convert
    required: bool


class Plan:
    """How one struct class and one record class are turned into one another."""

    def __init__(self, struct_class: type[Any], record_class: type[Any]) -> None:
        self.struct_class = struct_class
        self.record_class = record_class
        self._fields: list[_Field] = []

    def fill(self) -> None:
        """Find out about the fields; apart from the constructor, because structs may hold themselves."""
        hints = typing.get_type_hints(self.record_class)
        fields = {field.name: field for field in dataclasses.fields(self.record_class)}
        for row in self.struct_class.thrift_spec:
            if row is None:
                continue
            wire_name = row[2]
            name = record_field(self.struct_class.__name__, wire_name)
            place = f"{self.struct_class.__name__}.{wire_name}"
            if name not in fields:
                raise ConversionError(f"{place}: {self.record_class.__qualname__} has no field '{name}'.")
            both = self._conversion(WireType(row[1], row[3]), wire_name, hints[name], place)
            self._fields.append(_Field(wire_name, name, both.read, both.write, _has_no_default(fields[name])))
        missing = {name for name, field in fields.items() if _has_no_default(field)} - {f.name for f in self._fields}
        if missing:
            raise ConversionError(f"{self.record_class.__qualname__} needs {sorted(missing)}, which no client sends.")

    def _conversion(self, wire: WireType, wire_name: str, hint: Any, place: str) -> Both:
        member = WRAPPED.get((self.struct_class.__name__, wire_name))
        return conversion(wire, hint, place) if member is None else _wrapped(wire, member, hint, place)

    def read(self, struct: Any) -> Any:
        """The record. Raises ``InputError`` that names the field which is missing or wrong."""
        values: dict[str, Any] = {}
        for field in self._fields:
            value = getattr(struct, field.wire_name)
            if value is not None:
                values[field.name] = value if field.read is None else read_named(field.wire_name, field.read, value)
            elif field.required:
                raise missing_value(field.wire_name)
        return self.record_class(**values)

    def write(self, record: Any) -> Any:
        """The struct."""
        struct = self.struct_class()
        for field in self._fields:
            value = getattr(record, field.name)
            if value is not None and field.write is not None:
                value = field.write(value)
            setattr(struct, field.wire_name, value)
        return struct


def plan(struct_class: type[Any], record_class: type[Any]) -> Plan:
    """The plan for the two. Raises ``ConversionError`` if they do not fit."""
    found = _plans.get((struct_class, record_class))
    if found is None:
        found = _plans[struct_class, record_class] = Plan(struct_class, record_class)
        try:
            found.fill()
        except BaseException:
            # Half a plan must not be found the next time.
            _plans.pop((struct_class, record_class), None)
            raise
    return found


_plans: dict[tuple[type[Any], type[Any]], Plan] = {}


def _has_no_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


class _FieldError(InputError):
    """An ``InputError`` whose place in the request is still being spelt out, from the inside to the outside."""

    def __init__(self, path: str, reason: str, remedy: str | None) -> None:
        super().__init__(f"{path}: {reason}", remedy=remedy)
        self.path = path
        self.reason = reason


def missing_value(name: str) -> InputError:
    """For a field or an argument that must be there and is not."""
    return _FieldError(name, "it is missing.", "Set it.")


def read_named(name: str, read: Callable[[Any], Any], value: Any) -> Any:
    """Convert what a client sent under a name. What is wrong in it is told with its whole path, ``a.b.c``."""
    try:
        return read(value)
    except _FieldError as error:
        raise _FieldError(f"{name}.{error.path}", error.reason, error.remedy) from None
    except InputError as error:
        raise _FieldError(name, error.message, error.remedy) from None


def _wrapped(wire: WireType, member: str, hint: Any, place: str) -> Both:
    """For a struct whose one member is what the record has."""
    wrapper = wire.details[0]
    row = next(row for row in wrapper.thrift_spec if row is not None and row[2] == member)
    inner = conversion(WireType(row[1], row[3]), hint, f"{place}.{member}")

    def read(value: Any) -> Any:
        found = getattr(value, member)
        return None if found is None or inner.read is None else inner.read(found)

    def write(value: Any) -> Any:
        return wrapper(**{member: value if inner.write is None else inner.write(value)})

    return Both(read, write)


# -- values ---------------------------------------------------------------------------------
def conversion(wire: WireType, hint: Any, place: str) -> Both:
    """How values of a wire type become values of a type hint, and back. Raises ``ConversionError``."""
    hint = _without_none(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enumeration(wire, hint, place)
    if wire.kind == TType.STRUCT:
        return _struct(wire, hint, place)
    if wire.kind in (TType.LIST, TType.SET, TType.MAP):
        return _container(wire, hint, place)
    wanted = {
        TType.BOOL: bool,
        TType.DOUBLE: float,
        TType.STRING: bytes if wire.details == "BINARY" else str,
        **dict.fromkeys(_INTEGERS, int),
    }.get(wire.kind)
    if hint is not wanted:
        raise ConversionError(f"{place}: {_wire_name(wire)} does not become {hint}.")
    return Both(None, None)


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        rest = [each for each in typing.get_args(hint) if each is not type(None)]
        if len(rest) == 1:
            return rest[0]
    return hint


def _enumeration(wire: WireType, hint: type[Enum], place: str) -> Both:
    if wire.kind not in _INTEGERS:
        raise ConversionError(f"{place}: {_wire_name(wire)} does not become {hint}.")
    try:
        by_member = numbers(hint)
    except EnumerationError as error:
        raise ConversionError(f"{place}: {error}") from error
    by_number = {number: member for member, number in by_member.items()}

    def read(number: int) -> Enum:
        try:
            return by_number[number]
        except KeyError:
            known = ", ".join(f"{each.name} {value}" for each, value in by_member.items())
            raise InputError(f"{number} is no {hint.__name__}.", remedy=f"There are {known}.") from None

    return Both(read, by_member.__getitem__)


def _struct(wire: WireType, hint: Any, place: str) -> Both:
    if not dataclasses.is_dataclass(hint):
        raise ConversionError(f"{place}: {_wire_name(wire)} does not become {hint}.")
    if not isinstance(hint, type):
        raise ConversionError(f"{place}: {hint} is no class.")
    found = plan(wire.details[0], hint)
    return Both(found.read, found.write)


def _container(wire: WireType, hint: Any, place: str) -> Both:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if wire.kind == TType.MAP and origin in _origins(_MAPPINGS):
        key = conversion(WireType(*wire.details[0:2]), arguments[0], f"{place} (key)")
        value = conversion(WireType(*wire.details[2:4]), arguments[1], f"{place} (value)")
        return Both(_mapping(key.read, value.read), _mapping(key.write, value.write))
    is_tuple = wire.kind == TType.LIST and origin in _origins(_TUPLES)
    if is_tuple or (wire.kind == TType.SET and origin in _origins(_SETS)):
        element = conversion(WireType(*wire.details[0:2]), arguments[0], f"{place} (element)")
        if is_tuple:
            return Both(_collection(element.read, tuple), _collection(element.write, list))
        return Both(_collection(element.read, frozenset), _collection(element.write, set))
    raise ConversionError(f"{place}: {_wire_name(wire)} does not become {hint}.")


@cache
def _origins(classes: tuple[Any, ...]) -> frozenset[Any]:
    return frozenset(typing.get_origin(each) or each for each in classes)


def _collection(convert: Convert, collect: Callable[[Iterable[Any]], Any]) -> Convert:
    return collect if convert is None else partial(_collected, convert, collect)


def _collected(convert: Callable[[Any], Any], collect: Callable[[Iterable[Any]], Any], values: Iterable[Any]) -> Any:
    return collect([convert(value) for value in values])


def _mapping(key: Convert, value: Convert) -> Convert:
    if key is None and value is None:
        return dict

    def convert(values: Mapping[Any, Any]) -> dict[Any, Any]:
        return {(k if key is None else key(k)): (v if value is None else value(v)) for k, v in values.items()}

    return convert


def _wire_name(wire: WireType) -> str:
    if wire.kind == TType.STRUCT:
        return f"struct {wire.details[0].__name__}"
    name: str = TType._VALUES_TO_NAMES[wire.kind].lower()
    return name
