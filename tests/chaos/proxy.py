"""A TCP proxy on loopback that can be told to misbehave: what a network does to a connection, on request.

What it can be told:

- ``heal``: carry bytes at once (how it begins);
- ``cut``: reset every connection there is; new ones are carried;
- ``refuse``: take no new connection, as a port on which nobody listens;
- ``delay``: every byte arrives so many seconds later, in both directions;
- ``swallow``: connections are accepted and stay, and nothing arrives at either end any more (half-open, as when a
  firewall forgets a connection or a machine loses its power). A connection that was swallowed once stays so after
  ``heal``, as a real one does: whoever holds it must find out by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65_536
MAX_CHUNKS_ON_THE_WAY = 1_000
_RESET = struct.pack("ii", 1, 0)
"""Source: socket(7), SO_LINGER on with a linger time of 0: closing sends a reset in place of a FIN."""


class _Connection:
    """One client and its connection to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.ends = (client, server)
        self.swallowed = False
        self.broken = asyncio.Event()

    def reset(self) -> None:
        """Break it so that both ends notice at once."""
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()
        self.broken.set()


class Proxy:
    """Listens on ``port`` of 127.0.0.1, which stays its own until ``close``, and carries to ``target`` (host, port).

    ``allowed_bytes`` cuts each connection for good once more than that have gone, both ways together;
    ``carried_bytes`` counts them, over all connections. All methods may be called from any thread.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.allowed_bytes: int | None = None
        self.carried_bytes = 0
        self._delay_s = 0.0
        self._swallow = False
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        # Keeps the port while nobody listens, so that no other socket is given it meanwhile.
        self._holder = _bound(0)
        self.port = int(self._holder.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()
        self._await(self._listen)

    # -- what it can be told ---------------------------------------------------------
    def heal(self) -> None:
        """Carry at once, and listen."""

        async def change() -> None:
            self._delay_s, self._swallow = 0.0, False
            await self._listen()

        self._await(change)

    def cut(self) -> None:
        """Reset every connection."""

        async def change() -> None:
            for connection in list(self._connections):
                connection.reset()

        self._await(change)

    def refuse(self) -> None:
        """Take no new connection."""

        async def change() -> None:
            if self._server is not None:
                self._server.close()
                self._server = None

        self._await(change)

    def delay(self, seconds: float) -> None:
        """Let every byte that comes from now on arrive this much later."""

        async def change() -> None:
            self._delay_s = seconds

        self._await(change)

    def swallow(self) -> None:
        """Let nothing arrive any more, on connections that are there and on new ones."""

        async def change() -> None:
            self._swallow = True
            for connection in self._connections:
                connection.swallowed = True

        self._await(change)

    def connections(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    def close(self) -> None:
        """Reset every connection, and give the port back."""
        self.refuse()
        self.cut()
        self._await(self._ended)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)
        self._loop.close()
        self._holder.close()

    # -- how it does it ------------------------------------------------------------------
    def _await(self, change: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(change(), self._loop).result(10.0)

    async def _ended(self) -> None:
        # Not cancelled: a task of asyncio's streams complains aloud of that.
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        if serving:
            await asyncio.wait(serving, timeout=5.0)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, sock=_bound(self.port))

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(*self.target)
        except OSError:
            to_client.transport.abort()
            return
        connection = _Connection(to_client, to_server)
        connection.swallowed = self._swallow
        self._connections.add(connection)
        ways: list[asyncio.Task[Any]] = [
            asyncio.create_task(self._carry(connection, from_client, to_server, until_closed=True)),
            asyncio.create_task(self._carry(connection, from_server, to_client, until_closed=False)),
            asyncio.create_task(connection.broken.wait()),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in connection.ends:
                end.close()
            self._connections.discard(connection)

    async def _carry(
        self, connection: _Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, until_closed: bool
    ) -> None:
        """One way, to its end. The client of a swallowed connection is not told when the server closes it."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MAX_CHUNKS_ON_THE_WAY)
        arriving = asyncio.create_task(self._arrive(connection, on_the_way, sink))
        try:
            while not arriving.done():
                data = await _read(source)
                await on_the_way.put((self._loop.time() + self._delay_s, data))
                if not data:
                    break
            await arriving
            if connection.swallowed and not until_closed:
                await asyncio.Event().wait()
        finally:
            arriving.cancel()

    async def _arrive(
        self, connection: _Connection, on_the_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        while True:
            due_s, data = await on_the_way.get()
            await asyncio.sleep(max(0.0, due_s - self._loop.time()))
            if not data:
                return
            if connection.swallowed:
                continue
            self.carried_bytes += len(data)
            if self.allowed_bytes is not None and self.carried_bytes > self.allowed_bytes:
                connection.reset()
                return
            try:
                sink.write(data)
                await sink.drain()
            except OSError:
                return


async def _read(source: asyncio.StreamReader) -> bytes:
    try:
        return await source.read(CHUNK_BYTES)
    except OSError:
        return b""


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((LOOPBACK, port))
    return bound
