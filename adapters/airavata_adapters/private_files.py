"""Files and directories that nobody but their owner may read, written so that a crash leaves the old or the new."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shlex
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from airavata_workload.domain.errors import DeniedError, StoreUnavailableError, WorkloadError

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
_POLL_S = 0.01
_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def translated(error: OSError, path: Path) -> WorkloadError:
    """The engine's error for what the operating system says about ``path``."""
    text = f"{path}: {os.strerror(error.errno) if error.errno else error}."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DeniedError(text, remedy="Give this user write permission there, or choose another home directory.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreUnavailableError(text, remedy="Free some space; work goes on by itself then.")
    return StoreUnavailableError(text, remedy="Check the home directory and its file system.")


def refuse_readable_by_others(path: Path) -> None:
    """Let a file with a secret pass only if nobody but its owner may read it.

    Raises ``DeniedError`` with the command that mends it, ``FileNotFoundError`` if there is no such file.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise translated(error, path) from error
    if mode & _READABLE_BY_OTHERS:
        raise DeniedError(
            f"{path} has mode {mode:04o}: others than its owner may read it.",
            remedy=f"Run: chmod 600 {shlex.quote(str(path))}",
        )


def make_directory(path: Path) -> None:
    """Make the directory, readable by its owner alone; one that exists keeps its mode. Raises ``DeniedError``."""
    try:
        path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise translated(error, path) from error


def open_private(path: Path) -> int:
    """A descriptor, for reading and writing, of a file that is made with mode 0600 if it is not there."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise translated(error, path) from error


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` in place of the file at once and durably. The caller keeps other writers away."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise translated(error, path) from error


def _sync_directory(path: Path) -> None:
    """Make a new name in the directory durable (fsync of the file alone does not: fsync(2))."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock file ``path`` against all other processes and threads.

    Raises ``StoreUnavailableError`` when another one keeps it for ``timeout_s``.
    """
    descriptor = open_private(path)
    try:
        deadline = time.monotonic() + timeout_s
        while not try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                raise StoreUnavailableError(
                    f"{path} has been locked by another process for {timeout_s:g} s.",
                    remedy=f"'fuser {path}' shows which; try again when it is done.",
                )
            time.sleep(_POLL_S)
        yield
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, operation: int) -> bool:
    """Whether the lock (``fcntl.LOCK_EX`` or ``LOCK_SH``) could be had at once; the kernel drops it at our death."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
