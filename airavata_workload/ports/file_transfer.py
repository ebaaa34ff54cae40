"""How files reach a machine and come back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from airavata_workload.domain.cluster import Cluster
from airavata_workload.ports.remote_shell import RemoteShell

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all, now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePair:
    """A file here and the same file there; ``remote`` is an absolute POSIX path."""

    local: Path
    remote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of a verified transfer: size in bytes and, unless checksums are off, the SHA-256 both sides agree on."""

    local: Path
    remote: str
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file on the far side; ``path`` is relative to the directory that was listed."""

    path: str
    size_bytes: int


class FileTransfer(ABC):
    """Moves files, each verified, to a temporary name first and then renamed; a broken transfer resumes.

    Errors: ``StagingInputError`` (a local source is missing or unreadable),
    ``CommandFailedError`` (a remote source is missing: the message names it),
    ``DiskFullError``, ``QuotaExceededError``, ``TransferError`` (broke off, or
    the checksums differ), ``TaskCancelled``, and all that a shell raises.
    """

    @abstractmethod
    def put(
        self,
        pairs: Sequence[FilePair],
        *,
        checksum: bool = True,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Receipt]:
        """Copy local files to the machine, in one stream where that is faster; parent directories are made."""

    @abstractmethod
    def get(
        self,
        pairs: Sequence[FilePair],
        *,
        checksum: bool = True,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Receipt]:
        """Copy files from the machine; local parent directories are made."""

    @abstractmethod
    def list_files(self, directory: str, patterns: Sequence[str]) -> dict[str, list[RemoteFile]]:
        """For each pattern (a relative path or a glob with ``*`` and ``?``) the files in ``directory`` that match it.

        Names may hold any character but NUL. A directory that is not there has no files.
        """

    @abstractmethod
    def close(self) -> None:
        """Release what is open."""


class FileTransferFactory(ABC):
    """Entry point of ``airavata_workload.file_transfers``."""

    @abstractmethod
    def open(self, cluster: Cluster, shell: RemoteShell) -> FileTransfer:
        """A transfer to the cluster that may use the shell's connection."""
