"""Calls with a value in every argument, for every method of every service: what fuzzing starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from thrift.protocol import fastbinary
from thrift.Thrift import TType

from airavata_adapters.thrift_api.binding import Signature, methods_of
from airavata_adapters.thrift_api.interfaces import INTERFACES
from airavata_thrift.authorization.ttypes import AuthzToken

SIGNATURES: tuple[Signature, ...] = tuple(
    Signature(interface, method) for interface in INTERFACES for method in sorted(methods_of(interface))
)
"""Every method that there is; inputs name one by its place in here."""

_NUMBERS = {TType.BYTE: 1, TType.I16: 2, TType.I32: 1, TType.I64: 1_700_000_000_000, TType.DOUBLE: 0.5}


def arguments(signature: Signature, names: Mapping[str, str]) -> Any:
    """The arguments of a method. ``names`` are the texts of the fields of that name; others are their own names."""
    return _filled(signature.args_class, names)


def encoded(signature: Signature, names: Mapping[str, str]) -> bytes:
    """The bytes of these arguments."""
    content: bytes = fastbinary.encode_binary(
        arguments(signature, names), [signature.args_class, signature.args_class.thrift_spec]
    )
    return content


def _filled(struct: Any, names: Mapping[str, str]) -> Any:
    if struct is AuthzToken:
        return AuthzToken("token", {"userName": names.get("userName", "ada"), "gatewayID": names.get("gatewayId", "g")})
    return struct(**{row[2]: _value(row[1], row[3], row[2], names) for row in _rows(struct)})


def _rows(struct: Any) -> Iterator[tuple[Any, ...]]:
    return (row for row in struct.thrift_spec if row is not None)


def _value(wire_type: int, details: Any, name: str, names: Mapping[str, str]) -> Any:
    if wire_type == TType.STRUCT:
        return _filled(details[0], names)
    if wire_type == TType.LIST:
        return [_value(details[0], details[1], name, names)]
    if wire_type == TType.SET:
        return {_value(details[0], details[1], name, names)}
    if wire_type == TType.MAP:
        return {_value(details[0], details[1], name, names): _value(details[2], details[3], name, names)}
    if wire_type == TType.STRING:
        text = names.get(name, name)
        return text.encode() if details == "BINARY" else text
    return True if wire_type == TType.BOOL else _NUMBERS[wire_type]
