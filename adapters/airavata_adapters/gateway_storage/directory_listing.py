"""What a directory holds, read as far as somebody asks."""

from __future__ import annotations

import contextlib
import os
from typing import Self


class DirectoryListing:
    """Names in a directory, in no order, each with what is known of it; links are not followed.

    Takes over the ``descriptor`` of the directory, and has another one until it
    is closed (``os.scandir`` makes a copy). However many names there are, it
    holds those few that the kernel gives at once. Raises ``OSError``.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        try:
            self._names = os.scandir(descriptor)
        except BaseException:
            os.close(descriptor)
            raise

    def close(self) -> None:
        """Let go of the directory; again is harmless."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            self._names.close()
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[str, os.stat_result]:
        while True:
            name = next(self._names).name
            with contextlib.suppress(FileNotFoundError):  # gone since
                return name, os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
