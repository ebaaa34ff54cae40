"""One authenticated SSH connection."""

from __future__ import annotations

import logging
import socket
import threading
import time

import paramiko

from airavata_adapters.remote_shells.authentication import authenticate
from airavata_adapters.remote_shells.deadline import POLL_INTERVAL_S, Deadline
from airavata_adapters.remote_shells.host_keys import HostKeyChecker
from airavata_adapters.remote_shells.pulse import HeardSocket, Pulse
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import HostUnreachableError
from airavata_workload.ports.credential_store import CredentialStore

# Every failure is raised here as an error of ours; without a handler paramiko's copy would go to the terminal.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

WINDOW_BYTES = 16 << 20
"""How much the server may send ahead of us; large, so that a fast line never waits for our acknowledgement."""
SMALL_WINDOW_BYTES = 2 << 20
"""For readers that take a little at a time: paramiko moves all that waits with every read."""
PACKET_BYTES = 128 << 10
_CIPHERS = (
    # First those that encrypt and authenticate in one pass: with a processor's AES they are the fastest.
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
_RELEARN_AFTER_S = 60.0
"""How long a refusal of one more channel is taken as the server's limit."""
_MISSED_KEEP_ALIVES = 3


class ChannelRefusedError(Exception):
    """The server opens no further channel on this connection now; it never leaves this package."""


class Connection:
    """A connection that is logged in, and how many channels it carries. Made by ``connect``."""

    def __init__(
        self, transport: paramiko.Transport, where: str, max_channels: int, pulse: Pulse | None = None
    ) -> None:
        self.transport = transport
        self.pulse = pulse
        self.where = where
        self.channels = 0
        self.idle_since_s = time.monotonic()
        self._max_channels = max_channels
        self._learned_limit = max_channels
        self._learned_at_s = 0.0
        self._opening = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as is known without asking."""
        return bool(self.transport.is_active())

    @property
    def loss(self) -> str:
        """What became of a connection that is not alive, as a sentence."""
        if self.pulse is None or self.pulse.given_up_after_s is None:
            return f"The connection to {self.where} was lost."
        return f"The connection to {self.where} was given up: it was silent for {self.pulse.given_up_after_s:.1f} s."

    def answers(self) -> bool:
        """Ask the far side, which has a few seconds to say anything; if it does not, the connection is closed."""
        return self.alive and (self.pulse is None or self.pulse.answers())

    @property
    def limit(self) -> int:
        """How many channels may be open: what the cluster's file allows, or fewer if the server refused more."""
        if time.monotonic() - self._learned_at_s > _RELEARN_AFTER_S:
            return self._max_channels
        return self._learned_limit

    def open_channel(self, deadline: Deadline, window_bytes: int = WINDOW_BYTES) -> paramiko.Channel:
        """Open a session channel that the caller has counted in ``channels``.

        Raises ``ChannelRefusedError`` when the server says no, ``HostUnreachableError``
        when the connection has died or answers nothing: in both cases nothing
        has run. ``CommandTimeoutError`` is left for a far side that answers.
        """
        # One at a time: paramiko keeps a refusal in a place that all threads share.
        while not self._opening.acquire(timeout=POLL_INTERVAL_S):
            self._check(deadline)
        try:
            return self.transport.open_session(window_bytes, PACKET_BYTES, timeout=max(0.1, deadline.remaining_s))
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._check(deadline, error)
            raise ChannelRefusedError(str(error)) from error
        finally:
            self._opening.release()

    def _check(self, deadline: Deadline, cause: Exception | None = None) -> None:
        """Raise if the connection is lost, which a deadline that is over is a reason to ask, or the wait is over."""
        if not self.alive or (deadline.remaining_s <= 0 and not self.answers()):
            raise HostUnreachableError(self.loss) from cause
        deadline.check()

    def learn_limit(self) -> None:
        """The server refused a channel: do not ask for more than are open, for a while."""
        self._learned_limit = max(1, self.channels - 1)
        self._learned_at_s = time.monotonic()

    def close(self) -> None:
        """End the connection and with it all its channels."""
        if self.pulse is not None:
            self.pulse.stop()
        self.transport.close()


def connect(cluster: Cluster, credentials: CredentialStore) -> Connection:
    """Connect, check the host key and log in, within ``connect_timeout_s`` for each of the three.

    Raises ``HostUnreachableError``, ``HostKeyError``, ``AuthenticationError``.
    """
    where = f"{cluster.host}:{cluster.port}"
    checker = HostKeyChecker(cluster.host, cluster.port, cluster.known_hosts_file)
    transport = None
    try:
        heard = HeardSocket.taking(_open_socket(cluster))
        transport = paramiko.Transport(heard)
        _negotiate(transport, checker, cluster)
        key = transport.get_remote_server_key()
        checker.check(key.get_name(), key.asbytes())
        authenticate(transport, cluster, credentials)
    except paramiko.SSHException as error:
        _abandon(transport)
        raise HostUnreachableError(f"{where} does not answer as an SSH server: {error}.") from error
    except (EOFError, OSError) as error:
        _abandon(transport)
        raise HostUnreachableError(f"{where} broke the connection off: {error or 'end of stream'}.") from error
    except BaseException:
        _abandon(transport)
        raise
    # An answer may take as long as a connection may, or as the next question.
    limit_s = max(cluster.connect_timeout_s, cluster.keep_alive_s)
    pulse = Pulse(transport, heard, where, interval_s=cluster.keep_alive_s, limit_s=limit_s)
    pulse.start()
    return Connection(transport, where, cluster.max_channels, pulse)


def _open_socket(cluster: Cluster) -> socket.socket:
    where = f"{cluster.host}:{cluster.port}"
    try:
        connection = socket.create_connection((cluster.host, cluster.port), timeout=cluster.connect_timeout_s)
    except socket.gaierror as error:
        raise HostUnreachableError(
            f"The host name '{cluster.host}' cannot be resolved: {error.strerror}.",
            remedy="Check host in the cluster's file and the name service.",
        ) from error
    except TimeoutError as error:
        raise HostUnreachableError(f"{where} did not answer within {cluster.connect_timeout_s:g} s.") from error
    except OSError as error:
        raise HostUnreachableError(f"{where} cannot be reached: {error.strerror or error}.") from error
    # Nagle's algorithm against the server's delayed acknowledgements costs 40 ms on every channel.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # A machine that has vanished without a word is noticed by what we sent and it did not acknowledge (tcp(7)).
        unanswered_ms = round(max(cluster.connect_timeout_s, _MISSED_KEEP_ALIVES * cluster.keep_alive_s) * 1000)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unanswered_ms)
    return connection


def _negotiate(transport: paramiko.Transport, checker: HostKeyChecker, cluster: Cluster) -> None:
    timeout_s = cluster.connect_timeout_s
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = timeout_s
    options = transport.get_security_options()
    options.ciphers = [cipher for cipher in _CIPHERS if cipher in options.ciphers]
    options.key_types = checker.preferred(options.key_types)
    transport.start_client(timeout=timeout_s)
    if not transport.initial_kex_done:
        raise HostUnreachableError(f"{checker.name} did not finish the SSH handshake within {timeout_s:g} s.")


def _abandon(transport: paramiko.Transport | None) -> None:
    if transport is not None:
        transport.close()
        transport.sock.close()
