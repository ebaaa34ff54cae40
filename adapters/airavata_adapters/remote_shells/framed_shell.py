"""A long-lived ``sh`` that runs one command after the other: a command costs a fork, not a login."""

from __future__ import annotations

import time

from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.frame import FrameReader, build_frame, new_token
from airavata_adapters.remote_shells.program import Program
from airavata_workload.domain.errors import HostUnreachableError
from airavata_workload.ports.remote_shell import CommandResult


class FramedShell:
    """A long-lived ``sh`` behind a ``Program``. One thread at a time uses it."""

    def __init__(self, program: Program, where: str) -> None:
        self.program = program
        self.where = where
        self.idle_since_s = time.monotonic()

    def write(self, script: str, stdin: bytes, deadline: Deadline) -> FrameReader:
        """Hand one command over. Raises ``BrokenPipeError`` if the shell is gone: then the command surely did not run.

        A shell that got a part of a frame only cannot run it: the compound command is not complete.
        """
        token = new_token()
        rest = memoryview(build_frame(script, stdin, token))
        # What a process left behind by an earlier command has printed since is nobody's.
        while (stray := self.program.receive(0)).stdout or stray.stderr:
            deadline.check()
        while rest:
            rest = rest[self.program.send(rest, deadline.slice_s()) :]
        return FrameReader(token)

    def read(self, reader: FrameReader, deadline: Deadline) -> CommandResult:
        """Wait for the answer. Raises ``HostUnreachableError`` if the shell ends first: whether it ran is not known."""
        while not reader.complete:
            output = self.program.receive(deadline.slice_s(), stderr_first=reader.stdout_done)
            reader.add(output.stdout, output.stderr)
            if output.ended and not reader.complete:
                raise HostUnreachableError(
                    f"The shell at {self.where} ended in the middle of a command. The command may have had its effect."
                )
        self.idle_since_s = time.monotonic()
        return reader.result()
