"""A port on which clients are awaited."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from airavata_adapters.thrift_api.service import Service
from airavata_adapters.thrift_api.tls_renewal import RenewedTls
from airavata_workload.domain.errors import SettingsError

BACKLOG = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where to listen and who answers. Port 0 is any that is free; ``tls`` None is a plain connection."""

    name: str
    host: str
    port: int
    service: Service
    tls: RenewedTls | None = None


class ListeningSocket:
    """The bound port of a listener; ``address`` is its host and real port. Raises ``SettingsError``."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        try:
            family = socket.getaddrinfo(listener.host, listener.port, type=socket.SOCK_STREAM)[0][0]
            self.socket = socket.create_server((listener.host, listener.port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise SettingsError(
                f"The port {listener.host}:{listener.port} of the Thrift listener '{listener.name}' cannot be opened: "
                f"{error.strerror}.",
                key=f"thrift.listeners.{listener.name}.port",
                remedy="Choose another, or 0 for any that is free; 'enabled = false' leaves the listener out.",
            ) from None
        self.socket.setblocking(False)
        host, port = self.socket.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def accept(self) -> socket.socket | None:
        """The next client's socket, which does not block; None if there is none. Raises ``OSError``."""
        try:
            client, _ = self.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return None
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self.listener.tls is not None:
            return self.listener.tls.context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        return client

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
