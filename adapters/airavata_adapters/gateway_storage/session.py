"""One client of the storage: who it is, and what it may open."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import structlog
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_RESOURCE_SHORTAGE,
    OPEN_SUCCEEDED,
)

from airavata_adapters.gateway_storage.confined_directory import ConfinedDirectory
from airavata_adapters.gateway_storage.limits import Limits
from airavata_adapters.gateway_storage.scp_command import ScpCommand, parsed
from airavata_adapters.gateway_storage.scp_sink import ScpSink
from airavata_adapters.gateway_storage.scp_source import ScpSource
from airavata_adapters.gateway_storage.scp_stream import ScpStream
from airavata_adapters.gateway_storage.sftp_subsystem import BoundedSftp
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import InputError, WorkloadError
from airavata_workload.domain.secret import Secret

Login = Callable[[str, str], Caller]
"""Of user name and password: the caller. Raises ``WorkloadError`` for one that proves nothing."""

_NOT_DONE = 1
_GONE = (OSError, EOFError, paramiko.SSHException)


class Session(paramiko.ServerInterface):
    """Lets a client log in and open SFTP and SCP channels in its user's directory, and nothing else.

    paramiko calls the ``check_`` methods in the thread of the connection.
    """

    def __init__(
        self, transport: paramiko.Transport, *, login: Login, directory: Callable[[Caller], Path], limits: Limits
    ) -> None:
        self.transport = transport
        self._login = login
        self._directory = directory
        self._limits = limits
        self._log = structlog.get_logger("airavata_workload.storage")
        self._lock = threading.Lock()
        self._channels: list[paramiko.Channel] = []
        self._working = 0
        self._quiet_since_s = time.monotonic()
        self._files: ConfinedDirectory | None = None
        self._user, self._token = "", Secret("")
        self._closed = False

    # -- for the server -------------------------------------------------------------------
    def start(self, key: paramiko.PKey) -> None:
        """Begin to speak; the connection has a thread of its own. Raises as ``paramiko.Transport.start_server``."""
        self.transport.add_server_key(key)
        self.transport.set_subsystem_handler("sftp", BoundedSftp, self._limits)
        self.transport.start_server(event=threading.Event(), server=self)

    @property
    def logged_in(self) -> bool:
        """Whether the client has proved who it is."""
        return self._files is not None

    @property
    def overdue(self) -> bool:
        """Whether the client has not logged in, or done nothing, for too long."""
        allowed_s = self._limits.idle_time_s if self.logged_in else self._limits.login_time_s
        with self._lock:
            return not self._working and time.monotonic() - self._quiet_since_s > allowed_s

    @property
    def working(self) -> bool:
        """Whether a transfer is open."""
        with self._lock:
            return self._working > 0

    def close(self) -> None:
        """Cut the client off; the last transfer that still runs lets go of its directory."""
        self.transport.close()
        with self._lock:
            self._closed = True
            self._let_go()

    # -- for channels ---------------------------------------------------------------------
    @property
    def files(self) -> ConfinedDirectory:
        """The directory of the user, who has logged in."""
        if self._files is None:
            raise paramiko.SSHException("nobody has logged in")
        return self._files

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """While a transfer is open, the client is not idle."""
        with self._lock:
            if self._closed:
                raise paramiko.SSHException("the client has been cut off")
            self._working += 1
        try:
            yield
        finally:
            with self._lock:
                self._working -= 1
                self._quiet_since_s = time.monotonic()
                self._let_go()

    def _let_go(self) -> None:
        """Close the directory once nobody uses it: its descriptor's number may be another user's a moment later."""
        if self._closed and not self._working and self._files is not None:
            self._files.close()

    # -- logging in -----------------------------------------------------------------------
    def get_allowed_auths(self, _username: str) -> str:
        """Passwords, which are access tokens."""
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        """Whether the password is an access token of that user."""
        peer = self.transport.getpeername()[0]
        try:
            caller = self._login(username, password)
            files = ConfinedDirectory(self._directory(caller))
        except WorkloadError as error:
            self._log.info("a login to the storage was refused", peer=peer, reason=error.message)
            return AUTH_FAILED
        except OSError as error:
            self._log.error("a user's directory cannot be opened", user=username, reason=str(error))
            return AUTH_FAILED
        with self._lock:
            self._files = files
            self._user, self._token = username, Secret(password)
            self._quiet_since_s = time.monotonic()
            self._let_go()
        self._log.debug("a user logged in to the storage", peer=peer, user=caller.user, gateway=caller.gateway)
        return AUTH_SUCCESSFUL

    # -- opening channels -----------------------------------------------------------------
    def check_channel_request(self, kind: str, _chanid: int) -> int:
        """Sessions, so many at once, as long as the token is good with which the client has logged in."""
        if kind != "session" or not self._still_good():
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        # Channels live as long as somebody holds them: those that nobody has asked anything of are held here.
        while (channel := self.transport.accept(0)) is not None:
            self._channels.append(channel)
        self._channels = [each for each in self._channels if not each.closed]
        if len(self._channels) >= self._limits.channels:
            return OPEN_FAILED_RESOURCE_SHORTAGE
        return OPEN_SUCCEEDED

    def _still_good(self) -> bool:
        try:
            self._login(self._user, self._token.reveal())
        except WorkloadError as error:
            self._log.info("a transfer was refused by the storage", user=self._user, reason=error.message)
            return False
        return True

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """SCP, which is spoken here: no command is run."""
        try:
            wish = parsed(command)
        except InputError as error:
            self._log.info("a command was refused by the storage", reason=error.message)
            return False
        threading.Thread(target=self._copy, args=(channel, wish), name="storage-scp", daemon=True).start()
        return True

    def _copy(self, channel: paramiko.Channel, wish: ScpCommand) -> None:
        channel.settimeout(self._limits.idle_time_s)
        status = _NOT_DONE
        end = ScpSource if wish.sends else ScpSink
        try:
            with self.at_work():
                if end(wish, ScpStream(channel), self.files).run():
                    status = 0
        except (WorkloadError, *_GONE) as error:
            self._log.debug("an SCP transfer was broken off", reason=str(error))
        with contextlib.suppress(*_GONE):
            channel.send_exit_status(status)
            channel.close()
