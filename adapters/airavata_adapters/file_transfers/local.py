"""File transfer on one machine: copies."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import RawIOBase
from pathlib import Path

from airavata_adapters.file_transfers.checksums import BLOCK_BYTES, sha256_of_file
from airavata_adapters.file_transfers.failures import differs, remote_source_missing, source_failure, target_failure
from airavata_adapters.file_transfers.file_patterns import Entry, walk
from airavata_adapters.file_transfers.local_part import LocalPart, write_whole
from airavata_adapters.file_transfers.sources import Meter, check_remote_paths, local_sources
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import TaskCancelled, WorkloadError
from airavata_workload.ports.file_transfer import (
    FilePair,
    FileTransfer,
    FileTransferFactory,
    Progress,
    Receipt,
    RemoteFile,
)
from airavata_workload.ports.remote_shell import RemoteShell

_WHERE = "this machine"
Cancelled = Callable[[], bool]


class LocalTransfer(FileTransfer):
    """Copies files; with checksums the copy is read back, from the page cache as a rule."""

    def put(
        self,
        pairs: Sequence[FilePair],
        *,
        checksum: bool = True,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> list[Receipt]:
        """As ``FileTransfer.put``; permissions are kept, as over SSH."""
        sources = local_sources(pairs)
        meter = Meter(sum(source.size_bytes for source in sources), progress)
        receipts = []
        for source in sources:
            target = Path(source.pair.remote)
            sha256 = _copy(source.pair.local, target, source_failure, checksum, meter, cancelled)
            if source.special_mode is not None:
                target.chmod(source.special_mode)
            receipts.append(source.receipt(sha256))
        return receipts

    def get(
        self,
        pairs: Sequence[FilePair],
        *,
        checksum: bool = True,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> list[Receipt]:
        """As ``FileTransfer.get``."""
        check_remote_paths(pairs, unique=False)
        sizes = [_size(Path(pair.remote)) for pair in pairs]
        meter = Meter(sum(sizes), progress)
        receipts = []
        for pair, size in zip(pairs, sizes, strict=True):
            sha256 = _copy(Path(pair.remote), pair.local, _cannot_fetch, checksum, meter, cancelled)
            receipts.append(Receipt(local=pair.local, remote=pair.remote, size_bytes=size, sha256=sha256))
        return receipts

    def list_files(self, directory: str, patterns: Sequence[str]) -> dict[str, list[RemoteFile]]:
        """As ``FileTransfer.list_files``."""
        return walk(patterns, lambda below: _entries(os.path.join(directory, below)))

    def close(self) -> None:
        """Nothing is open between calls."""


class LocalTransferFactory(FileTransferFactory):
    """Makes transfers on this machine."""

    def open(self, cluster: Cluster, shell: RemoteShell) -> FileTransfer:
        """A transfer; it needs neither the cluster's settings nor the shell."""
        del cluster, shell
        return LocalTransfer()


def _cannot_fetch(error: OSError, path: Path) -> WorkloadError:
    return remote_source_missing(str(path), error.strerror or str(error), _WHERE)


def _size(path: Path) -> int:
    try:
        status = path.stat()
    except OSError as error:
        raise _cannot_fetch(error, path) from error
    if not stat.S_ISREG(status.st_mode):
        raise _cannot_fetch(OSError(0, "it is not a regular file"), path)
    return status.st_size


def _copy(
    source: Path,
    target: Path,
    cannot_read: Callable[[OSError, Path], WorkloadError],
    checksum: bool,
    meter: Meter,
    cancelled: Cancelled | None,
) -> str | None:
    """Copy one file; its checksum, if one was asked for."""
    try:
        file = source.open("rb", buffering=0)
    except OSError as error:
        raise cannot_read(error, source) from error
    with file:
        status = os.fstat(file.fileno())
        if status.st_size <= BLOCK_BYTES:
            return _copy_small(file, status.st_size, target, checksum, meter, cancelled)
        identity = f"{status.st_size}|{status.st_mtime_ns}"
        if target.is_dir():
            raise target_failure(IsADirectoryError(0, "it is a directory"), target)
        with LocalPart(target, identity, checksum=checksum) as part:
            # Without checksums nobody can say whether what an earlier attempt left is the beginning of this file.
            offset = min(part.size_bytes, status.st_size) if checksum else 0
            if offset and part.prefix_sha256() != _prefix_sha256(source, part.size_bytes):
                offset = 0
            part.begin(offset)
            file.seek(offset)
            meter.add(offset)
            while block := file.read(BLOCK_BYTES):
                part.write(block)
                meter.add(len(block))
                if cancelled is not None and cancelled():
                    raise TaskCancelled(f"Copying {source} was given up: the task is no longer wanted.")
            _verify(part, status.st_size, part.finish())
            part.commit()
            return part.sha256


def _copy_small(
    file: RawIOBase, size: int, target: Path, checksum: bool, meter: Meter, cancelled: Cancelled | None
) -> str | None:
    """Copy a file in one piece: to begin it anew costs less than to look for what an earlier attempt left."""
    content = file.read(size + 1) or b""
    if len(content) != size:
        raise differs(str(target), _WHERE, f"{size} bytes", f"{len(content)} or more: the source changes")
    if cancelled is not None and cancelled():
        raise TaskCancelled(f"Copying to {target} was given up: the task is no longer wanted.")
    sha256 = hashlib.sha256(content).hexdigest() if checksum else None
    write_whole(target, content, check=_same_content if checksum else None)
    meter.add(size)
    return sha256


def _same_content(part: Path, content: bytes) -> None:
    if (found := part.read_bytes()) != content:
        raise differs(str(part), _WHERE, f"{len(content)} bytes", f"{len(found)} others")


def _verify(part: LocalPart, size: int, sha256: str | None) -> None:
    if part.size_bytes != size:
        part.discard()
        raise differs(str(part.final), _WHERE, f"{size} bytes", f"{part.size_bytes}")
    if sha256 is not None and (found := sha256_of_file(part.path)) != sha256:
        part.discard()
        raise differs(str(part.final), _WHERE, f"SHA-256 {sha256}", found)


def _prefix_sha256(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while size > 0 and (block := file.read(min(BLOCK_BYTES, size))):
            digest.update(block)
            size -= len(block)
    return digest.hexdigest()


def _entries(directory: str) -> Iterator[Entry]:
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # it was removed in the meantime
                    is_file = entry.is_file()
                    size = entry.stat().st_size if is_file else 0
                    yield Entry(entry.name, size, is_file, entry.is_dir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot_fetch(error, Path(directory)) from error
