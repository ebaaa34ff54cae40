"""Requests as they come off a connection, and the bytes of answers."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from thrift.Thrift import TApplicationException, TMessageType

from airavata_adapters.thrift_api.message_scanner import VERSION_1, Header

_LENGTH = struct.Struct(">I")
_SIGNED = struct.Struct(">i")
_ERROR_FIELDS = struct.Struct(">BhI")
_ERROR_TYPE = struct.Struct(">BhiB")

MAX_ERROR_BYTES = 8192
"""Most bytes of an error's text: it may repeat what the client sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """One complete request: its method, the service before it if it was multiplexed, the argument struct's bytes."""

    service: str
    method: str
    sequence_id: int
    one_way: bool
    framed: bool
    body: bytes

    @classmethod
    def of(cls, header: Header, body: bytes) -> Request:
        """The request with that header. Source: thrift 0.25, ``TMultiplexedProcessor``: ``Service:method``."""
        service, colon, method = header.name.partition(":")
        if not colon:
            service, method = "", header.name
        return cls(service, method, header.sequence_id, header.kind == TMessageType.ONEWAY, header.framed, body)


def answer(request: Request, result: bytes) -> bytes:
    """The bytes of an answer; ``result`` is the encoded result struct."""
    return _message(TMessageType.REPLY, request.method, request.sequence_id, request.framed, result)


def refusal(request: Request, kind: int, text: str) -> bytes:
    """The bytes of a ``TApplicationException``: the request came to nothing that its method declares."""
    return application_error(request.method, request.sequence_id, request.framed, kind, text)


def refusal_of_unread(header: Header | None, text: str) -> bytes:
    """The same for bytes that could not be read to their end, with the header if that much was read."""
    kind = TApplicationException.PROTOCOL_ERROR
    if header is None:
        return application_error("", 0, False, kind, text)
    method = header.name.partition(":")[2] or header.name
    return application_error(method, header.sequence_id, header.framed, kind, text)


def application_error(method: str, sequence_id: int, framed: bool, kind: int, text: str) -> bytes:
    """Source: Thrift RPC specification (doc/specs/thrift-rpc.md): field 1 is the message, field 2 the type."""
    content = sendable(text).encode()[:MAX_ERROR_BYTES].decode(errors="ignore").encode()
    body = _ERROR_FIELDS.pack(11, 1, len(content)) + content + _ERROR_TYPE.pack(8, 2, kind, 0)
    return _message(TMessageType.EXCEPTION, method, sequence_id, framed, body)


def sendable(text: str) -> str:
    """The text without halves of surrogate pairs, which names of files and JSON may hold and UTF-8 does not."""
    return text.encode(errors="backslashreplace").decode()


def _message(kind: int, method: str, sequence_id: int, framed: bool, body: bytes) -> bytes:
    name = method.encode()
    head = _LENGTH.pack(VERSION_1 | kind) + _LENGTH.pack(len(name)) + name + _SIGNED.pack(sequence_id)
    return _LENGTH.pack(len(head) + len(body)) + head + body if framed else head + body
