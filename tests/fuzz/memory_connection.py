"""A client's connection to the Thrift services that never leaves this process."""

from __future__ import annotations

import socket
from typing import Any

from fuzz.library_reader import LibraryReader
from thrift.Thrift import TMessageType, TType

from airavata_adapters.thrift_api.connection import Connection, Phase
from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.listener import Listener
from airavata_adapters.thrift_api.service import Service

NOW_S = 0.0
HOST = "127.0.0.1"
_ANSWERS = (TMessageType.REPLY, TMessageType.EXCEPTION)


class MemorySocket(socket.socket):
    """A socket that is connected to nothing. The client has sent ``content`` and says nothing more."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = content
        self.said = bytearray()

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """The next bytes; none at the end."""
        piece, self._content = self._content[:size], self._content[size:]
        return piece

    def send(self, content: Any, flags: int = 0, /) -> int:
        """Keep what the client would read."""
        self.said += content
        return len(content)

    def getpeername(self) -> tuple[str, int]:
        """This machine."""
        return (HOST, 1)


def talk(service: Service, content: bytes, limits: Limits) -> bytes:
    """All that the server says to a client that sends these bytes, and then nothing."""
    with MemorySocket(content) as client:
        listener = Listener(name="fuzzed", host=HOST, port=0, service=service)
        _serve(Connection(client, listener=listener, limits=limits, now_s=NOW_S), service)
        return bytes(client.said)


def _serve(connection: Connection, service: Service) -> None:
    while connection.phase is Phase.OPEN:
        connection.read(NOW_S)
        while (request := connection.next_request(NOW_S)) is not None:
            session = connection.session
            assert session is not None
            answer = service.answer_at_once(request, session)
            connection.send(service.answer(request, session) if answer is None else answer, NOW_S)


def answers(said: bytes) -> list[tuple[str, int]]:
    """Name and type of every answer. Raises ``AssertionError`` for anything else than whole answers."""
    reader, found = LibraryReader(said), []
    while reader.position < len(said):
        if said[reader.position : reader.position + 2] != b"\x80\x01":
            reader.trans.read(4)  # framed
        name, kind, _ = reader.readMessageBegin()
        assert kind in _ANSWERS, f"a message of type {kind}"
        reader.skip(TType.STRUCT)
        found.append((name, kind))
    return found
