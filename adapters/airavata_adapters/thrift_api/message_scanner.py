"""Finds where an unframed TBinary message ends, over bytes that arrive piece by piece.

Unframed TBinary has no length prefix: a message ends where its argument struct
ends. The scanner walks over the bytes once and keeps its place, so that the
work is linear however the bytes are cut, and it holds no more than the stack
of what is open. It decodes nothing but the header.

Source: Thrift binary protocol encoding (doc/specs/thrift-binary-protocol.md):
strict header ``0x8001 00 TYPE``, name, sequence id; old header name, type,
sequence id; framed transport: four bytes of length before the message.
"""

from __future__ import annotations

from dataclasses import dataclass

from airavata_adapters.thrift_api.limits import Limits

STRICT_PREFIX = b"\x80\x01"
VERSION_1 = 0x80010000
_VERSION_MASK = 0xFFFF0000

_STOP, _STRING, _STRUCT, _MAP, _SET, _LIST = 0, 11, 12, 13, 14, 15
_UNKNOWN = 255
_FIXED_BYTES = [0] * 256
for _type, _bytes in {2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8, 16: 16}.items():
    _FIXED_BYTES[_type] = _bytes
_HEAD_BYTES = {_STRING: 4, _STRUCT: 0, _MAP: 6, _SET: 5, _LIST: 5}

_FIRST_BYTES = 6
"""So many bytes tell a framed message from one with the old header; no message is shorter than that."""


