"""Who leads a role among the processes of one home directory: whoever holds the lock of the role's file."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from urllib.parse import quote

from airavata_adapters import private_files
from airavata_workload.domain.errors import InputError, StoreUnavailableError

_NAME_LENGTH = 200
"""Longest quoted role, in characters: a file name has room for 255 (NAME_MAX, limits.h)."""


class LeadFiles:
    """The lock files ``<home>/leads/<role>.lock``, as far as this object holds them.

    The lock belongs to the open file, not to the process, so two objects of
    one process compete like two processes. The kernel drops it however the
    process dies. The files stay: one that is removed while somebody else opens
    it could be locked twice.
    Source: flock(2).
    """

    def __init__(self, home: Path) -> None:
        self._directory = home / "leads"
        self._lock = threading.Lock()
        self._held: dict[str, int] = {}
        """Descriptor of the locked file, by role."""
        self._closed = False

    def lead(self, role: str) -> bool:
        """Whether this object holds the role, after trying to take it if nobody does.

        Raises ``InputError`` for a role that cannot name a file, and ``DeniedError``
        or ``StoreUnavailableError`` if the file cannot be opened or after ``close``.
        """
        with self._lock:
            if self._closed:
                raise StoreUnavailableError(
                    f"Nobody can lead '{role}' with recovery nodes that are closed.", remedy="Open them again."
                )
            if role in self._held:
                return True
            path = self._path(role)
            private_files.make_directory(self._directory)
            descriptor = private_files.open_private(path)
            if not private_files.try_lock(descriptor, fcntl.LOCK_EX):
                os.close(descriptor)
                return False
            self._held[role] = descriptor
            return True

    def resign(self, role: str) -> None:
        """Let another one lead the role; not to lead it is not an error."""
        with self._lock:
            descriptor = self._held.pop(role, None)
            if descriptor is not None:
                os.close(descriptor)

    def close(self) -> None:
        """Give every lead up, and take none any more."""
        with self._lock:
            self._closed = True
            while self._held:
                _role, descriptor = self._held.popitem()
                os.close(descriptor)

    def _path(self, role: str) -> Path:
        name = quote(role, safe="")
        if not name or len(name) > _NAME_LENGTH:
            raise InputError(
                f"{role!r} cannot name a role.", remedy=f"Use 1 to {_NAME_LENGTH} letters, digits, '.', '_' and '-'."
            )
        return self._directory / f"{name}.lock"
