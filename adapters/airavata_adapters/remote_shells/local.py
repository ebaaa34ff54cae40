"""Commands on this machine, through a few long-lived ``sh`` processes."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from pathlib import Path

from airavata_adapters.remote_shells.deadline import POLL_INTERVAL_S, Deadline
from airavata_adapters.remote_shells.frame import Output
from airavata_adapters.remote_shells.framed_shell import FramedShell
from airavata_adapters.remote_shells.program import LARGE_BLOCK_BYTES, Program
from airavata_adapters.remote_shells.reaper import Reaper
from airavata_adapters.remote_shells.shell_pool import PooledShell, ShellPool
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import HostUnreachableError
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.remote_shell import RemoteShell, RemoteShellFactory

_KILL_AFTER_S = 2.0
"""How long a program that is given up has to end by itself after SIGTERM."""
_WITHHELD_PREFIXES = ("AIRAVATA_WORKLOAD_", "PYTHON", "VIRTUAL_ENV")
"""Variables of this process that are not a job's business: our settings (with passwords) and our interpreter's."""


class LocalProgram(Program):
    """A child process in a session of its own, with three pipes."""

    def __init__(self) -> None:
        home = Path(os.environ.get("HOME", "/"))
        try:
            self._process = subprocess.Popen(
                ["sh"],  # noqa: S607 - which sh is the business of PATH, as for every command after it
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=home if home.is_dir() else "/",
                env=job_environment(),
                start_new_session=True,
            )
        except OSError as error:
            # E2BIG, EAGAIN (too many processes), ENOMEM: nothing has run.
            raise HostUnreachableError(f"Cannot start a shell on this machine: {error.strerror}.") from error
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None and stdout is not None and stderr is not None  # noqa: S101, PT018 - asked for above
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        os.set_blocking(stdin.fileno(), False)
        self._open = {stdout.fileno(), stderr.fileno()}
        self._released = False

    def send(self, data: bytes | memoryview, wait_s: float) -> int:
        """As ``Program.send``."""
        if self._stdin.closed:
            raise BrokenPipeError
        try:
            return os.write(self._stdin.fileno(), data[:LARGE_BLOCK_BYTES])
        except BlockingIOError:
            writable = select.poll()
            writable.register(self._stdin.fileno(), select.POLLOUT)
            writable.poll(wait_s * 1000)
            return 0

    def end_input(self) -> None:
        """As ``Program.end_input``."""
        self._stdin.close()

    def _receive(self, wait_s: float, stderr_first: bool) -> Output:
        # Both streams are waited for at once.
        del stderr_first
        readable = select.poll()
        for descriptor in self._open:
            readable.register(descriptor, select.POLLIN)
        pieces = {}
        for descriptor, _ in readable.poll(wait_s * 1000) if self._open else ():
            pieces[descriptor] = os.read(descriptor, LARGE_BLOCK_BYTES)
            if not pieces[descriptor]:
                self._open.discard(descriptor)
        out, err = self._stdout, self._stderr
        return Output(
            b"" if out.closed else pieces.get(out.fileno(), b""),
            b"" if err.closed else pieces.get(err.fileno(), b""),
            ended=not self._open,
        )

    def exit_code(self, deadline: Deadline) -> int:
        """As ``Program.exit_code``."""
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(deadline.slice_s())
                return code if code >= 0 else 128 - code

    def alive(self) -> bool:
        """As ``Program.alive``."""
        return not self._released and self._process.poll() is None

    def kill(self) -> None:
        """SIGTERM to the process group, and SIGKILL after two seconds if it is still there."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(POLL_INTERVAL_S)
            except subprocess.TimeoutExpired:
                threading.Thread(target=self._kill_later, name="kill-local-program", daemon=True).start()
        self.close()

    def _kill_later(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILL_AFTER_S)
            return
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        # The group's leader has not been waited for, so its id cannot have been given to another process.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def close(self) -> None:
        """As ``Program.close``."""
        self._released = True
        for stream in (self._stdin, self._stdout, self._stderr):
            stream.close()
        self._open.clear()
        try:
            # A shell that saw the end of its input ends at once: wait so that it leaves no zombie.
            self._process.wait(POLL_INTERVAL_S)
        except subprocess.TimeoutExpired:
            threading.Thread(target=self._process.wait, name="wait-local-program", daemon=True).start()


def job_environment() -> dict[str, str]:
    """The environment that commands on this machine see: that of this process without what is the engine's own."""
    return {key: value for key, value in os.environ.items() if not key.startswith(_WITHHELD_PREFIXES)}


class LocalShell(PooledShell):
    """``sh`` on this machine, as the user of this process."""

    def __init__(self, cluster: Cluster) -> None:
        self.where = "this machine"
        self.command_timeout_s = cluster.command_timeout_s
        self._pool = ShellPool(self._open_framed, max(1, cluster.max_channels))
        self._reaper = Reaper(cluster.idle_timeout_s, self._close_idle)

    def start(self, script: str, deadline: Deadline) -> Program:
        """As ``StreamingShell.start``."""
        program = LocalProgram()
        try:
            program.begin(script, self.where, deadline)
        except BaseException:
            program.kill()
            raise
        return program

    def close(self) -> None:
        """End the idle shells; those in use end when they are idle for the time that the cluster's file allows."""
        self._pool.give_up_idle()

    def _open_framed(self, deadline: Deadline) -> FramedShell:
        del deadline  # an sh on this machine answers
        shell = FramedShell(LocalProgram(), self.where)
        self._reaper.wake()
        return shell

    def _shells(self) -> ShellPool:
        return self._pool

    def _close_idle(self, idle_for_s: float) -> bool:
        self._pool.give_up_idle(idle_for_s)
        return self._pool.count > 0


class LocalShellFactory(RemoteShellFactory):
    """Makes shells on this machine; they need no credentials."""

    def open(self, cluster: Cluster, credentials: CredentialStore) -> RemoteShell:
        """A shell on this machine; its processes start at the first use."""
        del credentials
        return LocalShell(cluster)
