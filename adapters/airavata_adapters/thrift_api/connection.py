"""One client's connection: bytes in, whole requests out; answers in, bytes out. Never waits."""

from __future__ import annotations

import contextlib
import socket
import ssl
from enum import Enum
from selectors import EVENT_READ, EVENT_WRITE

from thrift.Thrift import TMessageType

from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.listener import Listener
from airavata_adapters.thrift_api.message import Request, refusal_of_unread
from airavata_adapters.thrift_api.message_scanner import Header, MessageScanner, ScanError
from airavata_adapters.thrift_api.service import Peer, Session
from airavata_adapters.thrift_api.tls import failure

RECEIVE_BYTES = 32 * 1024
"""Read at once: so much work may one connection cause before the others have their turn."""

READ_AHEAD_BYTES = 64 * 1024
"""While a request runs, this much of the next ones is read; then the client waits."""

LINGER_S = 10.0
"""How long a client that is refused may go on sending: were it cut off at once, it would never read why."""

TLS_HANDSHAKE = b"\x16"
"""What every TLS client begins with. Source: RFC 8446, 5.1, ``ContentType``."""

_REQUEST_KINDS = (TMessageType.CALL, TMessageType.ONEWAY)


class Phase(Enum):
    """What happens to what arrives."""

    HANDSHAKE = "handshake"
    OPEN = "open"
    LINGERING = "lingering"
    """Refused: what still arrives is thrown away."""
    CLOSED = "closed"


