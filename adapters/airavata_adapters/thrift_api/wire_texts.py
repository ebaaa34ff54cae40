"""Whether the texts that a peer sent were UTF-8.

The C codec puts U+FFFD where bytes are none, and tells nobody: a name that somebody wrote in Latin-1 would be stored
as another one. A text that holds that character is therefore read again as bytes, because a peer may also have meant
it.

Source: Apache Thrift 0.25, ``lib/py/src/ext/protocol.tcc``, ``PyUnicode_DecodeUTF8(buf, len, "replace")``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from thrift.Thrift import TType

from airavata_adapters.thrift_api.codec import UndecodableError
from airavata_adapters.thrift_api.wire_specs import Spec

_REPLACEMENT = "\ufffd"
_TEXT, _BYTES = "UTF8", "BINARY"

Texts = Iterator[tuple[str, Any]]
"""Each text with the path of the field that holds it."""


def check_texts(thing: Any, spec: Spec, content: bytes, read: Callable[[Spec], Any]) -> None:
    """Raise ``UndecodableError`` that names the field, if a text in ``content`` was not UTF-8.

    ``thing`` was made of ``content`` by ``spec``; ``read`` makes it again by another.
    """
    if content.isascii() or not any(_REPLACEMENT in text for _, text in _of_struct(thing, spec, "")):
        return
    for path, raw in _of_struct(read(_with_bytes(spec)), spec, ""):
        if not isinstance(raw, bytes):
            continue  # a default of a field that was not sent
        try:
            raw.decode()
        except UnicodeDecodeError:
            raise UndecodableError(f"The text in {path} is not UTF-8. Encode texts in UTF-8.") from None


def _of_struct(thing: Any, spec: Spec, path: str) -> Texts:
    for row in spec:
        if row is not None and (value := getattr(thing, row[2])) is not None:
            yield from _of_value(value, row[1], row[3], f"{path}.{row[2]}" if path else row[2])


def _of_value(value: Any, wire_type: int, details: Any, path: str) -> Texts:
    if wire_type == TType.STRING:
        if details == _TEXT:
            yield path, value
    elif wire_type == TType.STRUCT:
        yield from _of_struct(value, details[1], path)
    elif wire_type in (TType.LIST, TType.SET):
        if details[0] in _HOLDERS:
            for element in value:
                yield from _of_value(element, details[0], details[1], path)
    elif wire_type == TType.MAP:
        for key, element in value.items():
            yield from _of_value(key, details[0], details[1], path)
            yield from _of_value(element, details[2], details[3], path)


_HOLDERS = frozenset({TType.STRING, TType.STRUCT, TType.LIST, TType.SET, TType.MAP})
"""Types whose values are texts or hold some."""


def _with_bytes(spec: Spec) -> Spec:
    """The same tuple, by which the codec makes bytes of texts."""
    return tuple(row if row is None else (*row[:3], _bytes_in(row[1], row[3]), row[4]) for row in spec)


def _bytes_in(wire_type: int, details: Any) -> Any:
    if wire_type == TType.STRING:
        return _BYTES
    if wire_type == TType.STRUCT:
        return [details[0], _with_bytes(details[1])]
    if wire_type in (TType.LIST, TType.SET):
        return (details[0], _bytes_in(details[0], details[1]), details[2])
    if wire_type == TType.MAP:
        key, value = _bytes_in(details[0], details[1]), _bytes_in(details[2], details[3])
        return (details[0], key, details[2], value, details[4])
    return details
