"""A remote file as a stream of blocks, asked for ahead over SFTP by the thread that reads it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import paramiko
from paramiko.sftp import CMD_DATA, CMD_READ, CMD_STATUS, int64

from airavata_adapters.file_transfers.checksums import BLOCK_BYTES
from airavata_adapters.file_transfers.sftp_session import SftpSession, path_bytes

_REQUEST_BYTES = 32 * 1024
"""What every server returns at once (draft-ietf-secsh-filexfer-02, section 3: packets of 34,000 bytes)."""
_REQUESTS_AHEAD = 128
"""How many requests are unanswered at most: 4 MB, twice what the channel's window takes."""


def remote_blocks(path: str, offset: int, size: int, session: SftpSession) -> Iterator[bytes]:
    """The file from ``offset`` to ``size`` in blocks of some size; it ends early if the file has become shorter.

    Raises what ``SftpSession.doing`` makes of an error.
    """
    if offset >= size:
        return
    with session.doing(path), session.client.open(path_bytes(path), "rb") as file:
        joined = bytearray()
        for data in _AheadReader(session.client, file.handle).read(offset, size):
            joined += data
            if len(joined) >= BLOCK_BYTES:
                yield bytes(joined)
                joined.clear()
        if joined:
            yield bytes(joined)


class _AheadReader:
    """Requests that are under way, and the answers that came before their turn.

    paramiko's own ``prefetch`` asks from a thread beside, and takes a moment in
    which all requests are answered for the end of them: with a server that is
    faster than that thread everything is asked for a second time, and the first
    copy stays in memory (paramiko/paramiko#2519). So the calls below are those
    that it makes itself: a request names who is called with its answer.
    """

    def __init__(self, client: paramiko.SFTPClient, handle: Any) -> None:
        self._client: Any = client
        self._handle = handle
        self._answers: dict[int, tuple[int, paramiko.Message]] = {}

    def read(self, offset: int, end: int) -> Iterator[bytes]:
        """What is between the two, in order, as the server cuts it; it ends early at the end of the file."""
        under_way: deque[tuple[int, int, int]] = deque()
        while offset < end or under_way:
            while offset < end and len(under_way) < _REQUESTS_AHEAD:
                under_way.append(self._ask(offset, min(_REQUEST_BYTES, end - offset)))
                offset += under_way[-1][2]
            number, start, length = under_way.popleft()
            data = self._answer(number)
            if not data:
                return
            yield data
            if len(data) < length:
                # A server may return less than it was asked for.
                under_way.appendleft(self._ask(start + len(data), length - len(data)))

    def _ask(self, offset: int, length: int) -> tuple[int, int, int]:
        number = self._client._async_request(self, CMD_READ, self._handle, int64(offset), length)
        return number, offset, length

    def _answer(self, number: int) -> bytes:
        while number not in self._answers:
            self._client._read_response()
        kind, message = self._answers.pop(number)
        if kind == CMD_DATA:
            return bytes(message.get_string())
        if kind == CMD_STATUS:
            try:
                self._client._convert_status(message)
            except EOFError:
                return b""
        raise paramiko.SFTPError(f"A request to read was answered by a packet of type {kind}.")

    def _async_response(self, kind: int, message: paramiko.Message, number: int) -> None:
        """Called by paramiko."""
        self._answers[number] = (kind, message)
