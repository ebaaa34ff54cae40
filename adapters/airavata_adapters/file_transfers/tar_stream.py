"""Many small files as one tar stream: no round trip for each."""

from __future__ import annotations

import posixpath
import shlex
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from airavata_adapters.file_transfers.checksums import CHOOSE_DIGEST, parse_sums, sha256_of, sha256_of_file
from airavata_adapters.file_transfers.failures import differs, is_out_of_space
from airavata_adapters.file_transfers.far_side import FarSide
from airavata_adapters.file_transfers.inquiry import PATHS_PER_COMMAND, RemoteSource, naming, quoted
from airavata_adapters.file_transfers.local_part import write_whole
from airavata_adapters.file_transfers.sources import LocalSource, Meter, part_name
from airavata_adapters.file_transfers.tiny_files import make_directory
from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.program import Program, finish, send_all
from airavata_workload.domain.errors import TransferError, WorkloadError
from airavata_workload.ports.file_transfer import Receipt
from airavata_workload.ports.remote_shell import CommandResult

_SEND_BYTES = 256 * 1024


class Staging:
    """The hidden directories, one in each target directory, in which files arrive under their final names.

    In the same directory means in the same file system, so that a rename
    suffices. The names depend on the files alone: what an attempt that broke
    off has left is found and not sent again.
    """

    def __init__(self, sources: Sequence[LocalSource]) -> None:
        by_directory: dict[str, list[LocalSource]] = {}
        for source in sources:
            by_directory.setdefault(posixpath.dirname(source.pair.remote), []).append(source)
        self.by_directory = by_directory
        self.of_directory = {
            directory: posixpath.join(
                directory, part_name("files", "|".join(source.pair.remote + source.identity for source in inside))
            )
            for directory, inside in by_directory.items()
        }

    def path(self, source: LocalSource) -> str:
        """Where the file arrives."""
        directory, name = posixpath.split(source.pair.remote)
        return posixpath.join(self.of_directory[directory], name)

    @property
    def words(self) -> str:
        """All staging directories, quoted."""
        return " ".join(map(shlex.quote, self.of_directory.values()))

    def sums_command(self) -> str:
        """Prints the checksums of all that has arrived."""
        return f"find {self.words} -type f -exec $digest {{}} +"


def put_stream(sources: Sequence[LocalSource], far_side: FarSide, meter: Meter, *, checksum: bool) -> list[Receipt]:
    """Send the files. Raises what the far side complains about, ``TransferError`` when a copy is not the file."""
    staging = Staging(sources)
    name = naming([source.pair for source in sources])
    arrived = _prepare(staging, far_side, name, checksum)
    sums: dict[str, str] = {}
    try:
        waiting = [source for source in sources if not _has_arrived(source, staging, arrived, sums, meter)]
        sums |= _send(waiting, staging, far_side, meter, name)
        _verify(sources, staging, sums, far_side, name, checksum)
        _rename(staging, far_side, name)
    except WorkloadError as error:
        if is_out_of_space(error):
            with suppress(WorkloadError):
                far_side.run(f"rm -rf {staging.words}", name)
        raise
    return [source.receipt(sums[source.pair.remote] if checksum else None) for source in sources]


def _prepare(staging: Staging, far_side: FarSide, name: str, checksum: bool) -> dict[str, str]:
    """Make the directories; the checksums, by path, of what an earlier attempt left."""
    lines = [CHOOSE_DIGEST]
    lines += (make_directory(directory) + " || exit" for directory in staging.by_directory)
    if checksum:
        lines.append(f"mkdir {staging.words} 2>/dev/null && exit")
        lines.append(f"mkdir -p {staging.words} && {staging.sums_command()}")
    else:
        lines.append(f"rm -rf {staging.words} && mkdir {staging.words}")
    result = far_side.run("\n".join(lines), name)
    return {path.decode("utf-8", "surrogateescape"): sha256 for sha256, path in parse_sums(result.stdout)}


def _has_arrived(
    source: LocalSource, staging: Staging, arrived: dict[str, str], sums: dict[str, str], meter: Meter
) -> bool:
    sha256 = arrived.get(staging.path(source))
    if sha256 is None or sha256_of(source.read()) != sha256:
        return False
    sums[source.pair.remote] = sha256
    meter.add(source.size_bytes)
    return True


