"""Fuzzes what finds the end of a message among the bytes of a connection."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from fuzz.calls import SIGNATURES, encoded
from fuzz.library_reader import LibraryReader
from thrift.Thrift import TType

from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.message_scanner import MessageScanner, ScanError

LIMITS = Limits(message_bytes=100_000, container_items=1000, depth=20)
SEEDS = 60
"""The arguments of methods are alike for the scanner, which looks at wire types only."""


class ScannerTarget:
    """The same end, or a refusal, however the bytes are cut; and the end that the library's own reader finds."""

    def __init__(self, folder: Path) -> None:
        del folder

    def seeds(self) -> Iterator[bytes]:
        """Messages with the new header, with the old one, and framed."""
        for number, signature in enumerate(SIGNATURES[:: len(SIGNATURES) // SEEDS]):
            name, body = signature.method.encode(), encoded(signature, {})
            strict = struct.pack(">II", 0x80010001, len(name)) + name + struct.pack(">i", number) + body
            old = struct.pack(">I", len(name)) + name + struct.pack(">bi", 1, number) + body
            yield bytes([number]) + (strict, old, len(strict).to_bytes(4, "big") + strict)[number % 3]

    def __call__(self, data: bytes) -> None:
        """Scan the bytes as a whole, and cut at every so many bytes; the first byte says how many."""
        if not data:
            return
        content = data[1:]
        whole = _outcome(content, len(content) + 1)
        assert _outcome(content, data[0] + 1) == whole, "the cut matters"
        if isinstance(whole, int) and content[4:6] != b"\x80\x01":
            assert _end_for_the_library(content[:whole]) == whole, "the library finds another end"


def _outcome(content: bytes, piece: int) -> int | str | None:
    """The end, None while bytes are missing, or that they are refused: which of several faults is told may differ."""
    scanner, arrived = MessageScanner(LIMITS), bytearray()
    try:
        for begin in range(0, len(content), piece):
            arrived += content[begin : begin + piece]
            end = scanner.scan(arrived)
            if end is not None:
                return end
    except ScanError:
        return "refused"
    return None


def _end_for_the_library(content: bytes) -> int:
    reader = LibraryReader(content)
    reader.readMessageBegin()
    reader.skip(TType.STRUCT)
    return reader.position
