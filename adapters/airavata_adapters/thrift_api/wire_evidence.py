"""A walk over the bytes of a call's arguments: what they tell of their writer, and whether objects may be made of them.

The C codec skips a field whose type is not the one it expects and tells nobody, so the types that a peer sends are
seen here, before. The walk also counts values, because an object takes a hundred times the memory of the byte that
asks for it.

Source: Apache Thrift, ``doc/specs/thrift-binary-protocol.md``.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812 - it is a class

from thrift.Thrift import TType

from airavata_adapters.thrift_api.codec import UndecodableError
from airavata_adapters.thrift_api.dialects import Span
from airavata_adapters.thrift_api.wire_watch import Watch

MAX_VALUES = 200_000
"""Fields and elements in one call: 200 bytes each make 40 MB at worst."""

MAX_DEPTH = 64
"""Structs and containers inside one another; an experiment with everything in it has 14, the C codec takes 64."""

_I16 = Struct("!h").unpack_from
_I32 = Struct("!i").unpack_from
_FIXED_BYTES = {TType.BOOL: 1, TType.BYTE: 1, TType.DOUBLE: 8, TType.I16: 2, TType.I32: 4, TType.I64: 8}
_SMALLEST_BYTES = {**_FIXED_BYTES, TType.STRING: 4, TType.STRUCT: 1, TType.MAP: 6, TType.SET: 5, TType.LIST: 5}


class EvidenceWalk:
    """The walk over one struct that begins at the first of ``content``'s bytes. ``evidence`` grows on the way."""

    __slots__ = ("_content", "_left", "evidence")

    def __init__(self, content: bytes, max_values: int = MAX_VALUES) -> None:
        self._content = content
        self._left = max_values
        self.evidence: list[Span] = []

    def run(self, watch: Watch | None) -> None:
        """Walks to the end. Raises ``UndecodableError`` unless the bytes hold a whole struct within the limits."""
        try:
            self._struct(0, watch, 1)
        except (IndexError, StructError) as error:
            raise UndecodableError("The arguments end in the middle of a value.") from error

    def _struct(self, position: int, watch: Watch | None, depth: int) -> int:
        content = self._content
        while (wire_type := content[position]) != TType.STOP:
            self._count(1)
            number = _I16(content, position + 1)[0]
            position += 3
            if watch is None:
                position = self._value(wire_type, position, None, depth)
                continue
            if (span := watch.evidence.get((number, wire_type))) is not None:
                self.evidence.append(span)
            position = self._value(wire_type, position, watch.members.get(number), depth)
        return position + 1

    def _value(self, wire_type: int, position: int, watch: Watch | None, depth: int) -> int:
        size = _FIXED_BYTES.get(wire_type)
        if size is not None:
            return position + size
        if wire_type == TType.STRING:
            return position + 4 + self._size(position, 1)
        if depth >= MAX_DEPTH:
            raise UndecodableError(f"The arguments nest deeper than {MAX_DEPTH}.")
        if wire_type == TType.STRUCT:
            return self._struct(position, watch, depth + 1)
        if wire_type in (TType.LIST, TType.SET):
            return self._container(self._content[position : position + 1], position + 1, watch, depth)
        if wire_type == TType.MAP:
            return self._container(self._content[position : position + 2], position + 2, watch, depth)
        raise UndecodableError(f"The arguments hold a value of type {wire_type}, which is none.")

    def _container(self, types: bytes, position: int, watch: Watch | None, depth: int) -> int:
        """A list, set or map from its size on. An empty one may name any types."""
        size = self._size(position, 0)
        position += 4
        if not size:
            return position
        smallest = [_SMALLEST_BYTES.get(wire_type) for wire_type in types]
        known = [width for width in smallest if width is not None]
        if len(known) < len(types):
            raise UndecodableError("A container in the arguments holds values of a type that is none.")
        self._count(size * len(types))
        if size * sum(known) > len(self._content) - position:
            raise UndecodableError("The arguments end in the middle of a container.")
        if all(wire_type in _FIXED_BYTES for wire_type in types):
            return position + size * sum(known)
        for _ in range(size):
            for wire_type in types:
                position = self._value(wire_type, position, watch, depth + 1)
        return position

    def _size(self, position: int, width: int) -> int:
        """A length or size, whose values of so many bytes must still fit."""
        size: int = _I32(self._content, position)[0]
        if size < 0 or size * width > len(self._content) - position - 4:
            raise UndecodableError(f"A length of {size} in the arguments reaches beyond their end.")
        return size

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise UndecodableError("The arguments hold more values than one call may: send them in several.")
