"""The framed shells of one account on one machine, reused by all threads."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable

from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.frame import LARGE_STDIN_BYTES
from airavata_adapters.remote_shells.framed_shell import FramedShell
from airavata_adapters.remote_shells.program import StreamingShell, converse
from airavata_workload.domain.errors import CommandTimeoutError, HostUnreachableError
from airavata_workload.ports.remote_shell import CommandResult

_WRITE_ATTEMPTS = 4
"""How often a command that surely has not run is given to another shell."""


class ShellPool:
    """Lends framed shells; starts one when none is idle, up to ``bound``; the last used is lent first.

    ``waited_in_vain`` is called when a time-out ends the wait for a shell; it may raise another error in its place.
    """

    def __init__(
        self,
        start: Callable[[Deadline], FramedShell],
        bound: int,
        waited_in_vain: Callable[[CommandTimeoutError], None] = lambda _: None,
    ) -> None:
        self._start = start
        self._bound = bound
        self._waited_in_vain = waited_in_vain
        self._idle: list[FramedShell] = []
        self._count = 0
        self._changed = threading.Condition()

    def run(self, script: str, stdin: bytes, deadline: Deadline) -> CommandResult:
        """Run one command on any of the shells; a shell that was found dead before the command is replaced."""
        for _ in range(_WRITE_ATTEMPTS):
            shell = self._acquire(deadline)
            try:
                reader = shell.write(script, stdin, deadline)
            except (BrokenPipeError, HostUnreachableError):
                self._discard(shell)
                continue
            except BaseException as error:
                self._discard(shell, error)
                raise
            try:
                result = shell.read(reader, deadline)
            except BaseException as error:
                self._discard(shell, error)
                raise
            self._release(shell)
            return result
        raise HostUnreachableError(f"{deadline.doing}: {_WRITE_ATTEMPTS} shells ended before they took the command.")

    def give_up_idle(self, idle_for_s: float = 0.0, limit: int | None = None) -> int:
        """Close up to ``limit`` shells that have been idle that long; how many were closed."""
        with self._changed:
            before = time.monotonic() - idle_for_s
            chosen = [shell for shell in self._idle if shell.idle_since_s <= before][:limit]
            self._idle = [shell for shell in self._idle if shell not in chosen]
            self._forget(len(chosen))
        for shell in chosen:
            shell.program.close()
        return len(chosen)

    @property
    def count(self) -> int:
        """Shells that exist, idle or in use."""
        return self._count

    def _acquire(self, deadline: Deadline) -> FramedShell:
        while (shell := self._take_or_explain(deadline)) is not None:
            if shell.program.alive():
                return shell
            self._discard(shell)
        try:
            return self._start(deadline)
        except BaseException:
            with self._changed:
                self._forget(1)
            raise

    def _take_or_explain(self, deadline: Deadline) -> FramedShell | None:
        try:
            return self._take(deadline)
        except CommandTimeoutError as error:
            self._waited_in_vain(error)
            raise

    def _take(self, deadline: Deadline) -> FramedShell | None:
        """An idle shell, or ``None`` with the right to start one."""
        with self._changed:
            while True:
                if self._idle:
                    return self._idle.pop()
                if self._count < self._bound:
                    self._count += 1
                    return None
                self._changed.wait(deadline.slice_s())

    def _release(self, shell: FramedShell) -> None:
        with self._changed:
            self._idle.append(shell)
            self._changed.notify()

    def _discard(self, shell: FramedShell, error: BaseException | None = None) -> None:
        """Kill a shell. Raises ``HostUnreachableError`` if that is what the error really is."""
        with self._changed:
            self._forget(1)
        if error is None:
            shell.program.kill()
        else:
            shell.program.give_up(error)

    def _forget(self, count: int) -> None:
        self._count -= count
        self._changed.notify(count)


class PooledShell(StreamingShell):
    """What the local shell and the one over SSH have in common."""

    def run(
        self,
        script: str,
        *,
        stdin: bytes = b"",
        timeout_s: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CommandResult:
        """Run the script in a framed shell, or in a program of its own if its input is large."""
        wait_s = self.command_timeout_s if timeout_s is None else timeout_s
        deadline = Deadline(f"A command at {self.where}", wait_s, cancelled)
        deadline.check()
        if len(stdin) <= LARGE_STDIN_BYTES:
            return self._shells().run(script, stdin, deadline)
        with self.start(script, deadline) as program:
            return converse(program, stdin, deadline)

    def check(self) -> str:
        """The system, release and machine name of the far side."""
        answer = self.run("uname -snr").require_success(f"Asking {self.where} for its name")
        return f"{self.where}: {answer.text.strip()}"

    @abstractmethod
    def _shells(self) -> ShellPool:
        """The pool that commands go to."""
