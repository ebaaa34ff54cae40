"""Method tables as processors: bytes of arguments to a call of the application layer, its result to bytes."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from thrift.Thrift import TType

from airavata_adapters.thrift_api.conversion import (
    ConversionError,
    Convert,
    WireType,
    conversion,
    missing_value,
    read_named,
)
from airavata_adapters.thrift_api.interfaces import Interface
from airavata_adapters.thrift_api.naming import record_field
from airavata_adapters.thrift_api.targets import Constant, Target
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_workload.domain.caller import Caller

_REQUIRED = object()


class Signature:
    """What the generated code says of a method. ``throws`` are its exception classes by field of the result."""

    def __init__(self, interface: Interface, method: str) -> None:
        module = interface.module()
        self.interface = interface
        self.method = method
        self.args_class: type[Any] = getattr(module, f"{method}_args")
        self.result_class: type[Any] = getattr(module, f"{method}_result")
        rows = [row for row in self.args_class.thrift_spec if row is not None]
        tokens = [row[2] for row in rows if row[1] == TType.STRUCT and row[3][0] is AuthzToken]
        self.token_field: str | None = tokens[0] if tokens else None
        self.arguments = [(row[2], WireType(row[1], row[3])) for row in rows if row[2] != self.token_field]
        results = [row for row in self.result_class.thrift_spec if row is not None]
        self.success = next((WireType(row[1], row[3]) for row in results if row[0] == 0), None)
        self.throws: Mapping[str, type[Any]] = {row[2]: row[3][0] for row in results if row[0] != 0}

    @property
    def place(self) -> str:
        """The method's whole name, for messages."""
        return f"{self.interface.name}.{self.method}"


def methods_of(interface: Interface) -> Sequence[str]:
    """The names of all methods of a service."""
    iface: type[Any] = interface.module().Iface
    return [name for name in dir(iface) if not name.startswith("_")]


@dataclass(frozen=True, slots=True)
class _Argument:
    wire_name: str
    read: Convert
    default: Any


class BoundMethod:
    """A Thrift method with what answers it. Raises ``ConversionError`` when it is first used, if the two do not fit."""

    def __init__(self, signature: Signature, target: tuple[str, str] | Callable[..., Any], api: Any) -> None:
        self.signature = signature
        self._target = target
        self._api = api

    def call(self, arguments: Any, caller: Caller) -> Any:
        """Call with the decoded argument struct; returns the result struct.

        Raises whatever the application layer raises, and ``InputError`` for arguments that are missing or wrong.
        """
        values = []
        for argument, value in zip(self._arguments, self._wire_values(arguments), strict=True):
            if value is None:
                if argument.default is _REQUIRED:
                    raise missing_value(argument.wire_name)
                values.append(argument.default)
            elif argument.read is None:
                values.append(value)
            else:
                values.append(read_named(argument.wire_name, argument.read, value))
        result = self._function(caller, *values)
        if self.signature.success is None:
            return self.signature.result_class()
        write = self._write_result
        return self.signature.result_class(success=result if result is None or write is None else write(result))

    def check(self) -> None:
        """Find out now whether the two fit. Raises ``ConversionError``."""
        _ = self._arguments, self._write_result

    def _wire_values(self, arguments: Any) -> list[Any]:
        return [getattr(arguments, argument.wire_name) for argument in self._arguments]

    @cached_property
    def _function(self) -> Callable[..., Any]:
        target = self._target
        if not isinstance(target, tuple):
            return partial(target, self._api)
        attribute, name = target
        found: Callable[..., Any] | None = getattr(getattr(self._api, attribute, None), name, None)
        if found is None:
            raise ConversionError(f"{self.signature.place}: there is no Api.{attribute}.{name}.")
        return found

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        function = self._function
        return typing.get_type_hints(function.func if isinstance(function, partial) else function)

    @cached_property
    def _arguments(self) -> Sequence[_Argument]:
        """In the order of the function's own parameters: by name where all names agree, otherwise one after another."""
        place = self.signature.place
        # After the caller.
        parameters = list(inspect.signature(self._function).parameters.values())[1:]
        by_name = {record_field(self.signature.args_class.__name__, row[0]): row for row in self.signature.arguments}
        if {parameter.name for parameter in parameters} <= by_name.keys():
            rows = [by_name[parameter.name] for parameter in parameters]
        elif len(parameters) == len(self.signature.arguments):
            rows = list(self.signature.arguments)
        else:
            raise ConversionError(
                f"{place}: takes {[parameter.name for parameter in parameters]}, clients send {list(by_name)}."
            )
        found = []
        for parameter, (wire_name, wire) in zip(parameters, rows, strict=True):
            hint = self._hints.get(parameter.name)
            read = conversion(wire, hint, f"{place}({wire_name})").read
            found.append(_Argument(wire_name, read, _default(parameter, hint)))
        return found

    @cached_property
    def _write_result(self) -> Convert:
        wire, hint, place = self.signature.success, self._hints.get("return"), self.signature.place
        if wire is None:
            if hint not in (None, type(None)):
                raise ConversionError(f"{place}: returns {hint}, and its clients expect nothing.")
            return None
        return conversion(wire, hint, f"{place} (result)").write


def _default(parameter: inspect.Parameter, hint: Any) -> Any:
    if parameter.default is not inspect.Parameter.empty:
        return parameter.default
    may_be_none = typing.get_origin(hint) in (types.UnionType, typing.Union) and type(None) in typing.get_args(hint)
    return None if may_be_none else _REQUIRED


def bound(interface: Interface, method: str, target: Target, api: Any) -> BoundMethod | Constant:
    """What answers a method."""
    return target if isinstance(target, Constant) else BoundMethod(Signature(interface, method), target, api)
