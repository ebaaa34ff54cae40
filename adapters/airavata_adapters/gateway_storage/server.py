"""Listens for the clients of the storage."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import paramiko
import structlog

from airavata_adapters import private_files
from airavata_adapters.gateway_storage.host_key import host_key
from airavata_adapters.gateway_storage.limits import Limits
from airavata_adapters.gateway_storage.packets import BoundedPacketizer
from airavata_adapters.gateway_storage.session import Session
from airavata_workload.api.access.authentication import GATEWAY_CLAIM, USER_CLAIM
from airavata_workload.api.access.listening import refuse_insecure_elsewhere
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import SettingsError
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.ports.api_server import ApiServer, ApiServerContext
from airavata_workload.storage_settings import StorageSettings

# Whatever a client does wrong ends its connection, and is no trouble of the operator's.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

NAME = "storage"
_BACKLOG = 64
_LOOK_S = 0.5
"""How soon clients are cut off that are overdue."""

_WINDOW_BYTES = 1_048_576
"""What a client may send on a channel before it is read: it bounds the memory of one."""


def open_api_server(context: ApiServerContext) -> ApiServer:
    """The storage's server; entry point ``storage`` of ``api_servers``."""
    return StorageServer(context)


class StorageServer(ApiServer):
    """Serves SFTP and SCP; each client has a thread, and one more for each transfer."""

    def __init__(self, context: ApiServerContext) -> None:
        settings: StorageSettings = context.settings
        if context.storage is None:
            raise SettingsError("The storage is not enabled.", key="storage.enabled", remedy="Enable it.")
        if context.insecure:
            refuse_insecure_elsewhere([settings.host])
        self._context = context
        self._storage: GatewayStorage = context.storage
        self._limits = Limits(**{name: getattr(settings, name) for name in Limits.__slots__})
        self._log = structlog.get_logger("airavata_workload.storage")
        self._key = host_key(context.home)
        private_files.make_directory(self._storage.root)
        self._socket = _listening(settings.host, settings.port)
        self._sessions: list[Session] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="storage", daemon=True)

    @property
    def addresses(self) -> Mapping[str, str]:
        """As ``ApiServer.addresses``."""
        host, port = self._socket.getsockname()[:2]
        return {NAME: f"{host}:{port}"}

    def start(self) -> None:
        """As ``ApiServer.start``."""
        self._thread.start()

    def stop(self, drain_s: float) -> bool:
        """As ``ApiServer.stop``: clients without a transfer are cut off at once."""
        end_s = time.monotonic() + drain_s
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()
        while any(each.working for each in self._sessions) and time.monotonic() < end_s:
            time.sleep(_LOOK_S / 10)
        drained = not any(each.working for each in self._sessions)
        self._close(self._sessions)
        self._sessions = []
        return drained

    def stuck(self) -> list[str]:
        """As ``ApiServer.stuck``."""
        return [] if self._thread.is_alive() or self._stopping.is_set() else [NAME]

    def troubles(self) -> dict[str, str]:
        """As ``ApiServer.troubles``."""
        return {}

    # -- the thread -----------------------------------------------------------------------
    def _serve(self) -> None:
        self._socket.settimeout(_LOOK_S)
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                self._admit()
            ended = [each for each in self._sessions if each.overdue or not each.transport.is_active()]
            self._sessions = [each for each in self._sessions if each not in ended]
            self._close(ended)

    def _admit(self) -> None:
        try:
            connection, peer = self._socket.accept()
        except TimeoutError:
            raise
        except OSError as error:  # too many open files, or the client has gone already
            self._log.warning("a client of the storage could not be admitted", reason=str(error))
            self._stopping.wait(_LOOK_S)
            return
        if not self._has_place():
            self._log.warning("the storage has no place for one more client", peer=peer[0], most=self._limits.sessions)
            connection.close()
            return
        try:
            transport = paramiko.Transport(
                connection, default_window_size=_WINDOW_BYTES, packetizer_class=BoundedPacketizer
            )
            session = Session(transport, login=self._caller, directory=self._directory, limits=self._limits)
            session.start(self._key)
        except (paramiko.SSHException, OSError, RuntimeError) as error:  # RuntimeError: no thread can be made
            self._log.warning("a client of the storage could not be admitted", reason=str(error))
            connection.close()
            return
        self._sessions.append(session)

    def _has_place(self) -> bool:
        """Make room, if there is none, at the cost of whoever takes longest to log in."""
        if len(self._sessions) >= self._limits.sessions:
            slowest = next((each for each in self._sessions if not each.logged_in), None)
            if slowest is None:
                return False
            self._sessions.remove(slowest)
            self._close([slowest])
        return True

    @staticmethod
    def _close(sessions: list[Session]) -> None:
        for each in sessions:
            each.close()

    # -- who calls ------------------------------------------------------------------------
    def _caller(self, user: str, token: str) -> Caller:
        """SFTP names no gateway: the token does, and where everybody is believed it is the installation's own."""
        claims = {USER_CLAIM: user}
        if self._context.insecure:
            claims[GATEWAY_CLAIM] = self._context.default_gateway
        return self._context.authenticate(token, claims)

    def _directory(self, caller: Caller) -> Path:
        directory = self._storage.user_directory(caller.gateway, caller.user)
        private_files.make_directory(directory)
        return directory


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} of the storage cannot be opened: {error.strerror or error}.",
            key="storage.port",
            remedy="Choose another port, or 0 for any that is free, or enabled = false.",
        ) from None
