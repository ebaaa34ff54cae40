"""What a complaint of the far side means for the person who submitted."""

from __future__ import annotations

from typing import Any

from airavata_workload.domain.errors import (
    CommandFailedError,
    DiskFullError,
    QuotaExceededError,
    WorkloadError,
)
from airavata_workload.domain.outcome import Failed
from airavata_workload.ports.task_plugin import TaskRun

# Source: the texts of strerror(3) in the C locale, which every script of ours sets.
_CAUSES = (
    ("No space left on device", "the disk of {resource} is full. Free space there or ask its administrator."),
    ("Disk quota exceeded", "the quota on {resource} is used up. Remove files there or ask for a larger quota."),
    ("Permission denied", "{resource} does not permit it. Check who owns the directory and what its mode is."),
    ("Operation not permitted", "{resource} does not permit it. Check who owns the directory and what its mode is."),
    ("Read-only file system", "the file system on {resource} is read-only at present. Ask its administrator."),
    ("File exists", "a file stands on {resource} where a directory should be. Remove it or choose another name."),
    ("Not a directory", "a file stands on {resource} where a directory should be. Remove it or choose another name."),
    ("File name too long", "a name is longer than {resource} allows. Choose a shorter one."),
    ("No such file or directory", "something that is needed is missing on {resource}."),
)
_COMPLAINT_LIMIT = 2000


def explain(complaint: str, resource: str) -> str:
    """The cause in plain words, with its remedy; '' when the complaint is not one that we know."""
    return next((text.format(resource=resource) for words, text in _CAUSES if words in complaint), "")


def failed(doing: str, resource: str, complaint: str) -> Failed:
    """The failure of ``doing`` (a noun phrase that starts a sentence), with the cause for the user."""
    tail = complaint.strip()[-_COMPLAINT_LIMIT:]
    cause = explain(tail, resource)
    because = f", because {cause}" if cause else f" on {resource}: {tail or 'it gave no reason.'}"
    return Failed(f"{doing} failed on {resource}: {tail or 'no message'}", f"{doing} failed{because}")


def failed_by(run: TaskRun[Any], error: WorkloadError, doing: str, resource: str) -> Failed:
    """The failure of ``doing`` that a shell or a transfer has reported.

    Raises the error again when it is transient, or is about something else than the task (a refused login, the disk
    of the worker).
    """
    if isinstance(error, DiskFullError) and run.scratch_is_full():
        raise error
    if isinstance(error, DiskFullError | QuotaExceededError):
        # Which of the two machines it is, the error's own text says.
        return Failed(f"{doing}: {error}", f"{doing} failed: {error}")
    if isinstance(error, CommandFailedError):
        cause = explain(f"{error.message}\n{error.stderr}", resource)
        return Failed(str(error), f"{doing} failed: {error.user_message}" + (f" Cause: {cause}" if cause else ""))
    raise error
