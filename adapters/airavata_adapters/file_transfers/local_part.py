"""A local file while it arrives: under a temporary name, resumable, renamed when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from airavata_adapters.file_transfers.checksums import BackgroundDigest
from airavata_adapters.file_transfers.failures import is_out_of_space, target_failure
from airavata_adapters.file_transfers.sources import part_name
from airavata_workload.domain.errors import WorkloadError


class LocalPart:
    """Use it as a context; ``commit`` before leaving it, else what has arrived stays for the next attempt."""

    def __init__(self, final: Path, identity: str, *, checksum: bool) -> None:
        """Make the parent directories. ``identity`` tells versions of the source apart."""
        self.final = final
        self.path = final.with_name(part_name(final.name, identity))
        self.sha256: str | None = None
        self._digest = BackgroundDigest() if checksum else None
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("r+b" if self.path.exists() else "w+b", buffering=0)
        except OSError as error:
            self._end_digest()
            raise target_failure(error, final) from error
        self.size_bytes = os.fstat(self._file.fileno()).st_size

    def prefix_sha256(self) -> str:
        """Checksum of what an earlier attempt left."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()

    def begin(self, offset: int) -> None:
        """Keep the first ``offset`` bytes of what an earlier attempt left, and continue after them."""
        self._file.truncate(offset)
        self._file.seek(0)
        if self._digest is not None:
            self._digest.add_prefix(self._file, offset)
        self._file.seek(offset)
        self.size_bytes = offset

    def write(self, block: bytes) -> None:
        """Append. Raises ``DiskFullError``, ``QuotaExceededError``, ``InputError``."""
        if self._digest is not None:
            self._digest.add(block)
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise target_failure(error, self.final) from error
        self.size_bytes += len(block)

    def finish(self) -> str | None:
        """The checksum of all that has arrived; ``None`` without checksums."""
        self._end_digest()
        return self.sha256

    def commit(self) -> None:
        """Give the file its name."""
        self._file.close()
        try:
            self.path.replace(self.final)
        except OSError as error:
            raise target_failure(error, self.final) from error

    def discard(self) -> None:
        """Remove what has arrived: it is of no use."""
        with contextlib.suppress(OSError):
            self.path.unlink()

    def __enter__(self) -> LocalPart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end_digest()
        self._file.close()
        if error is not None and is_out_of_space(error):
            self.discard()

    def _end_digest(self) -> None:
        if self._digest is not None:
            self.sha256 = self._digest.finish()
            self._digest = None


def write_whole(final: Path, content: bytes, *, check: Callable[[Path, bytes], None] | None = None) -> None:
    """Write a small file under a temporary name and rename it, once ``check`` has not raised.

    Raises as ``LocalPart.write``, and what ``check`` raises.
    """
    part = final.with_name(part_name(final.name, secrets.token_hex(8)))
    try:
        try:
            part.write_bytes(content)
        except FileNotFoundError:
            # Only the first file of a directory finds it missing; to look each time would cost the others.
            final.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
        if check is not None:
            check(part, content)
        part.replace(final)
    except WorkloadError:
        part.unlink(missing_ok=True)
        raise
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise target_failure(error, final) from error
