"""A Thrift server for many clients that mostly say nothing.

One thread watches all sockets; it reads and writes without ever waiting, finds
where requests end, and answers at once what costs next to nothing. The rest a
few threads answer. A connection has one request running at most, so that
answers keep their order and no client takes the threads of the others.
"""

from __future__ import annotations

import errno
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence

import structlog
from thrift.Thrift import TApplicationException

from airavata_adapters.thrift_api.connection import Connection, Phase
from airavata_adapters.thrift_api.failed_handshakes import FailedHandshakes
from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.listener import Listener, ListeningSocket
from airavata_adapters.thrift_api.message import Request, refusal
from airavata_adapters.thrift_api.worker_pool import WorkerPool

log = structlog.get_logger("airavata_workload.thrift")

SWEEP_S = 0.5
"""How often connections are looked at that have had their time."""

ACCEPT_AT_ONCE = 64
TURNED_AWAY_AT_ONCE = 256
"""Connections over the limit that are told so; further ones are cut."""

STUCK_AFTER_S = 30.0
_NO_MORE_SOCKETS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class ThriftServer:
    """Serves listeners until it is stopped. Raises ``SettingsError`` for a port that cannot be had."""

    def __init__(self, listeners: Sequence[Listener], *, limits: Limits, threads: int) -> None:
        self._limits = limits
        self._pool = WorkerPool(threads)
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._again: deque[Connection] = deque()
        self._answered: deque[tuple[Connection, bytes]] = deque()
        self._stop_at_s: float | None = None
        self._stopping = False
        self._accepting = False
        self._asleep = False
        self._next_sweep_s = 0.0
        self._round_began_s = time.monotonic()
        self._trouble = ""
        self._buffered_bytes = 0
        self._failed_handshakes = FailedHandshakes()
        self._listening: list[ListeningSocket] = []
        self._wake_socket, self._woken_socket = socket.socketpair()
        for each in (self._wake_socket, self._woken_socket):
            each.setblocking(False)
        try:
            for listener in listeners:
                self._listening.append(ListeningSocket(listener))
        except BaseException:
            self._close_sockets()
            raise
        self._thread = threading.Thread(target=self._run, name="thrift-loop", daemon=True)

    # -- what others may call, from any thread ------------------------------------------------
    @property
    def addresses(self) -> Mapping[str, str]:
        """Host and port of every listener, by its name."""
        return {each.listener.name: each.address for each in self._listening}

    @property
    def connections(self) -> int:
        """Clients that are connected now."""
        return len(self._connections)

    @property
    def troubles(self) -> dict[str, str]:
        """Why clients are not served: all new ones, or those of a listener, by its name."""
        found = {"thrift": self._trouble} if self._trouble else {}
        tls = {each.listener.name: each.listener.tls.trouble for each in self._listening if each.listener.tls}
        return {**found, **{f"thrift.{name}": trouble for name, trouble in tls.items() if trouble}}

    @property
    def alive(self) -> bool:
        """Whether the threads live and the loop goes round."""
        return self._thread.is_alive() and self._pool.alive and time.monotonic() - self._round_began_s < STUCK_AFTER_S

    def start(self) -> None:
        """Begin to serve."""
        self._pool.start()
        self._thread.start()

    def stop(self, drain_s: float) -> bool:
        """Take no more clients and requests, answer what runs, and end. False if something still ran after the time."""
        self._stop_at_s = time.monotonic() + drain_s
        self._stopping = True
        if self._thread.ident is None:
            self._close_sockets()
            return True
        self._wake()
        self._thread.join(drain_s + SWEEP_S)
        left = max(0.0, self._stop_at_s - time.monotonic())
        return self._pool.stop(left) and not self._thread.is_alive()

    # -- the loop ----------------------------------------------------------------------------------
    def _run(self) -> None:
        self._selector.register(self._woken_socket, selectors.EVENT_READ, None)
        self._accept_on()
        try:
            while not self._ended():
                try:
                    self._round()
                except Exception:
                    log.exception("a round of the Thrift loop failed")
        finally:
            for connection in list(self._connections):
                self._gone(connection)
            self._selector.close()
            self._close_sockets()

    def _round(self) -> None:
        now_s = self._round_began_s = time.monotonic()
        self._asleep = True
        wait_s = 0.0 if self._again or self._answered else max(0.0, self._next_sweep_s - now_s)
        events = self._selector.select(wait_s)
        self._asleep = False
        now_s = time.monotonic()
        for key, mask in events:
            target = key.data
            if isinstance(target, Connection):
                self._happened(target, mask, now_s)
            elif target is None:
                self._rouse()
            else:
                self._accept(target, now_s)
        for _ in range(len(self._answered)):
            connection, content = self._answered.popleft()
            self._finished(connection, content, now_s)
        for _ in range(len(self._again)):
            connection = self._again.popleft()
            if connection.phase is not Phase.CLOSED:
                self._happened(connection, 0, now_s)
        if now_s >= self._next_sweep_s:
            self._sweep(now_s)

    def _happened(self, connection: Connection, mask: int, now_s: float) -> None:
        if mask & selectors.EVENT_WRITE:
            connection.write()
        if mask & selectors.EVENT_READ or (not mask and connection.interest & selectors.EVENT_READ):
            connection.read(now_s)
        if connection.tls_failure:
            self._failed_handshakes.add(connection.listener, connection.tls_failure, connection.host, now_s)
            connection.tls_failure = ""
        self._serve(connection, now_s)

    def _serve(self, connection: Connection, now_s: float) -> None:
        """Take up the connection's next request, if it is there, and see to what is left."""
        request = None if self._stopping else connection.next_request(now_s)
        if request is not None:
            session = connection.session
            assert session is not None  # noqa: S101 - requests are read from open connections only
            content = connection.service.answer_at_once(request, session)
            if content is None:
                connection.busy = True
                self._pool.put(lambda: self._work(connection, request))
            else:
                connection.send(content, now_s)
        self._watch(connection)
        if self._buffered_bytes > self._limits.buffered_bytes:
            self._relieve(now_s)

    def _work(self, connection: Connection, request: Request) -> None:
        """In a thread of the pool."""
        session = connection.session
        assert session is not None  # noqa: S101 - as above
        try:
            content = connection.service.answer(request, session)
        except Exception:
            # A service must not raise. If it does, its client is not left waiting, and the thread goes on.
            log.exception("a Thrift service failed to answer", method=request.method)
            content = refusal(request, TApplicationException.INTERNAL_ERROR, "This is a fault of the server.")
        self._answered.append((connection, content))
        if self._asleep:
            self._wake()

    def _finished(self, connection: Connection, content: bytes, now_s: float) -> None:
        connection.busy = False
        self._account(connection)
        if connection.phase is not Phase.CLOSED:
            connection.send(content, now_s)
            self._watch(connection)

    # -- connections ---------------------------------------------------------------------------------
    def _watch(self, connection: Connection) -> None:
        """Have the selector watch for what the connection waits for, and keep count of what it holds."""
        self._account(connection)
        if connection.phase is Phase.CLOSED or (self._stopping and connection.idle):
            self._gone(connection)
            return
        if connection.may_have_more:
            self._again.append(connection)
        wanted = connection.interest
        if wanted == connection.watched:
            return
        if not connection.watched:
            self._selector.register(connection.socket, wanted, connection)
        elif not wanted:
            self._selector.unregister(connection.socket)
        else:
            self._selector.modify(connection.socket, wanted, connection)
        connection.watched = wanted

    def _gone(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.discard(connection)
            if connection.watched:
                self._selector.unregister(connection.socket)
                connection.watched = 0
            connection.close()
            connection.socket.close()
            self._account(connection)

    def _account(self, connection: Connection) -> None:
        held = connection.buffered_bytes
        self._buffered_bytes += held - connection.accounted_bytes
        connection.accounted_bytes = held

    def _accept(self, listening: ListeningSocket, now_s: float) -> None:
        for _ in range(ACCEPT_AT_ONCE):
            try:
                client = listening.accept()
            except OSError as error:
                if error.errno in _NO_MORE_SOCKETS:
                    self._accept_off(f"no further client can be taken: {error.strerror}")
                return
            if client is None:
                return
            self._welcome(client, listening, now_s)

    def _welcome(self, client: socket.socket, listening: ListeningSocket, now_s: float) -> None:
        limit = self._limits.connections
        too_many = len(self._connections) >= limit
        if len(self._connections) >= limit + TURNED_AWAY_AT_ONCE or (too_many and listening.listener.tls is not None):
            # Over TLS nothing can be said before the handshake, which costs more than is left.
            client.close()
            return
        connection = Connection(client, listener=listening.listener, limits=self._limits, now_s=now_s)
        self._connections.add(connection)
        if too_many:
            connection.refuse(f"The server has {limit} clients, its limit (thrift.limits.connections).", now_s)
        self._watch(connection)

    def _accept_on(self) -> None:
        self._accepting, self._trouble = True, ""
        for each in self._listening:
            self._selector.register(each.socket, selectors.EVENT_READ, each)

    def _accept_off(self, trouble: str) -> None:
        """Until the next sweep, or for good when the server stops."""
        if self._accepting:
            self._accepting, self._trouble = False, trouble
            for each in self._listening:
                self._selector.unregister(each.socket)
        if trouble:
            log.warning(trouble, connections=len(self._connections))

    # -- time ----------------------------------------------------------------------------------------
    def _sweep(self, now_s: float) -> None:
        self._next_sweep_s = now_s + SWEEP_S
        for connection in list(self._connections):
            reason = connection.overdue(now_s)
            if reason:
                connection.refuse(reason, now_s)
            elif reason is not None:
                connection.close()
            if reason is not None or self._stopping:
                self._watch(connection)
        for each in self._listening:
            if each.listener.tls is not None:
                each.listener.tls.look(now_s)
        if not self._accepting and not self._stopping:
            self._accept_on()

    def _relieve(self, now_s: float) -> None:
        """Refuse the largest request that is arriving: small ones, which most are, go on."""
        arriving = [each for each in self._connections if not each.busy and each.buffered_bytes]
        if arriving:
            largest = max(arriving, key=lambda each: each.buffered_bytes)
            limit = self._limits.buffered_bytes
            text = f"All requests that are arriving or running have together more than {limit} bytes"
            largest.refuse(f"{text} (thrift.limits.buffered_bytes).", now_s)
            self._watch(largest)

    def _ended(self) -> bool:
        if not self._stopping:
            return False
        if self._accepting:
            self._accept_off("")
            for each in self._listening:
                each.close()
            self._next_sweep_s = 0.0
        assert self._stop_at_s is not None  # noqa: S101 - set before the server is told to stop
        return not self._connections or time.monotonic() >= self._stop_at_s

    # -- waking ----------------------------------------------------------------------------------------
    def _wake(self) -> None:
        try:
            self._wake_socket.send(b"\0")
        except OSError:
            # Full: it will wake up as it is. Closed: it has ended.
            return

    def _rouse(self) -> None:
        try:
            while len(self._woken_socket.recv(4096)) == 4096:
                pass
        except BlockingIOError:
            return

    def _close_sockets(self) -> None:
        for each in self._listening:
            each.close()
        self._wake_socket.close()
        self._woken_socket.close()
