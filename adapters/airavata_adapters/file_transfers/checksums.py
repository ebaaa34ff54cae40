"""SHA-256 on both sides."""

from __future__ import annotations

import hashlib
import queue
import re
import threading
from io import FileIO
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 1 << 20
_HASHED_AT_ONCE_BYTES = 4 * BLOCK_BYTES
_BLOCKS_AHEAD = 16

CHOOSE_DIGEST = """\
LC_ALL=C; export LC_ALL
if command -v sha256sum >/dev/null; then digest=sha256sum
elif command -v shasum >/dev/null; then digest='shasum -a 256'
else digest='openssl dgst -sha256 -r'; fi
"""
"""Sets ``$digest`` (unquoted: it may be several words) to what prints SHA-256 sums of files or of its input."""

CHOOSE_FAST_DIGEST = """\
LC_ALL=C; export LC_ALL
if command -v openssl >/dev/null; then digest='openssl dgst -sha256 -r'
elif command -v sha256sum >/dev/null; then digest=sha256sum
else digest='shasum -a 256'; fi
"""
"""As ``CHOOSE_DIGEST`` for much data: openssl uses the processor's SHA instructions (1,400 MB/s where the sha256sum of
coreutils, built without it, makes 250), but takes longer to start."""

_SUM_LINE = re.compile(rb"^(\\?)([0-9a-f]{64})(?: [ *](.*))?$")
_ESCAPE = re.compile(rb"\\([nr\\])")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"\\": b"\\"}


def parse_sums(text: bytes) -> list[tuple[str, bytes]]:
    """Checksum and file name of each line that is one.

    Source: coreutils manual, "md5sum invocation": a line that starts with a
    backslash has its name escaped.
    """
    found = []
    for line in text.split(b"\n"):
        match = _SUM_LINE.match(line)
        if match:
            name = match[3] or b""
            if match[1]:
                name = _ESCAPE.sub(lambda escape: _ESCAPED[escape[1]], name)
            found.append((match[2].decode(), name))
    return found


def first_sum(text: bytes) -> str | None:
    """The first checksum in the text."""
    sums = parse_sums(text)
    return sums[0][0] if sums else None


def sha256_of(content: bytes) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file. Raises ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class BackgroundDigest:
    """Hashes in a thread of its own (hashing lets go of the interpreter lock), so that a stream does not wait for it.

    The thread starts when there is much to hash; a small file is hashed at once.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._hashed_here = 0
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(_BLOCKS_AHEAD)
        self._thread: threading.Thread | None = None

    def add_prefix(self, file: BinaryIO | FileIO, size: int) -> None:
        """Hash the first ``size`` bytes of a file, which were transferred before."""
        while size > 0 and (block := file.read(min(BLOCK_BYTES, size))):
            self.add(block)
            size -= len(block)

    def add(self, block: bytes) -> None:
        """Hash the next bytes; waits only when far behind."""
        if self._thread is None:
            if self._hashed_here < _HASHED_AT_ONCE_BYTES:
                self._hashed_here += len(block)
                self._hash.update(block)
                return
            self._thread = threading.Thread(target=self._work, name="sha256", daemon=True)
            self._thread.start()
        self._room.acquire()
        self._queue.put(block)

    def finish(self) -> str:
        """The checksum of everything. Call it once, also when the transfer failed: it ends the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        return self._hash.hexdigest()

    def _work(self) -> None:
        while (block := self._queue.get()) is not None:
            self._hash.update(block)
            self._room.release()
