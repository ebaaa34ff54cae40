"""The list of files in a task's outputs, kept small enough for every store and queue that it passes through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

FILE_LIST_LIMIT_BYTES = 400_000
"""About 1,500 files; the engine refuses outputs of more than 1,000,000 bytes."""


class FileList:
    """Collects descriptions of files as long as there is room; the rest is only counted."""

    def __init__(self) -> None:
        self._room_bytes = FILE_LIST_LIMIT_BYTES
        self.omitted = 0

    def fitting(self, files: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The descriptions that still fit; ``omitted`` grows by the number of the others."""
        kept: list[Mapping[str, Any]] = []
        for file in files:
            size_bytes = len(json.dumps(dict(file)))
            if size_bytes > self._room_bytes:
                self.omitted += 1
                continue
            self._room_bytes -= size_bytes
            kept.append(file)
        return kept

    def outputs(self, files: Any) -> dict[str, Any]:
        """The outputs of a staging task: ``files``, and ``omitted_files`` (how many) if not all fitted."""
        return {"files": files, **({"omitted_files": self.omitted} if self.omitted else {})}
