"""Asks the far side about files that are to be fetched; a few tiny ones come with the answer."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from airavata_adapters.file_transfers.checksums import CHOOSE_DIGEST, parse_sums, sha256_of
from airavata_adapters.file_transfers.failures import differs, remote_source_missing
from airavata_adapters.file_transfers.far_side import FarSide
from airavata_workload.domain.errors import TransferError
from airavata_workload.ports.file_transfer import FilePair

TINY_FILES = 16
TINY_BYTES = 64 * 1024
PATHS_PER_COMMAND = 500

_NOT_READABLE = 66  # EX_NOINPUT of sysexits.h
_CHECK = f"""\
i=0
for f; do
  if [ -f "$f" ] && [ -r "$f" ]; then i=$((i+1)); continue; fi
  if [ -d "$f" ]; then r='Is a directory'
  elif [ -f "$f" ]; then r='Permission denied'
  elif [ -e "$f" ]; then r='Not a regular file'
  else r='No such file or directory'; fi
  echo "$i $r"; exit {_NOT_READABLE}
done
"""
# GNU and busybox; BSD and macOS; POSIX.
_SIZES = """\
sizes=$(stat -L -c %s "$@" 2>/dev/null || stat -L -f %z "$@" 2>/dev/null || for f; do wc -c <"$f"; done) || exit
"""
_ANSWER = f"""\
t=0; for s in $sizes; do t=$((t+s)); echo "$s"; done
if [ $# -le {TINY_FILES} ] && [ "$t" -le {TINY_BYTES} ]; then echo inline; @SUMS@ && cat "$@"; else echo listed; fi
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSource:
    """A file that is to be fetched; ``content`` if it came with the answer."""

    pair: FilePair
    size_bytes: int
    content: bytes | None = None
    sha256: str | None = None


def inquire(pairs: Sequence[FilePair], far_side: FarSide, *, checksum: bool) -> list[RemoteSource]:
    """Size of each file, and the content of all if they are few and tiny.

    Raises ``CommandFailedError`` naming the first file that cannot be read, and
    ``TransferError`` when a content does not have the checksum that was told.
    """
    sources: list[RemoteSource] = []
    for at in range(0, len(pairs), PATHS_PER_COMMAND):
        sources += _inquire(pairs[at : at + PATHS_PER_COMMAND], far_side, checksum)
    return sources


def _inquire(pairs: Sequence[FilePair], far_side: FarSide, checksum: bool) -> list[RemoteSource]:
    answer = _ANSWER.replace("@SUMS@", '$digest "$@"' if checksum else "true")
    script = f"{CHOOSE_DIGEST}set -- {quoted(pairs)}\n{_CHECK}{_SIZES}{answer}"
    result = far_side.ask(script)
    if result.exit_code == _NOT_READABLE and result.stdout:
        index, _, reason = result.text.partition(" ")
        raise remote_source_missing(pairs[int(index)].remote, reason.strip(), far_side.where)
    far_side.require_success(result, naming(pairs))
    *lines, rest = result.stdout.split(b"\n", len(pairs) + 1)
    sizes = [int(line) for line in lines[: len(pairs)]]
    if lines[len(pairs)] != b"inline":
        return [RemoteSource(pair=pair, size_bytes=size) for pair, size in zip(pairs, sizes, strict=True)]
    return _contents(pairs, sizes, rest, far_side, checksum)


def _contents(
    pairs: Sequence[FilePair], sizes: Sequence[int], rest: bytes, far_side: FarSide, checksum: bool
) -> list[RemoteSource]:
    sums: list[str | None] = [None] * len(pairs)
    if checksum:
        *lines, rest = rest.split(b"\n", len(pairs))
        sums = [sha256 for sha256, _ in parse_sums(b"\n".join(lines))]
    if len(sums) != len(pairs) or len(rest) != sum(sizes):
        # A file grew or shrank between two commands of the script.
        raise TransferError(f"The files at {far_side.where} changed while they were fetched: {naming(pairs)}.")
    sources, at = [], 0
    for pair, size, sha256 in zip(pairs, sizes, sums, strict=True):
        content = rest[at : at + size]
        at += size
        if sha256 is not None and sha256_of(content) != sha256:
            raise differs(pair.remote, far_side.where, f"SHA-256 {sha256}", sha256_of(content))
        sources.append(RemoteSource(pair=pair, size_bytes=size, content=content, sha256=sha256))
    return sources


def quoted(pairs: Sequence[FilePair]) -> str:
    """The remote paths as words of a script."""
    return " ".join(shlex.quote(pair.remote) for pair in pairs)


def naming(pairs: Sequence[FilePair]) -> str:
    """How a message names these files."""
    return repr(pairs[0].remote) + (f" and {len(pairs) - 1} more" if len(pairs) > 1 else "")
