"""One large file as a bare stream, hashed on both sides while it flows, resumed where it broke off."""

from __future__ import annotations

import posixpath
import shlex
from contextlib import suppress
from typing import BinaryIO

from airavata_adapters.file_transfers.checksums import (
    BLOCK_BYTES,
    CHOOSE_FAST_DIGEST,
    BackgroundDigest,
    first_sum,
    parse_sums,
)
from airavata_adapters.file_transfers.failures import differs, is_out_of_space, source_failure
from airavata_adapters.file_transfers.far_side import FarSide
from airavata_adapters.file_transfers.inquiry import RemoteSource
from airavata_adapters.file_transfers.local_part import LocalPart
from airavata_adapters.file_transfers.sources import LocalSource, Meter, part_path
from airavata_adapters.file_transfers.tiny_files import make_directory, refuse_directory
from airavata_adapters.remote_shells.program import send_all
from airavata_workload.domain.errors import TransferError, WorkloadError
from airavata_workload.ports.file_transfer import Receipt
from airavata_workload.ports.remote_shell import CommandResult

# The writer's end must be seen by us, so nobody else holds its input; a second reader follows the growing file through
# one descriptor, so that its checksum is ready a moment after the last byte. A fraction of a second is not in POSIX.
_RECEIVE_AND_HASH = """\
exec 3<@PART@ 5<&0 0</dev/null
cat <&5 >>@PART@ &
writer=$!
exec 5<&-
{ while kill -0 $writer 2>/dev/null; do cat <&3; sleep 0.2 2>/dev/null || sleep 1; done; cat <&3; } | $digest
wait $writer
"""


def put_large(source: LocalSource, far_side: FarSide, meter: Meter, *, checksum: bool) -> Receipt:
    """Send one file. Raises what the far side complains about, ``TransferError`` when the copy is not the file."""
    final = source.pair.remote
    part = part_path(final, source.identity)
    sent, sent_sha256 = _prepare(source, part, far_side, checksum)
    digest = BackgroundDigest() if checksum else None
    sha256 = None
    try:
        with source.pair.local.open("rb", buffering=0) as file:
            offset = _resume_at(file, sent, sent_sha256)
            if digest is not None:
                file.seek(0)
                digest.add_prefix(file, offset)
            file.seek(offset)
            if offset != sent:
                far_side.run(f"LC_ALL=C : >{shlex.quote(part)}", final)
            meter.add(offset)
            found = _send(file, source, part, far_side, meter, digest)
    except OSError as error:
        raise source_failure(error, source.pair.local) from error
    except WorkloadError as error:
        if is_out_of_space(error):
            with suppress(WorkloadError):
                far_side.run(f"rm -f {shlex.quote(part)}", final)
        raise
    finally:
        if digest is not None:
            sha256 = digest.finish()
    if sha256 != found:
        far_side.run(f"rm -f {shlex.quote(part)}", final)
        raise differs(final, far_side.where, f"SHA-256 {sha256}", found)
    _rename(source, part, far_side)
    return source.receipt(sha256)


def _prepare(source: LocalSource, part: str, far_side: FarSide, checksum: bool) -> tuple[int, str | None]:
    """Make the directory; size and checksum of what an earlier attempt left, 0 if nothing."""
    word = shlex.quote(part)
    # Without checksums nobody can say whether what is there is the beginning of this file.
    keep = f"[ -s {word} ] && {{ wc -c <{word}; $digest <{word}; exit; }}\n" if checksum else ""
    script = (
        f"{CHOOSE_FAST_DIGEST}{make_directory(posixpath.dirname(part))} || exit\n"
        f"{refuse_directory(source.pair.remote)} || exit\n{keep}echo 0; : >{word}"
    )
    size, _, rest = far_side.run(script, source.pair.remote, reads_bytes=source.size_bytes).stdout.partition(b"\n")
    return int(size), first_sum(rest)


def _resume_at(file: BinaryIO, sent: int, sent_sha256: str | None) -> int:
    """How much of what is there is the beginning of this file: all of it or nothing."""
    if not sent or sent_sha256 is None:
        return 0
    prefix = BackgroundDigest()
    prefix.add_prefix(file, sent)
    return sent if prefix.finish() == sent_sha256 and file.tell() == sent else 0


