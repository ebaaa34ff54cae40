"""The bytes of a request as they come from a client, who may be slow and may not be endless."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MOST_HEAD_BYTES = 131_072
"""The standard library allows a hundred lines of 64 KiB each."""

_SLOWEST_BYTES_PER_S = 1024


class ArrivingRequest(io.RawIOBase):
    """Reads a socket. Raises ``TimeoutError`` once the client has had its time, and ``HTTPException`` for a long head.

    A client has ``time_s`` seconds, and one more for each KiB that has come: who sends a byte now and then has them
    all used up as soon as who sends nothing.
    """

    def __init__(self, connection: socket.socket, time_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._end_s = clock() + time_s
        self._arrived_bytes = 0
        self._in_head = True

    def head_is_whole(self) -> None:
        """What comes from now on is the body, whose size its reader minds."""
        self._in_head = False

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """As of any stream."""
        if self._in_head and self._arrived_bytes > _MOST_HEAD_BYTES:
            raise HTTPException("The head of the request is too long.")
        left_s = self._end_s + self._arrived_bytes / _SLOWEST_BYTES_PER_S - self._clock()
        if left_s <= 0:
            raise TimeoutError("The request took too long to arrive.")
        self._connection.settimeout(left_s)
        size = self._connection.recv_into(buffer)
        self._arrived_bytes += size
        return size
