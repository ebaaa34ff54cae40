"""The exit codes of ``airavata-workload``; ``WorkloadError.exit_code`` uses the same."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    UNAVAILABLE = 3
    NOT_FOUND = 4
    DENIED = 5
    # Source: sysexits(3), EX_SOFTWARE.
    FAULT = 70
    # Source: POSIX shells report 128 and the number of the signal; SIGINT is 2.
    INTERRUPTED = 130


MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "the experiment failed or was cancelled, or the far side said no",
    ExitCode.WRONG_USE: "wrong use: an option, a file, or the state of a thing",
    ExitCode.UNAVAILABLE: "a server, cluster or store cannot be reached; doctor found a failure",
    ExitCode.NOT_FOUND: "no such experiment, application type, cluster or plugin",
    ExitCode.DENIED: "denied: login, host key or permission",
    ExitCode.FAULT: "a fault of the program itself, shown with a traceback",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
}
"""What people read about each code."""
