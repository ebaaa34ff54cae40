"""Which processes live: each holds a lock file, and the kernel drops the lock however the process dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import threading
from pathlib import Path

from airavata_adapters import private_files
from airavata_workload.domain.errors import ConflictError, InputError

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


class Sessions:
    """The lock files ``<home>/sessions/<session>.lock``.

    Several ports of one process share a session: each ``hold`` needs its ``let_go``.
    Source for what happens to the lock at death and at exec: flock(2).
    """

    def __init__(self, home: Path) -> None:
        self._directory = home / "sessions"
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, int]] = {}
        """Descriptor of the lock file and number of holders, by session."""

    def hold(self, session: str) -> None:
        """Show that the session lives, until ``let_go`` or the end of this process.

        Raises ``ConflictError`` if a living process has that session.
        """
        path = self._path(session)
        with self._lock:
            if session in self._held:
                descriptor, holders = self._held[session]
                self._held[session] = (descriptor, holders + 1)
                return
            private_files.make_directory(self._directory)
            self._sweep()
            self._held[session] = (self._acquire(path, session), 1)

    def let_go(self, session: str) -> None:
        """End one holding of the session."""
        with self._lock:
            descriptor, holders = self._held.pop(session)
            if holders > 1:
                self._held[session] = (descriptor, holders - 1)
                return
            self._path(session).unlink(missing_ok=True)
            os.close(descriptor)

    def alive(self, session: str) -> bool:
        """Whether the process of that session lives. The empty session does not."""
        if not session:
            return False
        with self._lock:
            if session in self._held:
                return True
        try:
            descriptor = os.open(self._path(session), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise private_files.translated(error, self._path(session)) from error
        try:
            # A shared lock: two who look at the same time must not see one another.
            return not private_files.try_lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    def _path(self, session: str) -> Path:
        if not _FILE_NAME.fullmatch(session):
            raise InputError(
                f"{session!r} cannot name a session.", remedy="Use letters, digits, '.', '_' and '-', at most 200."
            )
        return self._directory / f"{session}.lock"

    @staticmethod
    def _acquire(path: Path, session: str) -> int:
        """The locked descriptor of the file that now has this path."""
        for _ in range(100):
            descriptor = private_files.open_private(path)
            if private_files.try_lock(descriptor, fcntl.LOCK_EX):
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(descriptor), path.stat()):
                        return descriptor
                # Somebody has swept the file away between our open and our lock.
            elif private_files.try_lock(descriptor, fcntl.LOCK_SH):
                pass  # only somebody who looked whether the session lives
            else:
                os.close(descriptor)
                raise ConflictError(
                    f"Session '{session}' is in use by a living process.", remedy="Every process needs its own session."
                )
            os.close(descriptor)
        raise ConflictError(f"The lock file {path} vanishes again and again.", remedy="See which process removes it.")

    def _sweep(self) -> None:
        """Remove the lock files that dead processes left."""
        for path in self._directory.glob("*.lock"):
            with contextlib.suppress(OSError):
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    if private_files.try_lock(descriptor, fcntl.LOCK_EX):
                        path.unlink()
                finally:
                    os.close(descriptor)
