"""File transfer by the SFTP subsystem of an SSH server, for accounts without a shell and servers that insist on it.

Requests are pipelined; still each file costs a few round trips, so many small
files are faster with ``scp``. Checksums are made by the far side's sha256sum
where the account has a shell, else by reading the copy back. Every file arrives
under a hidden temporary name, resumes where it broke off, and is renamed.
"""

from __future__ import annotations

import posixpath
import shlex
import stat
from collections.abc import Callable, Sequence
from typing import BinaryIO

from airavata_adapters.file_transfers.checksums import (
    BLOCK_BYTES,
    CHOOSE_FAST_DIGEST,
    BackgroundDigest,
    parse_sums,
)
from airavata_adapters.file_transfers.failures import differs, is_out_of_space, remote_source_missing, source_failure
from airavata_adapters.file_transfers.far_side import FarSide
from airavata_adapters.file_transfers.file_patterns import walk
from airavata_adapters.file_transfers.listing import list_by_shell
from airavata_adapters.file_transfers.local_part import LocalPart
from airavata_adapters.file_transfers.sftp_reading import remote_blocks
from airavata_adapters.file_transfers.sftp_session import SftpSession, path_bytes, sftp_session
from airavata_adapters.file_transfers.sources import LocalSource, Meter, check_remote_paths, local_sources, part_path
from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.ssh import SshShell
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import DeniedError, InputError, WorkloadError
from airavata_workload.ports.file_transfer import (
    FilePair,
    FileTransfer,
    FileTransferFactory,
    Progress,
    Receipt,
    RemoteFile,
)
from airavata_workload.ports.remote_shell import RemoteShell

_RESUME_LOOKS = 5
"""How often a part is looked at that grows while its checksum is taken."""


class SftpTransfer(FileTransfer):
    """Transfers by SFTP on a shell's connection."""

    def __init__(self, shell: SshShell) -> None:
        self._shell = shell
        self._has_shell = True

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
        deadline = far_side.deadline()
        with sftp_session(self._shell, deadline) as session:
            for directory in dict.fromkeys(posixpath.dirname(source.pair.remote) for source in sources):
                session.make_directories(directory)
            sums = [self._send(source, session, far_side, meter, checksum, deadline) for source in sources]
            if checksum:
                self._verify(sources, sums, session, far_side)
            for source in sources:
                self._rename(source, session)
        return [source.receipt(sha256) for source, sha256 in zip(sources, sums, strict=True)]

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
        deadline = far_side.deadline()
        with sftp_session(self._shell, deadline) as session:
            sizes = [_size(pair.remote, session) for pair in pairs]
            sums: list[str | None] = [None] * len(pairs)
            if checksum:
                sums = self._remote_sums([pair.remote for pair in pairs], sum(sizes), session, far_side)
            meter = Meter(sum(sizes), progress)
            for pair, size, sha256 in zip(pairs, sizes, sums, strict=True):
                self._fetch(pair, size, sha256, session, meter, deadline)
        return [
            Receipt(local=pair.local, remote=pair.remote, size_bytes=size, sha256=sha256)
            for pair, size, sha256 in zip(pairs, sizes, sums, strict=True)
        ]

    def list_files(self, directory: str, patterns: Sequence[str]) -> dict[str, list[RemoteFile]]:
        """As ``FileTransfer.list_files``; by the shell if the account has one, since that is one round trip."""
        if self._has_shell:
            try:
                return list_by_shell(self._shell, directory, patterns)
            except DeniedError:
                self._has_shell = False
        with sftp_session(self._shell, FarSide(self._shell, None).deadline()) as session:
            return walk(patterns, lambda below: session.entries(posixpath.join(directory, below)))

    def close(self) -> None:
        """Nothing is open between calls; the shell belongs to whoever opened it."""

    # -- sending -----------------------------------------------------------------------
    def _send(
        self,
        source: LocalSource,
        session: SftpSession,
        far_side: FarSide,
        meter: Meter,
        checksum: bool,
        deadline: Deadline,
    ) -> str | None:
        """Send one file to its temporary name; its checksum."""
        part = part_path(source.pair.remote, source.identity)
        digest = BackgroundDigest() if checksum else None
        try:
            with source.pair.local.open("rb", buffering=0) as file:
                offset = self._resume_at(file, source, part, session, far_side) if checksum else 0
                file.seek(0)
                if digest is not None:
                    digest.add_prefix(file, offset)
                file.seek(offset)
                meter.add(offset)
                with session.doing(part):
                    _stream(file, source.size_bytes, part, offset, session, meter, digest, deadline)
                    if source.special_mode is not None:
                        session.client.chmod(path_bytes(part), source.special_mode)
        except OSError as error:
            raise source_failure(error, source.pair.local) from error
        except WorkloadError as error:
            if is_out_of_space(error):
                session.remove(part)
            raise
        finally:
            sha256 = digest.finish() if digest is not None else None
        return sha256

    def _resume_at(
        self, file: BinaryIO, source: LocalSource, part: str, session: SftpSession, far_side: FarSide
    ) -> int:
        """How much of what an earlier attempt left is the beginning of this file: all of it or nothing."""
        for _ in range(_RESUME_LOOKS):
            status = session.status(part)
            sent = (status.st_size if status else 0) or 0
            if not 0 < sent <= source.size_bytes:
                return 0
            prefix = BackgroundDigest()
            prefix.add_prefix(file, sent)
            if prefix.finish() == self._remote_sums([part], sent, session, far_side)[0]:
                return sent
            again = session.status(part)
            if again is None or again.st_size == sent:
                break
            # The server of the connection that broke is still writing what it had received.
        return 0

    def _verify(
        self, sources: Sequence[LocalSource], sums: Sequence[str | None], session: SftpSession, far_side: FarSide
    ) -> None:
        parts = [part_path(source.pair.remote, source.identity) for source in sources]
        total = sum(source.size_bytes for source in sources)
        found = self._remote_sums(parts, total, session, far_side)
        for source, part, expected, actual in zip(sources, parts, sums, found, strict=True):
            if expected != actual:
                session.remove(part)
                raise differs(source.pair.remote, session.where, f"SHA-256 {expected}", actual)

    def _rename(self, source: LocalSource, session: SftpSession) -> None:
        final = source.pair.remote
        part = part_path(final, source.identity)
        status = session.status(part)
        if status is None or status.st_size != source.size_bytes:
            raise differs(final, session.where, f"{source.size_bytes} bytes", status and status.st_size)
        session.replace(part, final)

    # -- fetching ------------------------------------------------------------------------
    def _fetch(
        self, pair: FilePair, size: int, sha256: str | None, session: SftpSession, meter: Meter, deadline: Deadline
    ) -> None:
        # The checksum of the whole is known beforehand: it tells versions apart, and whether a resumed part fits.
        with LocalPart(pair.local, f"{pair.remote}|{size}|{sha256}", checksum=sha256 is not None) as part:
            offset = part.size_bytes if sha256 is not None and part.size_bytes <= size else 0
            part.begin(offset)
            meter.add(offset)
            for block in remote_blocks(pair.remote, offset, size, session):
                part.write(block)
                meter.add(len(block))
                deadline.restart()
                deadline.check()
            found = part.finish()
            if part.size_bytes != size or found != sha256:
                part.discard()
                raise differs(
                    pair.remote, session.where, f"{size} bytes, SHA-256 {sha256}", f"{part.size_bytes}, {found}"
                )
            part.commit()

    # -- checksums -----------------------------------------------------------------------
    def _remote_sums(
        self, paths: Sequence[str], total_bytes: int, session: SftpSession, far_side: FarSide
    ) -> list[str | None]:
        """SHA-256 of files on the far side."""
        if self._has_shell:
            try:
                words = " ".join(map(shlex.quote, paths))
                result = far_side.ask(f"{CHOOSE_FAST_DIGEST}$digest {words}", reads_bytes=total_bytes)
                sums: list[str | None] = [sha256 for sha256, _ in parse_sums(result.stdout)]
                if result.exit_code == 0 and len(sums) == len(paths):
                    return sums
            except DeniedError:
                self._has_shell = False
        return [_read_back(path, session) for path in paths]


