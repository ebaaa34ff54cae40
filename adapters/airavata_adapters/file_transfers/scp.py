"""File transfer over SSH sessions.

Like the scp program it needs no more than a login and the tools of a POSIX
system there (sh, cat, tar, find, xargs, and one of sha256sum, shasum and
openssl), no SFTP subsystem. It does not speak that program's protocol, which
has neither checksums nor resumption nor quoting of names. Files travel

- inside one command, if they are few and tiny: one round trip for all,
- as one tar stream, if they are many and small: nothing waits for the far side between files,
- each as a bare stream, if they are large: resumed where the last attempt broke off.

Every file arrives under a hidden temporary name in its directory, is compared
by size and (by default) SHA-256, and is then renamed. Permissions are kept
when they are sent and left to the umask when they are fetched; times are not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airavata_adapters.file_transfers.far_side import FarSide
from airavata_adapters.file_transfers.inquiry import TINY_BYTES, TINY_FILES, RemoteSource, inquire
from airavata_adapters.file_transfers.large_files import get_large, put_large
from airavata_adapters.file_transfers.listing import list_by_shell
from airavata_adapters.file_transfers.local_part import write_whole
from airavata_adapters.file_transfers.sources import LocalSource, Meter, check_remote_paths, local_sources
from airavata_adapters.file_transfers.tar_stream import get_stream, put_stream
from airavata_adapters.file_transfers.tiny_files import put_tiny
from airavata_adapters.remote_shells.program import StreamingShell
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.file_transfer import (
    FilePair,
    FileTransfer,
    FileTransferFactory,
    Progress,
    Receipt,
    RemoteFile,
)
from airavata_workload.ports.remote_shell import RemoteShell

LARGE_BYTES = 4 << 20
"""A file from this size on travels by itself."""


class ScpTransfer(FileTransfer):
    """Transfers through any shell that can start programs, the one over SSH above all."""

    def __init__(self, shell: StreamingShell) -> None:
        self._shell = shell

    def put(
        self,
        pairs: Sequence[FilePair],
        *,
        checksum: bool = True,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Receipt]:
        """As ``FileTransfer.put``."""
        sources = local_sources(pairs)
        meter = Meter(sum(source.size_bytes for source in sources), progress)
        far_side = FarSide(self._shell, cancelled)
        receipts: list[Receipt] = []
        small = [source for source in sources if source.size_bytes < LARGE_BYTES]
        if small:
            put_small = put_tiny if _tiny(small) else put_stream
            receipts += put_small(small, far_side, meter, checksum=checksum)
        for source in sources:
            if source.size_bytes >= LARGE_BYTES:
                receipts.append(put_large(source, far_side, meter, checksum=checksum))
        return _in_order(receipts, pairs)

    def get(
        self,
        pairs: Sequence[FilePair],
        *,
        checksum: bool = True,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Receipt]:
        """As ``FileTransfer.get``."""
        check_remote_paths(pairs, unique=False)
        far_side = FarSide(self._shell, cancelled)
        sources = inquire(pairs, far_side, checksum=checksum)
        meter = Meter(sum(source.size_bytes for source in sources), progress)
        receipts: list[Receipt] = []
        small = []
        for source in sources:
            if source.content is not None:
                receipts.append(_arrived(source, source.content, meter))
            elif source.size_bytes < LARGE_BYTES:
                small.append(source)
            else:
                receipts.append(get_large(source, far_side, meter, checksum=checksum))
        if small:
            receipts += get_stream(small, far_side, meter, checksum=checksum)
        return _in_order(receipts, pairs)

    def list_files(self, directory: str, patterns: Sequence[str]) -> dict[str, list[RemoteFile]]:
        """As ``FileTransfer.list_files``."""
        return list_by_shell(self._shell, directory, patterns)

    def close(self) -> None:
        """Nothing is open between calls; the shell belongs to whoever opened it."""


class ScpTransferFactory(FileTransferFactory):
    """Makes transfers over a shell's connection."""

    def open(self, cluster: Cluster, shell: RemoteShell) -> FileTransfer:
        """A transfer over the shell. Raises ``InputError`` for a shell that cannot start programs."""
        if not isinstance(shell, StreamingShell):
            raise InputError(
                f"The file transfer 'scp' of {cluster.name} cannot use the remote shell '{cluster.remote_shell}'.",
                remedy='Set remote_shell = "ssh", or choose another file_transfer.',
            )
        return ScpTransfer(shell)


def _tiny(sources: Sequence[LocalSource]) -> bool:
    return len(sources) <= TINY_FILES and sum(source.size_bytes for source in sources) <= TINY_BYTES


def _arrived(source: RemoteSource, content: bytes, meter: Meter) -> Receipt:
    write_whole(source.pair.local, content)
    meter.add(len(content))
    return Receipt(local=source.pair.local, remote=source.pair.remote, size_bytes=len(content), sha256=source.sha256)


def _in_order(receipts: Sequence[Receipt], pairs: Sequence[FilePair]) -> list[Receipt]:
    by_pair = {(receipt.local, receipt.remote): receipt for receipt in receipts}
    return [by_pair[pair.local, pair.remote] for pair in pairs]
