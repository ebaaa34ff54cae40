"""A small disk under a directory, which can be filled. Needs root."""

from __future__ import annotations

import errno
import subprocess
from contextlib import suppress
from pathlib import Path

BLOCK = b"\0" * 65_536


class SmallDisk:
    """A tmpfs of some KiB, mounted at ``path`` until ``unmount``."""

    def __init__(self, path: Path, size_kib: int) -> None:
        self.path = path
        self._filler = path / ".filler"
        path.mkdir(parents=True, exist_ok=True)
        options = f"size={size_kib}k,mode=0700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True, timeout=30)

    def fill(self) -> None:
        """Leave no byte free."""
        with self._filler.open("ab", buffering=0) as file:
            size = len(BLOCK)
            while size:
                try:
                    file.write(BLOCK[:size])
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def free(self) -> None:
        """Take the filling away."""
        self._filler.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Take the disk away, whoever still uses it."""
        with suppress(subprocess.CalledProcessError):
            subprocess.run(["umount", "--lazy", str(self.path)], check=True, timeout=30, capture_output=True)
