"""An SFTP session on a channel of a shell's connection, with its errors as ours."""

from __future__ import annotations

import errno
import os
import posixpath
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

import paramiko

from airavata_adapters.file_transfers.failures import remote_failure
from airavata_adapters.file_transfers.file_patterns import Entry
from airavata_adapters.remote_shells.connection_pool import Lease
from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.ssh import SshShell
from airavata_workload.domain.errors import (
    CommandFailedError,
    CommandTimeoutError,
    DeniedError,
    HostUnreachableError,
    TransferError,
    WorkloadError,
)


class SftpSession:
    """One session; one thread at a time uses it. Open it by ``sftp_session``."""

    def __init__(self, client: paramiko.SFTPClient, lease: Lease, shell: SshShell) -> None:
        self.client = client
        self.where = shell.where
        self._lease = lease
        self._shell = shell

    @contextmanager
    def doing(self, path: str) -> Iterator[None]:
        """Translate what goes wrong inside, which is about ``path``."""
        try:
            yield
        except WorkloadError:
            raise
        except TimeoutError as error:
            if not self._lease.connection.answers():
                raise self._translated(error, path) from error
            raise CommandTimeoutError(
                f"{self.where} did not go on with the transfer of {path!r} within {self._shell.command_timeout_s:g} s."
            ) from error
        except (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError) as error:
            raise self._translated(error, path) from error

    def _translated(self, error: Exception, path: str) -> WorkloadError:
        if not self._lease.connection.alive:
            return HostUnreachableError(f"The connection to {self.where} was lost during the transfer of {path!r}.")
        if isinstance(error, OSError) and error.errno == errno.ENOENT:
            return CommandFailedError(
                f"{path!r} at {self.where}: No such file or directory.", exit_code_remote=1, stderr=str(error)
            )
        if isinstance(error, OSError) and error.errno == errno.EACCES:
            return CommandFailedError(f"{path!r} at {self.where}: Permission denied.", exit_code_remote=1)
        if isinstance(error, EOFError | paramiko.SSHException | paramiko.SFTPError):
            return TransferError(f"The SFTP session with {self.where} broke off at {path!r}: {error}.")
        return self._reason_of_failure(error, path)

    def _reason_of_failure(self, error: Exception, path: str) -> WorkloadError:
        """Why the server says only "Failure", as SFTP version 3 has no code for a full disk: try to write by shell."""
        word = shlex.quote(posixpath.join(posixpath.dirname(path), f".probe.{os.urandom(8).hex()}"))
        script = f"LC_ALL=C dd if=/dev/zero of={word} bs=4096 count=1; status=$?; rm -f {word}; exit $status"
        with suppress(WorkloadError):
            result = self._shell.run(script)
            if result.exit_code != 0:
                return remote_failure(result.error_text, result.exit_code, path, self.where)
        return TransferError(f"{self.where} refused to go on with {path!r}: {error}. Its disk may be full.")

    # -- what SFTP lacks -----------------------------------------------------------
    def make_directories(self, directory: str) -> None:
        """Make a directory and its parents."""
        if directory == "/" or self.exists(directory):
            return
        self.make_directories(posixpath.dirname(directory))
        with self.doing(directory):
            try:
                self.client.mkdir(path_bytes(directory))
            except OSError:
                # Somebody else may have made it in the meantime.
                if not self.exists(directory):
                    raise

    def exists(self, path: str) -> bool:
        """Whether something of that name is there."""
        return self.status(path) is not None

    def status(self, path: str) -> paramiko.SFTPAttributes | None:
        """Size and kind, links followed; ``None`` if nothing is there."""
        with self.doing(path):
            try:
                return self.client.stat(path_bytes(path))
            except FileNotFoundError:
                return None

    def replace(self, part: str, final: str) -> None:
        """Rename, in place of a file of that name."""
        with self.doing(final):
            try:
                self.client.posix_rename(path_bytes(part), path_bytes(final))
            except OSError as error:
                if "unsupported" not in str(error).lower():
                    raise
                # A server without OpenSSH's extension renames only to a free name.
                with suppress(FileNotFoundError):
                    self.client.remove(path_bytes(final))
                self.client.rename(path_bytes(part), path_bytes(final))

    def remove(self, path: str) -> None:
        """Remove a file, if it is there and that can be done."""
        with suppress(OSError, EOFError, paramiko.SSHException, paramiko.SFTPError):
            self.client.remove(path_bytes(path))

    def entries(self, directory: str) -> list[Entry]:
        """What is in a directory; nothing if it is not there."""
        with self.doing(directory):
            try:
                listed = self.client.listdir_attr(cast("str", path_bytes(directory)))
            except FileNotFoundError:
                return []
            except UnicodeDecodeError as error:
                raise CommandFailedError(
                    f"{directory!r} at {self.where} holds a name that is not UTF-8, and the account has no shell "
                    "that could list it.",
                    exit_code_remote=1,
                ) from error
        return [self._entry(directory, attributes) for attributes in listed]

    def _entry(self, directory: str, attributes: paramiko.SFTPAttributes) -> Entry:
        found: paramiko.SFTPAttributes | None = attributes
        if stat.S_ISLNK(attributes.st_mode or 0):
            found = self.status(posixpath.join(directory, attributes.filename))
        mode = (found.st_mode if found else 0) or 0
        size = (found.st_size if found else 0) or 0
        return Entry(attributes.filename, size, stat.S_ISREG(mode), stat.S_ISDIR(mode))


@contextmanager
def sftp_session(shell: SshShell, deadline: Deadline) -> Iterator[SftpSession]:
    """Open a session. Raises ``DeniedError`` when the server has no SFTP, and what opening a channel raises."""
    lease = shell.open_channel(deadline)
    try:
        lease.channel.settimeout(deadline.timeout_s)
        try:
            lease.channel.invoke_subsystem("sftp")
            client = paramiko.SFTPClient(lease.channel)
        except paramiko.SFTPError as error:
            raise DeniedError(
                f"The SFTP session with {shell.where} begins with something else than SFTP ({error}): "
                "most likely a login script of the account prints something.",
                remedy='Let it print to terminals only, or set file_transfer = "scp" in the cluster\'s file.',
            ) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            if not lease.connection.answers():
                raise HostUnreachableError(f"The connection to {shell.where} was lost.") from error
            raise DeniedError(
                f"{shell.where} offers no SFTP: {error or 'it ended the session'}.",
                remedy='Set file_transfer = "scp" in the cluster\'s file: it needs no SFTP.',
            ) from error
        yield SftpSession(client, lease, shell)
    finally:
        lease.release()


def path_bytes(path: str) -> bytes:
    """A path as it goes over the wire; a name that is not UTF-8 keeps its bytes."""
    return path.encode("utf-8", "surrogateescape")
