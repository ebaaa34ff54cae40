"""What a client hears that a server does not know."""

from __future__ import annotations

import socket


def rest(connection: socket.socket) -> bytes:
    """All that is said until the end; a reset ends it, too."""
    said = b""
    try:
        while data := connection.recv(65536):
            said += data
    except ConnectionResetError:
        return said
    return said
