"""The files in an experiment's output directory."""

from __future__ import annotations

import os
from pathlib import Path

from airavata_workload.cli.picture import OutputFile


def output_files(directory: str) -> list[OutputFile]:
    """All files below the directory, sorted by path; none if there is no such directory."""
    root = Path(directory)
    found: list[OutputFile] = []
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            if path.is_file():
                found.append(OutputFile(path=str(path.relative_to(root)), size_bytes=path.stat().st_size))
    return sorted(found, key=lambda each: each["path"])
