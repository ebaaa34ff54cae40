"""The packets of SSH, bounded: whoever has not logged in yet must not fill the memory."""

from __future__ import annotations

import paramiko
from paramiko.packet import Packetizer

_MAX_PACKET_BYTES = 262_144
"""Source: RFC 4253, section 6.1, asks for 35,000; OpenSSH 9.2, ``packet.c``, ``PACKET_MAX_SIZE``."""

_MAX_GREETING_BYTES = 8_192
"""All that comes before the packets. Source: RFC 4253, section 4.2: a version of at most 255 bytes."""


class BoundedPacketizer(Packetizer):
    """Ends the connection of a client that sends a packet, or a version, of any length.

    paramiko allows a packet the four gigabytes that its length can say, and reads a version to its line end, whenever
    that may come. Source: paramiko 5.1, ``Packetizer.read_message``, ``readline``; a test compares the names that are
    overridden here with those there.
    """

    _greeting_bytes = 0

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """As paramiko's. Raises ``SSHException`` for more than a packet may have."""
        if n > _MAX_PACKET_BYTES:
            raise paramiko.SSHException(f"a packet of {n:,} bytes")
        return super().read_all(n, check_rekey)

    def _read_timeout(self, timeout: float) -> bytes:
        """What is read of a version comes through here."""
        if self._greeting_bytes > _MAX_GREETING_BYTES:
            raise paramiko.SSHException("a version without end")
        found: bytes = super()._read_timeout(timeout)  # type: ignore[misc]
        self._greeting_bytes += len(found)
        return found