class Connection:
    """Belongs to the server's loop; nothing here is called by another thread.

    ``interest`` is what the loop is to watch for; ``busy`` that a request runs; ``tls_failure`` why it ended
    before one could come. ``listener`` is the name of the port, ``host`` the other end's address.
    ``watched`` and ``accounted_bytes`` are the loop's notes of what it has seen last.
    """

    def __init__(self, sock: socket.socket, *, listener: Listener, limits: Limits, now_s: float) -> None:
        self.socket = sock
        self.service = listener.service
        self.listener = listener.name
        self.host = ""
        self.tls_failure = ""
        self.busy = False
        self.watched = 0
        self.accounted_bytes = 0
        self._limits = limits
        self._scanner = MessageScanner(limits)
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._taken_bytes = 0
        self._at_end = False
        self.phase = Phase.HANDSHAKE if isinstance(sock, ssl.SSLSocket) else Phase.OPEN
        self._tls_wants_write = False
        self._has_greeted = False
        self._since_s = now_s
        self._begun = False
        self.session: Session | None = None
        with contextlib.suppress(OSError):  # a peer that has left again: reading will say so
            self.host = str(sock.getpeername()[0])
        if self.phase is Phase.OPEN:
            self._open()

    # -- what the loop asks ------------------------------------------------------------
    @property
    def interest(self) -> int:
        """The events to watch for."""
        if self.phase is Phase.CLOSED:
            return 0
        paused = self._at_end or (self.phase is Phase.OPEN and len(self._inbox) > READ_AHEAD_BYTES and self._occupied)
        writes = self._outbox or self._tls_wants_write
        return (0 if paused else EVENT_READ) | (EVENT_WRITE if writes else 0)

    @property
    def _occupied(self) -> bool:
        return self.busy or bool(self._outbox)

    @property
    def may_have_more(self) -> bool:
        """Whether there is something to do although the socket need not say so again."""
        if self.phase is Phase.CLOSED:
            return False
        pending = isinstance(self.socket, ssl.SSLSocket) and self.phase is not Phase.HANDSHAKE and self.socket.pending()
        return bool(pending) or (self.phase is Phase.OPEN and bool(self._inbox) and not self._occupied)

    @property
    def idle(self) -> bool:
        """Whether nothing of the client's is running or on its way to it."""
        return not self._occupied

    @property
    def buffered_bytes(self) -> int:
        """Bytes of requests that have arrived and were not answered."""
        return len(self._inbox) + (self._taken_bytes if self.busy else 0)

    def overdue(self, now_s: float) -> str | None:
        """Why the connection has had its time: '' where nobody waits for an answer, None while it has not."""
        limits, lasted_s = self._limits, now_s - self._since_s
        if self.phase is Phase.LINGERING:
            return "" if lasted_s > LINGER_S else None
        if self._outbox or self.phase is Phase.HANDSHAKE:
            return "" if lasted_s > limits.message_time_s else None
        if self.busy:
            return None
        if self._begun:
            text = f"The request was not complete after {limits.message_time_s:g} s (thrift.limits.message_time_s)."
            return text if lasted_s > limits.message_time_s else None
        return "" if lasted_s > limits.idle_time_s else None

    # -- reading -----------------------------------------------------------------------
    def read(self, now_s: float) -> None:
        """Take what has arrived, a piece at most."""
        if self.phase is Phase.HANDSHAKE and not (self._greeted(now_s) and self._shaken_hands()):
            return
        try:
            data = self.socket.recv(RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except ssl.SSLWantWriteError:
            self._tls_wants_write = True
            return
        except OSError as error:
            # With TLS 1.3 only now, after the handshake, a client says that it does not take our certificate.
            self.tls_failure = failure(error)
            self.close()
            return
        if not data:
            self._at_end = True
            if not self._occupied:
                self.close()
        elif self.phase is Phase.OPEN:
            self._inbox += data
            if not self._begun:
                self._begun = True
                self._since_s = now_s

    def next_request(self, now_s: float) -> Request | None:
        """The next complete request, unless one is being answered. Bytes that are none are refused."""
        if self._occupied or self.phase is not Phase.OPEN or not self._inbox:
            return None
        scanner = self._scanner
        try:
            end = scanner.scan(self._inbox)
            if end is None:
                return None
            header = _checked(scanner.header)
        except ScanError as error:
            self.refuse(str(error), now_s)
            return None
        request = Request.of(header, bytes(self._inbox[header.body_begin : end]))
        self._taken_bytes = len(request.body)
        del self._inbox[:end]
        scanner.reset()
        self._begun = bool(self._inbox)
        self._since_s = now_s
        return request

    def refuse(self, text: str, now_s: float) -> None:
        """Say why the connection ends, and throw away what still arrives on it."""
        content = refusal_of_unread(self._scanner.header, text)
        self._inbox.clear()
        self.phase = Phase.LINGERING
        self.send(content, now_s)

    # -- writing -----------------------------------------------------------------------
    def send(self, content: bytes, now_s: float) -> None:
        """Send as much as the socket takes now; the rest follows when the loop calls ``write``."""
        self._since_s = now_s
        if self._outbox:
            self._outbox += content
            return
        sent = self._sent(content)
        if sent < len(content) and self.phase is not Phase.CLOSED:
            self._outbox += content[sent:]
        else:
            self._after_sending()

    def write(self) -> None:
        """Send more of what is left, or go on with a handshake that waited for room."""
        self._tls_wants_write = False
        if self.phase is Phase.HANDSHAKE:
            self._shaken_hands()
        elif self._outbox:
            sent = self._sent(bytes(self._outbox[: 4 * RECEIVE_BYTES]))
            del self._outbox[:sent]
            if not self._outbox:
                self._after_sending()

    def _sent(self, content: bytes) -> int:
        try:
            return self.socket.send(content)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except OSError:
            self.close()
            return 0

    def _after_sending(self) -> None:
        if self.phase is Phase.LINGERING:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.socket, socket.SHUT_WR)
        if self._at_end:
            self.close()

    # -- life --------------------------------------------------------------------------
    def _greeted(self, now_s: float) -> bool:
        """Whether the client has begun, and with TLS. One that speaks plainly would hear nothing but the end."""
        if self._has_greeted:
            return True
        try:
            # Past the TLS layer, which is to read it again.
            first = socket.socket.recv(self.socket, 1, socket.MSG_PEEK)
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                self.close()
            return False
        if not first or first == TLS_HANDSHAKE:
            self._has_greeted = True
            return True
        self.socket = socket.socket(fileno=self.socket.detach())
        self.socket.setblocking(False)
        self.tls_failure = "the client speaks no TLS"
        self.refuse(f"The port of '{self.listener}' is served over TLS only, and this client does not speak it.", now_s)
        return False

    def _shaken_hands(self) -> bool:
        assert isinstance(self.socket, ssl.SSLSocket)  # noqa: S101 - only such connections begin with a handshake
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            self._tls_wants_write = True
            return False
        except OSError as error:
            # A certificate that we or they do not take, for example: TLS has sent its own alert.
            self.tls_failure = failure(error)
            self.close()
            return False
        self.phase = Phase.OPEN
        self._open()
        return True

    def _open(self) -> None:
        certificate = None
        if isinstance(self.socket, ssl.SSLSocket):
            certificate = self.socket.getpeercert()
        if not self.host:
            self.close()
            return
        self.session = self.service.session(Peer(self.host, bool(certificate)))

    def close(self) -> None:
        """Cut the connection."""
        self.phase = Phase.CLOSED
        self._inbox.clear()
        self._outbox.clear()


def _checked(header: Header | None) -> Header:
    assert header is not None  # noqa: S101 - a message that has an end has a header
    if header.kind not in _REQUEST_KINDS:
        raise ScanError(f"The message is of type {header.kind}, which is no request.")
    return header
