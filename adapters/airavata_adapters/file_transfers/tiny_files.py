"""A few tiny files in one command: the contents travel in the script, one round trip for all."""

from __future__ import annotations

import base64
import posixpath
import re
import secrets
import shlex
from collections.abc import Sequence

from airavata_adapters.file_transfers.checksums import CHOOSE_DIGEST, sha256_of
from airavata_adapters.file_transfers.failures import differs
from airavata_adapters.file_transfers.far_side import FarSide
from airavata_adapters.file_transfers.inquiry import naming
from airavata_adapters.file_transfers.sources import LocalSource, Meter, part_path
from airavata_workload.ports.file_transfer import Receipt

_DIFFERS = 65  # EX_DATAERR of sysexits.h
_PLAIN_TEXT = re.compile(rb"[\t\n -~]*")
"""What the printf of every shell writes unchanged, without starting a program."""
# A shell's own printf says only "I/O error"; dd says why nothing more can be written here.
_FUNCTIONS = """\
fail() { rm -f @PARTS@; exit 1; }
why() { dd if=/dev/zero of="$1" bs=4096 count=1; fail; }
"""


def put_tiny(sources: Sequence[LocalSource], far_side: FarSide, meter: Meter, *, checksum: bool) -> list[Receipt]:
    """Send the files. Raises what the far side complains about, ``TransferError`` when a copy is not the file."""
    contents = [source.read() for source in sources]
    sums = [sha256_of(content) for content in contents]
    # Nothing of a tiny file is worth resuming, so nobody else uses these names.
    parts = [part_path(source.pair.remote, secrets.token_hex(8)) for source in sources]
    directories = dict.fromkeys(posixpath.dirname(source.pair.remote) for source in sources)
    lines = [CHOOSE_DIGEST, _FUNCTIONS.replace("@PARTS@", " ".join(map(shlex.quote, parts)))]
    lines += (make_directory(directory) + " || fail" for directory in directories)
    for index, (content, part) in enumerate(zip(contents, parts, strict=True)):
        lines.append(_write(content, shlex.quote(part)))
        lines.append(_verify(content, sums[index] if checksum else None, shlex.quote(part), index))
    lines += (_finish(source, part) for source, part in zip(sources, parts, strict=True))
    name = naming([source.pair for source in sources])
    result = far_side.ask("\n".join(lines))
    if result.exit_code == _DIFFERS and result.stdout:
        index = int(result.stdout.split()[0])
        expected = f"SHA-256 {sums[index]}" if checksum else f"{len(contents[index])} bytes"
        raise differs(sources[index].pair.remote, far_side.where, expected, result.text.partition(" ")[2].strip())
    far_side.require_success(result, name)
    receipts = []
    for source, content, sha256 in zip(sources, contents, sums, strict=True):
        meter.add(len(content))
        receipts.append(source.receipt(sha256 if checksum else None))
    return receipts


def make_directory(directory: str) -> str:
    """A command that makes a directory with its parents; it starts no program if the directory is there."""
    word = shlex.quote(directory)
    return f"{{ [ -d {word} ] || mkdir -p {word}; }}"


def refuse_directory(remote: str) -> str:
    """A command that fails if the file's name is that of a directory: mv would put the file into it."""
    word = shlex.quote(remote)
    return f"{{ [ ! -d {word} ] || {{ printf '%s\\n' {word}': Is a directory' >&2; false; }}; }}"


def _write(content: bytes, part: str) -> str:
    if _PLAIN_TEXT.fullmatch(content):
        return f"printf %s {shlex.quote(content.decode())} >{part} || why {part}"
    encoded = base64.encodebytes(content).decode()
    # A line of base64 cannot be this one.
    return f"base64 -d >{part} <<'-' || why {part}\n{encoded}-"


def _verify(content: bytes, sha256: str | None, part: str, index: int) -> str:
    command, expected = ("$digest", sha256) if sha256 is not None else ("wc -c", len(content))
    return (
        f'set -- $({command} <{part}); [ "$1" = {expected} ] || {{ echo "{index} $1"; rm -f {part}; exit {_DIFFERS}; }}'
    )


def _finish(source: LocalSource, part: str) -> str:
    final, part = source.pair.remote, shlex.quote(part)
    mode = "" if source.special_mode is None else f"chmod {source.special_mode:o} {part} && "
    return f"{refuse_directory(final)} && {mode}mv -f {part} {shlex.quote(final)} || fail"