def _send(
    sources: Sequence[LocalSource], staging: Staging, far_side: FarSide, meter: Meter, name: str
) -> dict[str, str]:
    """Stream the files into the staging directories; their checksums by remote path."""
    sums: dict[str, str] = {}
    deadline = far_side.deadline()
    probe = shlex.quote(posixpath.join(next(iter(staging.of_directory.values())), part_name("probe", name)))
    # -o: the files belong to whoever unpacks them, also when that is root. Of a full disk tar may say no more than
    # that it wrote less than it wanted; dd says why nothing more can be written there.
    script = (
        "LC_ALL=C; export LC_ALL; cd / && tar -xof - && exit\ncode=$?\n"
        f"said=$(dd if=/dev/zero of={probe} bs=65536 count=1 2>&1) || printf '%s\\n' \"$said\" >&2\n"
        f"rm -f {probe}; exit $code"
    )
    with far_side.start(script, deadline) as program:
        with suppress(BrokenPipeError):  # tar gave up; its exit code and message follow
            for block in _archive(sources, staging, sums, meter):
                send_all(program, block, deadline)
        far_side.finish(program, name)
    return sums


def _archive(sources: Sequence[LocalSource], staging: Staging, sums: dict[str, str], meter: Meter) -> Iterator[bytes]:
    """The tar stream in blocks worth sending. Fills ``sums`` on the way."""
    block = bytearray()
    now = int(time.time())
    for source in sources:
        content = source.read()
        if len(content) != source.size_bytes:
            raise TransferError(f"The file {str(source.pair.local)!r} changed while it was sent.")
        sums[source.pair.remote] = sha256_of(content)
        member = tarfile.TarInfo(staging.path(source).lstrip("/"))
        member.size, member.mode, member.mtime = len(content), source.special_mode or 0o644, now
        block += member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        block += content + bytes(-len(content) % tarfile.BLOCKSIZE)
        meter.add(len(content))
        if len(block) >= _SEND_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block) + bytes(2 * tarfile.BLOCKSIZE)


def _verify(
    sources: Sequence[LocalSource],
    staging: Staging,
    sums: dict[str, str],
    far_side: FarSide,
    name: str,
    checksum: bool,
) -> None:
    if not checksum:
        # tar has said that it wrote every file in full: the sizes are in the stream.
        return
    total = sum(source.size_bytes for source in sources)
    result = far_side.run(CHOOSE_DIGEST + staging.sums_command(), name, reads_bytes=total)
    arrived = {path.decode("utf-8", "surrogateescape"): sha256 for sha256, path in parse_sums(result.stdout)}
    for source in sources:
        expected, found = sums[source.pair.remote], arrived.get(staging.path(source), "nothing")
        if expected != found:
            far_side.run(f"rm -rf {staging.words}", name)
            raise differs(source.pair.remote, far_side.where, f"SHA-256 {expected}", found)


def _rename(staging: Staging, far_side: FarSide, name: str) -> None:
    """Give all files their names, many with each command."""
    lines = ["LC_ALL=C; export LC_ALL"]
    for directory, inside in staging.by_directory.items():
        for at in range(0, len(inside), PATHS_PER_COMMAND):
            words = " ".join(shlex.quote(staging.path(source)) for source in inside[at : at + PATHS_PER_COMMAND])
            lines.append(f"mv -f {words} {shlex.quote(directory)}/ || exit")
            if len(inside) > PATHS_PER_COMMAND:
                far_side.run("\n".join(lines), name)
                del lines[1:]
    lines.append(f"rmdir {staging.words}")
    far_side.run("\n".join(lines), name)


def get_stream(sources: Sequence[RemoteSource], far_side: FarSide, meter: Meter, *, checksum: bool) -> list[Receipt]:
    """Fetch the files, without those that an earlier attempt has brought. Raises as ``put_stream``."""
    receipts: list[Receipt] = []
    for at in range(0, len(sources), PATHS_PER_COMMAND):
        batch = sources[at : at + PATHS_PER_COMMAND]
        here = _already_here(batch, far_side) if checksum else {}
        fetched = _fetch([source for source in batch if source.pair.remote not in here], far_side, meter, checksum)
        for source in batch:
            if source.pair.remote in here:
                meter.add(source.size_bytes)
            sha256 = here.get(source.pair.remote) or fetched.get(source.pair.remote)
            receipts.append(
                Receipt(local=source.pair.local, remote=source.pair.remote, size_bytes=source.size_bytes, sha256=sha256)
            )
    return receipts


