"""Records what a task plugin does through shells and transfers, and breaks it where a test wants that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from airavata_workload.domain.errors import HostUnreachableError
from airavata_workload.ports.file_transfer import FilePair, FileTransfer, Progress, Receipt, RemoteFile
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell

T = TypeVar("T")


@dataclass(slots=True)
class Recording:
    """What a plugin did, in order.

    ``uses`` has an entry a round trip: ``run``, ``put``, ``get`` or
    ``list_files``, with the name of the resource. A test may set
    ``unreachable`` (every use then raises ``HostUnreachableError``);
    ``cancel_at_use``: from that use on, counted from 1, the task is no longer
    wanted; ``lose_request_at_use`` or ``lose_answer_at_use``: that one use
    raises ``HostUnreachableError`` before, or after, it has had its effect;
    ``announcing_refused``, whereupon ``uses_when_refused`` is kept.
    """

    uses: list[tuple[str, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    intents: list[Mapping[str, Any]] = field(default_factory=list)
    progress: list[tuple[int, int, str]] = field(default_factory=list)
    cancelled: bool = False
    unreachable: bool = False
    announcing_refused: bool = False
    uses_when_refused: int | None = None
    cancel_at_use: int | None = None
    lose_request_at_use: int | None = None
    lose_answer_at_use: int | None = None

    def around(self, use: str, resource: str, effect: Callable[[], T]) -> T:
        """Note a round trip and make it, or fail as the test has asked for."""
        self.uses.append((use, resource))
        number = len(self.uses)
        if self.cancel_at_use is not None and number >= self.cancel_at_use:
            self.cancelled = True
        if self.unreachable or number == self.lose_request_at_use:
            raise HostUnreachableError(f"{resource} does not answer: the test says so.")
        result = effect()
        if number == self.lose_answer_at_use:
            raise HostUnreachableError(f"The answer of {resource} is lost: the test says so.")
        return result


class RecordedShell(RemoteShell):
    """Another shell, with what goes through it noted."""

    def __init__(self, shell: RemoteShell, resource: str, recording: Recording) -> None:
        self._shell = shell
        self._resource = resource
        self._recording = recording

    def run(
        self,
        script: str,
        *,
        stdin: bytes = b"",
        timeout_s: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CommandResult:
        """As the other shell does it."""
        self._recording.scripts.append(script)
        return self._recording.around(
            "run",
            self._resource,
            lambda: self._shell.run(script, stdin=stdin, timeout_s=timeout_s, cancelled=cancelled),
        )

    def check(self) -> str:
        """As the other shell does it."""
        return self._shell.check()

    def close(self) -> None:
        """As the other shell does it."""
        self._shell.close()


class RecordedTransfer(FileTransfer):
    """Another transfer, with what goes through it noted."""

    def __init__(self, transfer: FileTransfer, resource: str, recording: Recording) -> None:
        self._transfer = transfer
        self._resource = resource
        self._recording = recording

    def put(
        self,
        pairs: Sequence[FilePair],
        *,
        checksum: bool = True,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Receipt]:
        """As the other transfer does it."""
        return self._recording.around(
            "put",
            self._resource,
            lambda: self._transfer.put(pairs, checksum=checksum, progress=progress, cancelled=cancelled),
        )

    def get(
        self,
        pairs: Sequence[FilePair],
        *,
        checksum: bool = True,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Receipt]:
        """As the other transfer does it."""
        return self._recording.around(
            "get",
            self._resource,
            lambda: self._transfer.get(pairs, checksum=checksum, progress=progress, cancelled=cancelled),
        )

    def list_files(self, directory: str, patterns: Sequence[str]) -> dict[str, list[RemoteFile]]:
        """As the other transfer does it."""
        return self._recording.around(
            "list_files", self._resource, lambda: self._transfer.list_files(directory, patterns)
        )

    def close(self) -> None:
        """As the other transfer does it."""
        self._transfer.close()
