"""Fuzzes what makes the arguments of any method out of bytes, by the C codec, beside the library's own in Python."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fuzz.calls import SIGNATURES, encoded
from fuzz.library_reader import LibraryReader

from airavata_adapters.thrift_api.codec import UndecodableError
from airavata_adapters.thrift_api.dialect_conversions import AFTER_READING
from airavata_adapters.thrift_api.dialects import Dialect
from airavata_adapters.thrift_api.wire import DialectCodec, read_struct, write_struct
from airavata_adapters.thrift_api.wire_specs import member_structs, reaches_a_clash

BYTES_A_BYTE = 1_000
"""An object with thirty fields may be asked for by one byte."""

FIXED_BYTES = 200_000
_DIALECTS = (None, *Dialect)


class DecoderTarget:
    """Arguments, or ``UndecodableError`` and nothing else; memory in proportion; what was read can be written."""

    def __init__(self, folder: Path) -> None:
        del folder
        for signature in SIGNATURES:  # what is made once is made
            for dialect in _DIALECTS:
                _decoded(signature.args_class, b"\x00", dialect)

    def seeds(self) -> Iterator[bytes]:
        """The arguments of every method; the dialect is that of the listener's settings, or guessed."""
        for number, signature in enumerate(SIGNATURES):
            yield _head(number, number % len(_DIALECTS)) + encoded(signature, {})

    def __call__(self, data: bytes) -> None:
        """Two bytes for the method, one for the dialect, then the arguments."""
        if len(data) < 3:
            return
        struct = SIGNATURES[int.from_bytes(data[:2], "big") % len(SIGNATURES)].args_class
        dialect, content = _DIALECTS[data[2] % len(_DIALECTS)], data[3:]
        tracemalloc.start()
        try:
            thing = _decoded(struct, content, dialect)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < FIXED_BYTES + BYTES_A_BYTE * len(content), f"{peak:,} bytes of memory for {len(content):,}"
        if thing is not None:
            self._check(struct, content, thing)

    def _check(self, struct: Any, content: bytes, thing: Any) -> None:
        if _is_plain(struct):
            other = struct()
            other.read(LibraryReader(content))
            assert repr(other) == repr(thing), "the two readers differ"
        span = Dialect.CLASSIC.span
        written = write_struct(thing, span)
        assert write_struct(read_struct(written, struct, span), span) == written, "written and read it is another"


def _head(number: int, dialect: int) -> bytes:
    return number.to_bytes(2, "big") + bytes([dialect])


def _decoded(struct: Any, content: bytes, dialect: Dialect | None) -> Any:
    codec = DialectCodec(dialect)
    try:
        return codec.decode(struct, content, codec.new_state())
    except UndecodableError:
        return None


def _is_plain(struct: Any) -> bool:
    """Whether a struct has one layout and values of one form, all the way down, as the library's reader thinks."""
    if reaches_a_clash(struct) or struct in AFTER_READING:
        return False
    rows = [row for row in struct.thrift_spec if row is not None]
    return all(_is_plain(member) for row in rows for member in member_structs(row))