class ScanError(Exception):
    """The bytes are no message, or one that is beyond a limit. Where the next message begins is not known."""


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a message, and where its argument struct begins."""

    name: str
    kind: int
    sequence_id: int
    framed: bool
    body_begin: int


class MessageScanner:
    """Walks over the bytes of one message at a time. ``header`` is that of the present one, once it is known."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.header: Header | None = None
        self.reset()

    def reset(self) -> None:
        """Begin with the next message: its first byte is the first of the buffer."""
        self.header = None
        self._position = 0
        self._frame_end = 0
        self._pending = _UNKNOWN
        self._open: list[_Container | None] = []

    def scan(self, data: bytearray) -> int | None:
        """Where the message at the beginning of the buffer ends, or None while bytes are missing.

        The buffer is the same at every call, with more bytes at its end. Raises ``ScanError``.
        """
        if self.header is None:
            self.header = self._scanned_header(data)
            if self.header is None:
                return None
            self._position = self.header.body_begin
            self._open.append(None)
        self._walk(data)
        self._check_size(self._position)
        complete = not self._open and self._position <= len(data)
        if self._frame_end and (self._position > self._frame_end or (complete and self._position < self._frame_end)):
            raise ScanError("The frame and the message in it have different lengths.")
        return self._position if complete else None

    # -- header ----------------------------------------------------------------------
    def _scanned_header(self, data: bytearray) -> Header | None:
        if len(data) < _FIRST_BYTES:
            return None
        begin = 0
        if data[0] < 0x80 and data[4:6] == STRICT_PREFIX:
            self._frame_end = 4 + int.from_bytes(data[:4], "big")
            self._check_size(self._frame_end)
            begin = 4
        if data[begin] >= 0x80:
            return self._strict_header(data, begin)
        return self._old_header(data)

    def _strict_header(self, data: bytearray, begin: int) -> Header | None:
        if len(data) < begin + 8:
            return None
        version = int.from_bytes(data[begin : begin + 4], "big")
        if version & _VERSION_MASK != VERSION_1:
            raise ScanError("This is no TBinary message: it begins with neither version nor name.")
        name_end = begin + 8 + self._name_bytes(data, begin + 4)
        if len(data) < name_end + 4:
            return None
        sequence_id = int.from_bytes(data[name_end : name_end + 4], "big", signed=True)
        name = _decoded_name(data[begin + 8 : name_end])
        return Header(name, version & 0xFF, sequence_id, begin > 0, name_end + 4)

    def _old_header(self, data: bytearray) -> Header | None:
        name_end = 4 + self._name_bytes(data, 0)
        if len(data) < name_end + 5:
            return None
        sequence_id = int.from_bytes(data[name_end + 1 : name_end + 5], "big", signed=True)
        return Header(_decoded_name(data[4:name_end]), data[name_end], sequence_id, False, name_end + 5)

    def _name_bytes(self, data: bytearray, at: int) -> int:
        length = int.from_bytes(data[at : at + 4], "big")
        if length > self._limits.method_name_bytes:
            raise ScanError("This is no TBinary message: where its method's name should be is none.")
        return length

    # -- argument struct ---------------------------------------------------------------
    def _walk(self, data: bytearray) -> None:
        """Go on as far as the bytes reach. ``_position`` may lie behind their end: those bytes are owed.

        One loop on purpose: it runs once per value of every request.
        """
        end, position, stack = len(data), self._position, self._open
        kind = self._pending
        while stack and position <= end:
            if kind == _UNKNOWN:
                container = stack[-1]
                if container is None:
                    if position == end:
                        break
                    kind = data[position]
                    if kind == _STOP:
                        stack.pop()
                        position += 1
                        kind = _UNKNOWN
                        continue
                    position += 3
                elif container.left:
                    container.left -= 1
                    kind = container.kinds[container.left & 1]
                else:
                    stack.pop()
                    continue
            fixed = _FIXED_BYTES[kind]
            if fixed:
                position += fixed
            elif position + self._head_bytes(kind) > end:
                break
            else:
                position = self._opened(data, position, kind)
            kind = _UNKNOWN
        self._position, self._pending = position, kind

    def _head_bytes(self, kind: int) -> int:
        try:
            return _HEAD_BYTES[kind]
        except KeyError:
            raise ScanError(f"The message holds a value of type {kind}, which is none.") from None

    def _opened(self, data: bytearray, position: int, kind: int) -> int:
        """Step over a string or into a struct or container; returns the new position."""
        if kind == _STRING:
            length = int.from_bytes(data[position : position + 4], "big")
            self._check_size(position + 4 + length)
            return position + 4 + length
        if len(self._open) >= self._limits.depth:
            raise ScanError(f"The request nests deeper than {self._limits.depth}, the limit (thrift.limits.depth).")
        if kind == _STRUCT:
            self._open.append(None)
            return position
        key_kind = data[position]
        value_kind = data[position + 1] if kind == _MAP else key_kind
        head_end = position + _HEAD_BYTES[kind]
        items = int.from_bytes(data[head_end - 4 : head_end], "big")
        if items > self._limits.container_items:
            raise ScanError(
                f"A list, set or map has {items} elements; the limit is {self._limits.container_items} "
                "(thrift.limits.container_items).",
            )
        if not items:
            return head_end
        for each in (key_kind, value_kind):
            if not _FIXED_BYTES[each]:
                self._head_bytes(each)
        both_fixed = _FIXED_BYTES[key_kind] and _FIXED_BYTES[value_kind]
        if both_fixed:
            width = _FIXED_BYTES[key_kind] + (_FIXED_BYTES[value_kind] if kind == _MAP else 0)
            return head_end + items * width
        self._open.append(_Container((value_kind, key_kind), items * 2 if kind == _MAP else items, kind == _MAP))
        return head_end

    def _check_size(self, size: int) -> None:
        if size > self._limits.message_bytes:
            raise ScanError(
                f"The request is longer than the {self._limits.message_bytes} bytes of thrift.limits.message_bytes."
            )


class _Container:
    """A list, set or map that is being walked over; a struct is None."""

    __slots__ = ("kinds", "left")

    def __init__(self, kinds: tuple[int, int], left: int, is_map: bool) -> None:
        # Counted down: at an odd number of what is left a map's key is next, at an even one its value.
        self.kinds = kinds if is_map else (kinds[1], kinds[1])
        self.left = left


def _decoded_name(content: bytearray) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ScanError("The method's name is not UTF-8.") from None
