"""What the exit-code file of a job script says."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from airavata_workload.domain.job import JobReport
from airavata_workload.domain.states import JobState

FIRST_SIGNAL_CODE = 128
"""A shell reports a command that signal *n* ended as 128 + *n*. Source: POSIX.1-2017, Shell, 2.8.2."""

BY_ITSELF = "exit"
CANCELLED = "cancelled"
TIME = "time"


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """Exit code of a job script and what ended it: itself, a signal (by its name), its wall time or a request."""

    code: int
    cause: str

    @property
    def decides(self) -> bool:
        """Whether this alone says what became of the job.

        A job that was stopped by a signal may have been cancelled, out of
        time or out of memory: there the batch system's own word is better.
        """
        return self.cause in (CANCELLED, TIME) or (self.cause == BY_ITSELF and self.code < FIRST_SIGNAL_CODE)

    def report(self, job_id: str) -> JobReport:
        """The report of this witness alone."""
        if self.cause == CANCELLED:
            return JobReport(job_id=job_id, state=JobState.CANCELED, native_state=CANCELLED, reason="on request")
        if self.cause == TIME:
            return JobReport(
                job_id=job_id, state=JobState.FAILED, native_state=TIME, reason="it was stopped after its wall time"
            )
        if self.code == 0:
            return JobReport(job_id=job_id, state=JobState.COMPLETE, exit_code=0, native_state="exit 0")
        return JobReport(
            job_id=job_id,
            state=JobState.FAILED,
            exit_code=self.code,
            native_state=f"exit {self.code}",
            reason=signal_reason(self.code),
        )


def signal_reason(code: int) -> str:
    """Says which signal ended a command with this exit code; '' if none did."""
    if code <= FIRST_SIGNAL_CODE:
        return ""
    if code == FIRST_SIGNAL_CODE + signal.SIGTERM:
        return "it was asked to end (SIGTERM): it was cancelled, or its wall time was over"
    return f"it was ended by {signal_name(code - FIRST_SIGNAL_CODE)}"


def signal_name(number: int) -> str:
    """A signal in words, for example ``signal 9 (SIGKILL)``."""
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def parse_record(words: Sequence[str]) -> ExitRecord | None:
    """An exit record from its code and cause; ``None`` for what is not one."""
    if not words or not words[0].isdecimal():
        return None
    return ExitRecord(int(words[0]), words[1] if len(words) > 1 and words[1] else BY_ITSELF)
