"""The processes of jobs on this machine, by the files in which jobs say that they have begun."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def begun(job_log: Path) -> list[str]:
    """The ids of all processes that have said so, the first one first."""
    return job_log.read_text().split() if job_log.exists() else []


def running(job_log: Path) -> list[int]:
    """Those that still run: an id may belong to another process by now, which has not the file among its words."""
    found = []
    for process_id in begun(job_log):
        with suppress(OSError):
            if str(job_log).encode() in Path("/proc", process_id, "cmdline").read_bytes():
                found.append(int(process_id))
    return found


def end_all(job_logs: Path) -> None:
    """Kill every job that has a file in the directory and still runs, with what it has started."""
    for job_log in job_logs.iterdir():
        for process_id in running(job_log):
            with suppress(OSError):
                os.killpg(os.getpgid(process_id), signal.SIGKILL)
