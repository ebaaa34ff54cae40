"""A program behind a channel of an SSH connection."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import cast

import paramiko

from airavata_adapters.remote_shells.connection import WINDOW_BYTES
from airavata_adapters.remote_shells.connection_pool import Lease
from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.frame import Output
from airavata_adapters.remote_shells.program import LARGE_BLOCK_BYTES, Program
from airavata_workload.domain.errors import CommandTimeoutError, HostUnreachableError


class SshProgram(Program):
    """``sh`` on the far side. ``kill_group`` ends a process group there, by another channel."""

    def __init__(self, lease: Lease, where: str, kill_group: Callable[[int], None]) -> None:
        """Ask for ``sh`` on a fresh channel. Raises ``HostUnreachableError``; then nothing has run."""
        self._lease = lease
        self._channel = lease.channel
        self._where = where
        self._kill_group = kill_group
        try:
            # exec: whatever the login shell is, it makes room for a POSIX one, which then leads the session.
            self._channel.exec_command("exec sh")
        except (paramiko.SSHException, OSError, EOFError) as error:
            lease.release()
            raise HostUnreachableError(f"{where} did not start a shell: {error}.") from error

    def send(self, data: bytes | memoryview, wait_s: float) -> int:
        """As ``Program.send``."""
        self._channel.settimeout(wait_s)
        try:
            taken = self._channel.send(cast("bytes", data))
        except TimeoutError:
            return 0
        except OSError as error:
            self._check_connection()
            raise BrokenPipeError from error
        except (EOFError, paramiko.SSHException) as error:
            raise self._lost() from error
        if not taken:
            self._check_connection()
            raise BrokenPipeError
        return taken

    def end_input(self) -> None:
        """As ``Program.end_input``."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.shutdown_write()

    def _receive(self, wait_s: float, stderr_first: bool) -> Output:
        try:
            return self._receive_from_channel(wait_s, stderr_first)
        except (EOFError, paramiko.SSHException) as error:
            # Taking data tells the server that there is room again: that may find the connection gone.
            raise self._lost() from error

    def _receive_from_channel(self, wait_s: float, stderr_first: bool) -> Output:
        channel = self._channel
        if stderr_first and not channel.recv_stderr_ready():
            channel.settimeout(wait_s)
            with contextlib.suppress(TimeoutError):
                return Output(b"", channel.recv_stderr(LARGE_BLOCK_BYTES), ended=self._at_end())
        channel.settimeout(0.0 if stderr_first else wait_s)
        stdout = b""
        with contextlib.suppress(TimeoutError):
            stdout = channel.recv(WINDOW_BYTES)
        stderr = channel.recv_stderr(LARGE_BLOCK_BYTES) if channel.recv_stderr_ready() else b""
        return Output(stdout, stderr, ended=not stdout and not stderr and self._at_end())

    def _at_end(self) -> bool:
        """Whether nothing more will come. Raises if that is because the connection is lost."""
        channel = self._channel
        if not (channel.eof_received or channel.closed) or channel.recv_ready() or channel.recv_stderr_ready():
            return False
        if not channel.eof_received:
            self._check_connection()
        return True

    def exit_code(self, deadline: Deadline) -> int:
        """As ``Program.exit_code``."""
        while not self._channel.status_event.wait(deadline.slice_s()):
            self._check_connection()
        code = self._channel.recv_exit_status()
        if code < 0:
            # Killed by a signal, of which paramiko does not tell; or the connection went away first.
            self._check_connection()
            return 255
        return int(code)

    def alive(self) -> bool:
        """As ``Program.alive``."""
        return self._lease.connection.alive and not self._channel.closed and not self._channel.eof_received

    def lost_behind(self, error: CommandTimeoutError) -> HostUnreachableError | None:
        """As ``Program.lost_behind``."""
        del error
        return None if self._lease.connection.answers() else self._lost()

    def kill(self) -> None:
        """As ``Program.kill``."""
        # Asked first: killing over a connection that is dead, and not known to be, would only wait.
        running = self.alive() and self._lease.connection.answers()
        self._lease.release()
        if running and self.process_id is not None:
            self._kill_group(self.process_id)

    def close(self) -> None:
        """As ``Program.close``."""
        self._lease.release()

    def _check_connection(self) -> None:
        if not self._lease.connection.alive:
            raise self._lost()

    def _lost(self) -> HostUnreachableError:
        return HostUnreachableError(self._lease.connection.loss)