def _send(
    file: BinaryIO,
    source: LocalSource,
    part: str,
    far_side: FarSide,
    meter: Meter,
    digest: BackgroundDigest | None,
) -> str | None:
    """Stream the rest of the file; the checksum of the whole file as the far side sees it."""
    word = shlex.quote(part)
    receive = f"exec cat >>{word}" if digest is None else _RECEIVE_AND_HASH.replace("@PART@", word)
    deadline = far_side.deadline()
    with far_side.start(CHOOSE_FAST_DIGEST + receive, deadline) as program:
        with suppress(BrokenPipeError):  # cat gave up; its exit code and message follow
            while block := file.read(BLOCK_BYTES):
                if digest is not None:
                    digest.add(block)
                send_all(program, block, deadline)
                meter.add(len(block))
        result = far_side.finish(program, source.pair.remote, reads_bytes=source.size_bytes)
    return None if digest is None else first_sum(result.stdout)


def _rename(source: LocalSource, part: str, far_side: FarSide) -> None:
    """Check the size and give the file its name."""
    word, final = shlex.quote(part), source.pair.remote
    mode = "" if source.special_mode is None else f"chmod {source.special_mode:o} {word} && "
    script = (
        f"LC_ALL=C; export LC_ALL; size=$(wc -c <{word}) && echo $size && "
        f"[ $size -eq {source.size_bytes} ] && {mode}mv -f {word} {shlex.quote(final)}"
    )
    result = far_side.ask(script)
    if result.exit_code != 0 and not result.stderr:
        raise differs(final, far_side.where, f"{source.size_bytes} bytes", result.text.strip())
    far_side.require_success(result, final)


def get_large(source: RemoteSource, far_side: FarSide, meter: Meter, *, checksum: bool) -> Receipt:
    """Fetch one file. Raises as ``put_large``."""
    remote, size = source.pair.remote, source.size_bytes
    with LocalPart(source.pair.local, f"{remote}|{size}", checksum=checksum) as part:
        offset = part.size_bytes if checksum and 0 < part.size_bytes <= size else 0
        if offset and part.prefix_sha256() != _remote_prefix(remote, offset, far_side):
            offset = 0
        part.begin(offset)
        meter.add(offset)
        found = _receive(remote, part, far_side, meter, checksum)
        sha256 = part.finish()
        if part.size_bytes != size or sha256 != found:
            part.discard()
            raise differs(remote, far_side.where, f"{size} bytes, SHA-256 {found}", f"{part.size_bytes}, {sha256}")
        part.commit()
    return Receipt(local=source.pair.local, remote=remote, size_bytes=size, sha256=sha256)


def _remote_prefix(remote: str, size: int, far_side: FarSide) -> str | None:
    script = f"{CHOOSE_FAST_DIGEST}head -c {size} {shlex.quote(remote)} | $digest"
    return first_sum(far_side.run(script, remote, reads_bytes=size).stdout)


def _receive(remote: str, part: LocalPart, far_side: FarSide, meter: Meter, checksum: bool) -> str | None:
    """Stream what is missing into the part; the checksum of the whole file as the far side reads it."""
    word = shlex.quote(remote)
    # The sum goes to standard error: standard output is the file.
    sums = f"$digest <{word} >&2 &\n" if checksum else ""
    read = f"tail -c +{part.size_bytes + 1} {word}" if part.size_bytes else f"cat {word}"
    deadline = far_side.deadline()
    stderr = bytearray()
    with far_side.start(f"{CHOOSE_FAST_DIGEST}{sums}{read}; status=$?; wait; exit $status", deadline) as program:
        program.end_input()
        ended = False
        while not ended:
            output = program.receive(deadline.slice_s())
            if output.stdout:
                part.write(output.stdout)
                meter.add(len(output.stdout))
                deadline.restart()
            stderr += output.stderr
            ended = output.ended
        result = CommandResult(exit_code=program.exit_code(deadline), stdout=b"", stderr=bytes(stderr))
    far_side.require_success(result, remote)
    sums_found = parse_sums(bytes(stderr))
    if checksum and not sums_found:
        raise TransferError(f"{far_side.where} told no checksum of {remote!r}: {result.error_text[-300:]}.")
    return sums_found[0][0] if checksum else None
