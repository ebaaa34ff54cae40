"""A started program whose three standard streams are in our hands, here or on another machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import TracebackType

from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.frame import FrameReader, Output, new_token, quoted_script
from airavata_workload.domain.errors import CommandTimeoutError, DeniedError, HostUnreachableError
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell

LARGE_BLOCK_BYTES = 1 << 20


class Program(AbstractContextManager["Program"], ABC):
    """A running ``sh``. One thread at a time uses it; leaving the ``with`` block releases it.

    Every method may raise ``HostUnreachableError`` when the connection to the
    program's machine is lost.
    """

    process_id: int | None = None
    """Of the shell, which leads its process group; known after ``begin``."""
    _kept: Output | None = None

    @abstractmethod
    def send(self, data: bytes | memoryview, wait_s: float) -> int:
        """Hand over the beginning of ``data``; how many bytes, 0 if there was no room in ``wait_s``.

        Raises ``BrokenPipeError`` when the program no longer reads.
        """

    @abstractmethod
    def end_input(self) -> None:
        """Let the program see the end of its standard input."""

    def receive(self, wait_s: float, *, stderr_first: bool = False) -> Output:
        """What has come; waits up to ``wait_s`` for something.

        ``stderr_first`` says which of the streams is expected to bring it,
        for implementations that can wait for one only.
        """
        if self._kept is not None:
            kept, self._kept = self._kept, None
            return kept
        return self._receive(wait_s, stderr_first)

    @abstractmethod
    def _receive(self, wait_s: float, stderr_first: bool) -> Output:
        """``receive`` from the streams themselves."""

    @abstractmethod
    def exit_code(self, deadline: Deadline) -> int:
        """Wait until the program has ended. 128 + n for signal n where that is known, else 255."""

    @abstractmethod
    def alive(self) -> bool:
        """Whether the program still runs, as far as is known without asking."""

    @abstractmethod
    def kill(self) -> None:
        """End the program and its process group as well as can be done, and release it. Never raises."""

    def give_up(self, error: BaseException) -> None:
        """Kill the program because of the error, which the caller then raises.

        Raises ``HostUnreachableError`` in its place if that is why it came to a ``CommandTimeoutError``.
        """
        lost = self.lost_behind(error) if isinstance(error, CommandTimeoutError) else None
        self.kill()
        if lost is not None:
            raise lost from error

    def lost_behind(self, error: CommandTimeoutError) -> HostUnreachableError | None:
        """Whether the time-out only means that the program's machine does not answer. Asks it, for a few seconds."""
        del error
        return None

    @abstractmethod
    def close(self) -> None:
        """Release the streams; a program that reads sees the end of its input. Never raises."""

    def begin(self, script: str | None, where: str, deadline: Deadline) -> None:
        """Wait for the shell to answer, past all that login files print, and let it run ``script``, if one is given.

        The script goes in one compound command with the greeting, so its
        output follows at once and what is sent afterwards is its input; a
        shell that reads its commands in blocks has then read no more than
        that command. Raises ``DeniedError`` when the far side gives no shell.
        """
        token = new_token()
        greeting = f"{{ printf '%s%d.' {token} $$; printf %s {token} >&2".encode()
        rest = b"; }\n" if script is None else b"; eval ' " + quoted_script(script) + b"'; exit; }\n"
        with suppress(BrokenPipeError):  # what follows says why
            send_all(self, greeting + rest, deadline)
        reader = FrameReader(token)
        while not reader.complete:
            output = self._receive(deadline.slice_s(), stderr_first=reader.stdout_done)
            reader.add(output.stdout, output.stderr)
            if output.ended and not reader.complete:
                said = b" ".join(reader.so_far()).decode("utf-8", "replace").strip()
                raise DeniedError(
                    f"{where} ends the session instead of giving a shell{': ' + said[-500:] if said else '.'}",
                    remedy="Check that the account has a POSIX shell there and no forced command.",
                )
        # The greeting tells the shell's process id where an answer has its exit code.
        self.process_id = reader.result().exit_code
        self._kept = reader.rest(output.ended)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.give_up(error)


class StreamingShell(RemoteShell):
    """A shell that can also start a program and leave its streams to the caller, for file transfers."""

    where: str
    """Names the far side in messages: ``user@host:port``."""
    command_timeout_s: float

    @abstractmethod
    def start(self, script: str, deadline: Deadline) -> Program:
        """Start ``sh`` on the script; its input and output are the script's own. Raises as ``run``."""


def send_all(program: Program, data: bytes | memoryview, deadline: Deadline) -> None:
    """Hand over all of ``data``; each piece that is taken restarts the deadline. Raises ``BrokenPipeError``."""
    rest = memoryview(data)
    while rest:
        taken = program.send(rest, deadline.slice_s())
        if taken:
            rest = rest[taken:]
            deadline.restart()


def converse(program: Program, stdin: bytes, deadline: Deadline) -> CommandResult:
    """Give the program its input, collect its output to the end, and return how it ended."""
    stdout, stderr = bytearray(), bytearray()
    rest = memoryview(stdin)
    while True:
        if rest:
            try:
                rest = rest[program.send(rest, deadline.slice_s()) :]
            except BrokenPipeError:
                # Not reading all of its input is the program's right; its exit code tells the rest.
                rest = memoryview(b"")
            if not rest:
                program.end_input()
        output = program.receive(0 if rest else deadline.slice_s())
        stdout += output.stdout
        stderr += output.stderr
        if output.ended:
            break
    return CommandResult(exit_code=program.exit_code(deadline), stdout=bytes(stdout), stderr=bytes(stderr))


def finish(program: Program, deadline: Deadline, on_output: Callable[[bytes], None] | None = None) -> CommandResult:
    """End the program's input and collect what it still says; ``on_output`` takes standard output as it comes."""
    program.end_input()
    stdout, stderr = bytearray(), bytearray()
    while True:
        output = program.receive(deadline.slice_s())
        if output.stdout:
            deadline.restart()
            if on_output is None:
                stdout += output.stdout
            else:
                on_output(output.stdout)
        stderr += output.stderr
        if output.ended:
            break
    return CommandResult(exit_code=program.exit_code(deadline), stdout=bytes(stdout), stderr=bytes(stderr))