def _already_here(sources: Sequence[RemoteSource], far_side: FarSide) -> dict[str, str]:
    """Checksums, by remote path, of the files that are here and the same there."""
    candidates = []
    for source in sources:
        with suppress(OSError):
            if source.pair.local.stat().st_size == source.size_bytes:
                candidates.append(source)
    if not candidates:
        return {}
    pairs = [source.pair for source in candidates]
    result = far_side.run(
        f"{CHOOSE_DIGEST}$digest {quoted(pairs)}",
        naming(pairs),
        reads_bytes=sum(source.size_bytes for source in candidates),
    )
    here = {}
    for pair, (sha256, _) in zip(pairs, parse_sums(result.stdout), strict=True):
        with suppress(OSError):
            if sha256_of_file(pair.local) == sha256:
                here[pair.remote] = sha256
    return here


def _fetch(sources: Sequence[RemoteSource], far_side: FarSide, meter: Meter, checksum: bool) -> dict[str, str | None]:
    if not sources:
        return {}
    pairs = [source.pair for source in sources]
    names = " ".join(shlex.quote("." + pair.remote) for pair in pairs)
    sums_first = f"$digest {quoted(pairs)} || exit\n" if checksum else ""
    fetched: dict[str, str | None] = {}
    deadline = far_side.deadline()
    with far_side.start(f"{CHOOSE_DIGEST}{sums_first}cd / && exec tar -chf - {names}", deadline) as program:
        stream = _ProgramReader(program, deadline)
        try:
            sums: list[str | None] = [None] * len(pairs)
            if checksum:
                sums = [parse_sums(stream.readline())[0][0] for _ in pairs]
            for source, content, sha256 in zip(sources, _members(stream, sources), sums, strict=True):
                if len(content) != source.size_bytes or (sha256 is not None and sha256_of(content) != sha256):
                    raise differs(source.pair.remote, far_side.where, f"SHA-256 {sha256}", sha256_of(content))
                write_whole(source.pair.local, content)
                fetched[source.pair.remote] = sha256
                meter.add(len(content))
        except (tarfile.TarError, IndexError, EOFError, ValueError) as error:
            stream.finish(far_side, naming(pairs))
            raise TransferError(f"The stream of files from {far_side.where} broke off: {error}.") from error
        stream.finish(far_side, naming(pairs))
    return fetched


def _members(stream: _ProgramReader, sources: Sequence[RemoteSource]) -> Iterator[bytes]:
    """The contents of the files in the stream, in order. Each is asked for when the one before is in its place."""
    came: dict[str, Path] = {}
    with tarfile.open(fileobj=cast("BinaryIO", stream), mode="r|") as archive:
        for source, member in zip(sources, archive, strict=False):
            if member.name.lstrip("./") != source.pair.remote.lstrip("./"):
                raise tarfile.ReadError(f"{member.name!r} came in place of {source.pair.remote!r}")
            # A second name of a file that came before is sent as a link to it.
            file = None if member.islnk() else archive.extractfile(member)
            yield came[member.linkname].read_bytes() if file is None else file.read()
            came[member.name] = source.pair.local


class _ProgramReader:
    """Standard output of a program as a file that can only be read."""

    def __init__(self, program: Program, deadline: Deadline) -> None:
        self._program = program
        self._deadline = deadline
        self._buffer = bytearray()
        self._ended = False
        self._stderr = bytearray()

    def finish(self, far_side: FarSide, name: str) -> None:
        """Wait for the program's end; raises what it complained about if it failed."""
        ended = finish(self._program, self._deadline, on_output=lambda _: None)
        complaints = bytes(self._stderr) + ended.stderr
        far_side.require_success(CommandResult(exit_code=ended.exit_code, stdout=b"", stderr=complaints), name)

    def read(self, size: int) -> bytes:
        """Exactly so many bytes, fewer only at the end."""
        while len(self._buffer) < size and not self._ended:
            self._fill()
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        return piece

    def readline(self) -> bytes:
        """The next line without its newline. Raises ``EOFError``."""
        while (at := self._buffer.find(b"\n")) < 0:
            if self._ended:
                raise EOFError("it ended too early")
            self._fill()
        return self.read(at + 1)[:-1]

    def _fill(self) -> None:
        output = self._program.receive(self._deadline.slice_s())
        if output.stdout:
            self._deadline.restart()
        self._buffer += output.stdout
        self._stderr += output.stderr
        self._ended = output.ended
