"""The ``thrift`` library's own reader, to compare ours with."""

from __future__ import annotations

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer


class LibraryReader(TBinaryProtocol):  # type: ignore[misc]
    """Reads bytes. It decodes even the texts that it skips, and must not fail for those."""

    def __init__(self, content: bytes) -> None:
        super().__init__(TMemoryBuffer(content))

    def readString(self) -> str:  # noqa: N802 - the library's name
        """A text, whatever its bytes."""
        return str(self.readBinary(), "utf-8", "replace")

    def readFieldBegin(self) -> tuple[None, int, int]:  # noqa: N802 - the library's name
        """A field's type and id; in Python the library takes a negative id for a place counted from the end."""
        _, kind, number = super().readFieldBegin()
        return None, kind, number if number >= 0 else 1 << 15

    def readBool(self) -> bool:  # noqa: N802 - the library's name
        """One is true, as for the C codec; in Python the library takes all but zero for it."""
        return bool(self.readByte() == 1)

    @property
    def position(self) -> int:
        """How many bytes were read."""
        return int(self.trans.cstringio_buf.tell())
