"""Writes the pages of ``docs/reference`` that are made from the code, or checks that they are as the code is.

::

    python docs/generate.py            # after a change: write them anew
    python docs/generate.py --check    # exit code 1, and their names, if some are stale

``docs/reference/command-line.md`` is made by ``python -m airavata_workload.cli.reference``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from reference_pages import pages

REFERENCE = Path(__file__).parent / "reference"


def stale() -> dict[Path, str]:
    """The files that differ from what the code says, with the text that they should have."""
    wanted = {REFERENCE / name: make() for name, make in pages().items()}
    return {path: text for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text}


def main(arguments: list[str]) -> int:
    """Write what is stale, or with ``--check`` only name it; returns the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write(f"{__doc__}")
        return 2
    found = stale()
    for path, text in found.items():
        sys.stdout.write(f"{path.relative_to(REFERENCE.parents[1])}\n")
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if found and arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
