"""The command line of airavata-workload in a process that names every step it takes, and dies at a chosen one.

Usage: python -m chaos.watched_service ARGUMENTS..., as of ``airavata-workload``.

``CHAOS_STEPS`` is a file to which each step (see ``faults.steps``) is appended
the first time it is reached; ``CHAOS_KILL_AT`` is the step at which the
process sends itself SIGKILL.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from faults.steps import Steps, watch_installations

from airavata_workload.cli.main import main


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
    watch_installations(named_steps(os.environ["CHAOS_STEPS"], os.environ.get("CHAOS_KILL_AT", "")))
    main()
