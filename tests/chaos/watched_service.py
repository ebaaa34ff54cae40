"""The command line of airavata-workload in a process whose wall clock can be set, and whose steps can be named.

Usage: python -m chaos.watched_service ARGUMENTS..., as of ``airavata-workload``.

``CHAOS_CLOCK`` is a file that says by how many seconds the wall clock is wrong;
it may change at any time, and need not be there. ``CHAOS_STEPS``, if it is
set, is a file to which each step (see ``faults.steps``) is appended the first
time it is reached; ``CHAOS_KILL_AT`` is the step at which the process sends
itself SIGKILL.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from faults import wall_clock
from faults.steps import Steps, watch_installations

from airavata_workload.cli.main import main

LOOK_S = 0.05


class OffsetFile:
    """The number in a file, 0 while there is none; looked at now and then."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset_s = 0.0
        self._next_look_s = 0.0

    def __call__(self) -> float:
        if time.monotonic() >= self._next_look_s:
            self._next_look_s = time.monotonic() + LOOK_S
            try:
                self._offset_s = float(self._path.read_text())
            except FileNotFoundError:
                self._offset_s = 0.0
        return self._offset_s


def named_steps(path: str, kill_at: str) -> Steps:
    """Steps that are noted once each in the file, the last of them the one of that name."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    seen: set[str] = set()

    def note(_: int, names: Sequence[str]) -> None:
        for name in names:
            if name not in seen:
                seen.add(name)
                os.write(file, f"{name}\n".encode())

    return Steps(note, lambda _, names: kill_at in names)


if __name__ == "__main__":
    wall_clock.set_by(OffsetFile(Path(os.environ["CHAOS_CLOCK"])))
    if "CHAOS_STEPS" in os.environ:
        watch_installations(named_steps(os.environ["CHAOS_STEPS"], os.environ.get("CHAOS_KILL_AT", "")))
    main()
