"""Whether the far side of a connection still answers: a keep-alive that wants an answer.

A machine that loses its power, or a firewall that forgets a connection, leaves
it half-open: what is sent goes nowhere, nothing comes, and no error tells of
it. TCP itself notices by what is not acknowledged, unless something on the way
(a proxy, a load balancer) acknowledges in the server's place. So silence is
met with a question:

- whatever arrives, be it one byte, is life: a busy connection is never asked;
- after ``interval_s`` without a byte the far side is asked; 0 is never;
- ``limit_s`` after the question without a byte, the connection is closed, and
  every command and transfer that waits on it fails at once;
- a command that has hit its own time-out asks at once, and waits for
  ``limit_s``, or ``ASKED_LIMIT_S`` if that is less (``answers``).

The question is a global request of a kind that the server need not know.
Source: RFC 4254, section 4: the recipient answers a request that wants a reply
by SSH_MSG_REQUEST_SUCCESS or SSH_MSG_REQUEST_FAILURE, the latter also when it
does not recognize the kind. OpenSSH's own client asks in this way for its
ServerAliveInterval, see ssh_config(5); either answer is life.
"""

from __future__ import annotations

import logging
import socket
import threading
import time

import paramiko

_log = logging.getLogger(__name__)

_QUESTION = "keepalive@openssh.com"
"""The kind that OpenSSH's client sends: of all unknown kinds the one that every server has been tried with."""
ASKED_LIMIT_S = 5.0
"""How long a caller who asks now waits at most; it has already waited for something else."""
_LOOK_INTERVAL_S = 0.2
_STOOD_STILL_S = 1.0
"""A look that comes this much late: this process was stopped or starved, so its silence is not the far side's."""


class HeardSocket(socket.socket):
    """A connected socket that knows when something last arrived (``time.monotonic``)."""

    heard_at_s = 0.0

    @classmethod
    def taking(cls, connection: socket.socket) -> HeardSocket:
        """Take over the connection; the given object is closed to its holder."""
        taken = cls(fileno=connection.detach())
        taken.heard_at_s = time.monotonic()
        return taken

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """As ``socket.recv``."""
        data = super().recv(bufsize, flags)
        self.heard_at_s = time.monotonic()
        return data


class Pulse:
    """Asks the far side of one connection, which is logged in, and closes the connection if nothing comes.

    No method can hang: what waits for an answer for ever is a thread of the
    question's own, which ends with the connection at the latest.
    """

    def __init__(
        self, transport: paramiko.Transport, heard: HeardSocket, where: str, *, interval_s: float, limit_s: float
    ) -> None:
        self.given_up_after_s: float | None = None
        """For how long the far side had been silent when the connection was closed for that."""
        self._transport = transport
        self._heard = heard
        self._where = where
        self._interval_s = interval_s
        self._limit_s = limit_s
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None

    @property
    def silent_s(self) -> float:
        """Seconds since something last arrived."""
        return time.monotonic() - self._heard.heard_at_s

    def start(self) -> None:
        """Ask at the interval, from a thread that ends with the connection."""
        if self._interval_s > 0:
            threading.Thread(target=self._watch, name=f"pulse-{self._where}", daemon=True).start()

    def stop(self) -> None:
        """The connection is being closed: let the thread end at once."""
        self._ended.set()

    def answers(self) -> bool:
        """Ask now, and wait a few seconds for anything to arrive; if nothing does, close the connection."""
        return self._answers(min(self._limit_s, ASKED_LIMIT_S))

    def _answers(self, within_s: float) -> bool:
        since_s, left_s = time.monotonic(), within_s
        while self._transport.is_active() and self._heard.heard_at_s < since_s:
            if left_s <= 0:
                self._give_up()
                return False
            look_s, began_s = min(_LOOK_INTERVAL_S, left_s), time.monotonic()
            self._ask().join(look_s)
            lasted_s = time.monotonic() - began_s
            if lasted_s < look_s + _STOOD_STILL_S:
                left_s -= lasted_s
        return bool(self._transport.is_active())

    def _watch(self) -> None:
        while self._transport.is_active() and not self._ended.is_set():
            left_s = self._interval_s - self.silent_s
            if left_s > 0:
                self._ended.wait(left_s)
            else:
                self._answers(self._limit_s)

    def _ask(self) -> threading.Thread:
        """The thread of the question that is on its way. One suffices: what arrives, arrives in order."""
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._question, name=f"question-{self._where}", daemon=True)
                self._asking.start()
            return self._asking

    def _question(self) -> None:
        try:
            self._transport.global_request(_QUESTION, wait=True)
        except (paramiko.SSHException, OSError, EOFError):
            # It could not even be sent: the connection has ended, or hangs in an exchange of keys.
            self._transport.close()

    def _give_up(self) -> None:
        with self._lock:
            if self.given_up_after_s is None:
                self.given_up_after_s = self.silent_s
                _log.warning("%s has been silent for %.1f s: connection closed", self._where, self.given_up_after_s)
        self._transport.close()
