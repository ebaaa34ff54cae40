"""What is known of the files of a transfer before it begins."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from airavata_adapters.file_transfers.failures import source_failure
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.file_transfer import FilePair, Progress, Receipt

_NAME_MAX_BYTES = 255
"""Source: limits.h(0p), NAME_MAX of the usual file systems."""
_ORDINARY_MODES = (0o644, 0o664)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSource:
    """A local file that is to be sent."""

    pair: FilePair
    size_bytes: int
    mode: int
    modified_ns: int

    @property
    def special_mode(self) -> int | None:
        """Permissions to set on the copy; ``None`` for ordinary ones, which the far side's umask decides."""
        return None if self.mode in _ORDINARY_MODES else self.mode

    @property
    def identity(self) -> str:
        """Differs when another file, or another version of it, is to be sent."""
        return f"{self.size_bytes}|{self.modified_ns}"

    def read(self) -> bytes:
        """The whole content. Raises ``StagingInputError``."""
        try:
            return self.pair.local.read_bytes()
        except OSError as error:
            raise source_failure(error, self.pair.local) from error

    def receipt(self, sha256: str | None) -> Receipt:
        """The proof that this file arrived."""
        return Receipt(local=self.pair.local, remote=self.pair.remote, size_bytes=self.size_bytes, sha256=sha256)


def local_sources(pairs: Sequence[FilePair]) -> list[LocalSource]:
    """Look at all files before any is sent. Raises ``StagingInputError`` for one that cannot be sent."""
    check_remote_paths(pairs, unique=True)
    found = []
    for pair in pairs:
        try:
            status = pair.local.stat()
        except OSError as error:
            raise source_failure(error, pair.local) from error
        if not stat.S_ISREG(status.st_mode):
            is_directory = stat.S_ISDIR(status.st_mode)
            problem: OSError = IsADirectoryError() if is_directory else OSError(0, "it is not a regular file")
            raise source_failure(problem, pair.local)
        found.append(
            LocalSource(
                pair=pair,
                size_bytes=status.st_size,
                mode=stat.S_IMODE(status.st_mode) & 0o777,
                modified_ns=status.st_mtime_ns,
            )
        )
    return found


def check_remote_paths(pairs: Sequence[FilePair], *, unique: bool) -> None:
    """Raise ``InputError`` unless every remote path is absolute and names a file; ``unique``: and no two are equal."""
    seen = set()
    for pair in pairs:
        name = posixpath.basename(pair.remote)
        if not pair.remote.startswith("/") or name in ("", ".", "..") or "\0" in pair.remote:
            raise InputError(f"{pair.remote!r} is not an absolute path of a file on the far side.")
        if unique and pair.remote in seen:
            raise InputError(f"Two files are to be sent to {pair.remote!r}.")
        seen.add(pair.remote)


def part_name(name: str, identity: str) -> str:
    """The hidden temporary name, in the same directory, of the file ``name`` while it arrives.

    The same source gives the same name, so that a transfer that broke off
    finds what has arrived; it is never longer than a file name may be.
    """
    digest = hashlib.sha256(f"{name}|{identity}".encode("utf-8", "surrogateescape")).hexdigest()[:20]
    ending = f".{digest}.part"
    room = _NAME_MAX_BYTES - len(ending) - 1
    # Cut at a whole character: half of one would be a different, invalid name.
    kept = os.fsencode(name)[:room].decode("utf-8", "ignore") if len(os.fsencode(name)) > room else name
    return f".{kept}{ending}"


def part_path(remote: str, identity: str) -> str:
    """As ``part_name``, for a POSIX path."""
    return posixpath.join(posixpath.dirname(remote), part_name(posixpath.basename(remote), identity))


class Meter:
    """Adds up the bytes that are done and tells the caller."""

    def __init__(self, total_bytes: int, progress: Progress | None) -> None:
        self._total = total_bytes
        self._done = 0
        self._progress = progress

    def add(self, count: int) -> None:
        """So many bytes more are done."""
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)
