"""What every way of transferring by shell shares: the shell, its patience, and how its complaints become errors."""

from __future__ import annotations

from collections.abc import Callable

from airavata_adapters.file_transfers.failures import remote_failure
from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.program import Program, StreamingShell, finish
from airavata_workload.ports.remote_shell import CommandResult

_SLOWEST_HASH_BYTES_PER_S = 20_000_000
"""A far side that reads and hashes slower than that may be given up."""

Cancelled = Callable[[], bool]


class FarSide:
    """The other machine during one ``put`` or ``get``. ``cancelled`` is heard in every wait."""

    def __init__(self, shell: StreamingShell, cancelled: Cancelled | None) -> None:
        self._shell = shell
        self._cancelled = cancelled
        self.where = shell.where

    def deadline(self) -> Deadline:
        """For a stream: it may stand still for as long as a command may take."""
        return Deadline(f"A transfer with {self.where}", self._shell.command_timeout_s, self._cancelled)

    def ask(self, script: str, *, reads_bytes: int = 0) -> CommandResult:
        """Run a script, which reads so many bytes of files, and return how it ended."""
        timeout_s = self._shell.command_timeout_s + reads_bytes / _SLOWEST_HASH_BYTES_PER_S
        return self._shell.run(script, timeout_s=timeout_s, cancelled=self._cancelled)

    def run(self, script: str, name: str, *, reads_bytes: int = 0) -> CommandResult:
        """As ``ask``, for the file(s) ``name``; raises if the script fails."""
        return self.require_success(self.ask(script, reads_bytes=reads_bytes), name)

    def start(self, script: str, deadline: Deadline) -> Program:
        """Start a script whose streams the caller uses."""
        return self._shell.start(script, deadline)

    def finish(self, program: Program, name: str, *, reads_bytes: int = 0) -> CommandResult:
        """End a program's input and wait for its end; raises if it fails."""
        timeout_s = self._shell.command_timeout_s + reads_bytes / _SLOWEST_HASH_BYTES_PER_S
        deadline = Deadline(f"A transfer with {self.where}", timeout_s, self._cancelled)
        return self.require_success(finish(program, deadline), name)

    def require_success(self, result: CommandResult, name: str) -> CommandResult:
        """The result, or the error that its standard error tells of."""
        if result.exit_code != 0:
            raise remote_failure(result.error_text, result.exit_code, name, self.where)
        return result