class SftpTransferFactory(FileTransferFactory):
    """Makes SFTP transfers on the connections of SSH shells."""

    def open(self, cluster: Cluster, shell: RemoteShell) -> FileTransfer:
        """A transfer on the shell's connection. Raises ``InputError`` for a shell that is not over SSH."""
        if not isinstance(shell, SshShell):
            raise InputError(
                f"The file transfer 'sftp' of {cluster.name} cannot use the remote shell '{cluster.remote_shell}'.",
                remedy='Set remote_shell = "ssh", or choose another file_transfer.',
            )
        return SftpTransfer(shell)


def _stream(
    file: BinaryIO,
    size: int,
    part: str,
    offset: int,
    session: SftpSession,
    meter: Meter,
    digest: BackgroundDigest | None,
    deadline: Deadline,
) -> None:
    """Send the rest of the file without waiting for each answer; the answers are read now and then, and at the end."""
    with session.client.open(path_bytes(part), "r+b" if offset else "wb") as target:
        target.set_pipelined(True)
        target.seek(offset)
        while block := file.read(BLOCK_BYTES):
            if digest is not None:
                digest.add(block)
            offset += len(block)
            if offset < size:
                target.write(block)
            else:
                # Answers to pipelined requests are looked at, and errors raised, only by a request that is not.
                target.write(block[:-1])
                target.set_pipelined(False)
                target.write(block[-1:])
            meter.add(len(block))
            deadline.restart()
            deadline.check()


def _size(remote: str, session: SftpSession) -> int:
    status = session.status(remote)
    if status is None:
        raise remote_source_missing(remote, "No such file or directory", session.where)
    if not stat.S_ISREG(status.st_mode or 0):
        raise remote_source_missing(remote, "Not a regular file", session.where)
    return status.st_size or 0


def _read_back(path: str, session: SftpSession) -> str:
    digest = BackgroundDigest()
    status = session.status(path)
    try:
        for block in remote_blocks(path, 0, (status.st_size if status else 0) or 0, session):
            digest.add(block)
    finally:
        sha256 = digest.finish()
    return sha256
