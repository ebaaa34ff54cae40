"""How commands reach a machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import CommandFailedError
from airavata_workload.ports.credential_store import CredentialStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What a command left: its exit code and its output as bytes (undecoded: it may hold anything)."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text; undecodable bytes are replaced."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def error_text(self) -> str:
        """Standard error as text, without surrounding white space; undecodable bytes are replaced."""
        return self.stderr.decode("utf-8", "replace").strip()

    def require_success(self, doing: str) -> CommandResult:
        """Itself, or ``CommandFailedError`` that says what was being done and how it ended."""
        if self.exit_code != 0:
            tail = self.error_text[-2000:] or self.text.strip()[-2000:]
            raise CommandFailedError(
                f"{doing} ended with exit code {self.exit_code}{': ' + tail if tail else '.'}",
                exit_code_remote=self.exit_code,
                stderr=tail,
            )
        return self


class RemoteShell(ABC):
    """Runs POSIX shell scripts on one machine as one user; shared by all threads."""

    @abstractmethod
    def run(
        self,
        script: str,
        *,
        stdin: bytes = b"",
        timeout_s: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CommandResult:
        """Run ``script`` with ``sh`` and return how it ended; its own output only, whatever login files print.

        The caller has quoted every word in the script (``shlex.quote``).
        ``timeout_s`` defaults to the cluster's ``command_timeout_s``. Raises
        ``HostUnreachableError``, ``CommandTimeoutError`` (in both cases the
        script may have run or still run), ``AuthenticationError``,
        ``HostKeyError``, and ``TaskCancelled`` soon after ``cancelled`` says so.
        """

    @abstractmethod
    def check(self) -> str:
        """Log in and name what answers (for ``doctor``). Raises as ``run``."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection; a later ``run`` opens a new one."""


class RemoteShellFactory(ABC):
    """Entry point of ``airavata_workload.remote_shells``: makes shells for clusters and shares connections."""

    @abstractmethod
    def open(self, cluster: Cluster, credentials: CredentialStore) -> RemoteShell:
        """A shell for the cluster; connecting happens at the first use."""
