"""The bytes of one SCP transfer."""

from __future__ import annotations

from typing import Protocol

from airavata_workload.domain.errors import TransferError

MAX_LINE_BYTES = 65_536
_PIECE_BYTES = 65_536
_OK = b"\0"
_WARNING = b"\1"


class Wire(Protocol):
    """What the bytes go over: a channel."""

    def recv(self, nbytes: int, /) -> bytes:
        """Some bytes; none at the end."""

    def sendall(self, s: bytes, /) -> None:
        """Send all."""


class ScpStream:
    """Reads and writes the messages of which a transfer consists.

    Raises ``TransferError`` when the other end is gone or says what the
    protocol does not know; what the channel raises passes.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._read = bytearray()

    def send(self, data: bytes | memoryview) -> None:
        """Send bytes."""
        self._wire.sendall(bytes(data))

    def confirm(self) -> None:
        """Say that all is well so far."""
        self.send(_OK)

    def complain(self, text: str) -> None:
        """Tell the other end, whose user sees it, what is wrong with one file."""
        self.send(_WARNING + f"scp: {text}\n".encode("utf-8", "replace"))

    def confirmed(self) -> bool:
        """Whether the other end says that all is well; a warning of it is False."""
        answer = self.exactly(1)
        if answer == _OK:
            return True
        self.line()
        if answer == _WARNING:
            return False
        raise TransferError("The other end of the SCP transfer gave up.")

    def line(self) -> bytes:
        """The next line without its end; b'' at the end of the transfer."""
        while (end := self._read.find(b"\n")) < 0:
            if len(self._read) > MAX_LINE_BYTES:
                raise TransferError(f"A line of the SCP transfer has more than {MAX_LINE_BYTES:,} bytes.")
            piece = self._wire.recv(_PIECE_BYTES)
            if not piece:
                if self._read:
                    raise _broken_off()
                return b""
            self._read += piece
        found = bytes(self._read[:end])
        del self._read[: end + 1]
        return found

    def some(self, most: int) -> bytes:
        """At least one byte and at most so many."""
        if not self._read:
            piece = self._wire.recv(min(most, _PIECE_BYTES))
            if not piece:
                raise _broken_off()
            return piece
        found = bytes(self._read[:most])
        del self._read[:most]
        return found

    def exactly(self, size: int) -> bytes:
        """So many bytes."""
        found = b""
        while len(found) < size:
            found += self.some(size - len(found))
        return found


def _broken_off() -> TransferError:
    return TransferError("The SCP transfer was broken off by the other end.")
