"""Slurm's job states in Airavata's words, and its reasons in words for people.

Source: squeue(1) and sacct(1) of Slurm 22.05, "JOB STATE CODES" and "JOB
REASON CODES"; Airavata's mapping: GFAC 0.17, ``JobUtil``. Two states are
mapped otherwise than there, because a job must not be called over too early:

- ``CG`` (completing) is ACTIVE, not COMPLETE: the script has ended, but its
  processes and the epilogue may still write, and Slurm has not yet said
  whether the job completed, failed or is queued again.
- ``PR`` (preempted) is FAILED as there, though a preempted job may be queued
  again: then squeue lists it as ``RQ`` or ``PD``, so a job that is still
  called preempted will not run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from airavata_workload.domain.states import JobState


class NativeState(NamedTuple):
    """A state's compact code, its long name and what it is for Airavata."""

    compact: str
    long: str
    state: JobState


STATES = (
    NativeState("BF", "BOOT_FAIL", JobState.FAILED),
    NativeState("CA", "CANCELLED", JobState.CANCELED),
    NativeState("CD", "COMPLETED", JobState.COMPLETE),
    NativeState("CF", "CONFIGURING", JobState.ACTIVE),
    NativeState("CG", "COMPLETING", JobState.ACTIVE),
    NativeState("DL", "DEADLINE", JobState.FAILED),
    NativeState("F", "FAILED", JobState.FAILED),
    NativeState("NF", "NODE_FAIL", JobState.FAILED),
    NativeState("OOM", "OUT_OF_MEMORY", JobState.FAILED),
    NativeState("PD", "PENDING", JobState.QUEUED),
    NativeState("PR", "PREEMPTED", JobState.FAILED),
    NativeState("R", "RUNNING", JobState.ACTIVE),
    NativeState("RD", "RESV_DEL_HOLD", JobState.QUEUED),
    NativeState("RF", "REQUEUE_FED", JobState.QUEUED),
    NativeState("RH", "REQUEUE_HOLD", JobState.QUEUED),
    NativeState("RQ", "REQUEUED", JobState.QUEUED),
    NativeState("RS", "RESIZING", JobState.ACTIVE),
    # The job goes on in another cluster of the federation, so here nothing is known about it.
    NativeState("RV", "REVOKED", JobState.UNKNOWN),
    # A job that was queued again and is held for a person to look at.
    NativeState("SE", "SPECIAL_EXIT", JobState.QUEUED),
    NativeState("SI", "SIGNALING", JobState.ACTIVE),
    NativeState("SO", "STAGE_OUT", JobState.ACTIVE),
    NativeState("ST", "STOPPED", JobState.SUSPENDED),
    NativeState("S", "SUSPENDED", JobState.SUSPENDED),
    NativeState("TO", "TIMEOUT", JobState.FAILED),
)

_BY_WORD: Mapping[str, NativeState] = {word: row for row in STATES for word in (row.compact, row.long)}

_ENDED_REASONS: Mapping[str, str] = {
    "BOOT_FAIL": "it failed because a node of it did not start",
    "DEADLINE": "it was ended at its deadline",
    "NODE_FAIL": "it failed because a node of it failed",
    "OUT_OF_MEMORY": "it was ended because it used more memory than it had asked for",
    "PREEMPTED": "it was ended to make room for a job of higher priority",
}

_FAILED_REASONS: Mapping[str, str] = {
    "BadConstraints": "no nodes exist that fit what it asks for",
    "InvalidAccount": "its account is not valid",
    "InvalidQOS": "its quality of service is not valid",
    "JobLaunchFailure": "it could not be started, or was ended from outside (a node failure or too much memory)",
    "NodeDown": "a node of it is down",
    "OutOfMemory": "it was ended because it used more memory than it had asked for",
    "SystemFailure": "Slurm, the network or the file system failed",
}

_PENDING_REASONS: Mapping[str, str] = {
    "BeginTime": "its earliest start time is not reached",
    "Dependency": "it waits for another job",
    "DependencyNeverSatisfied": "it waits for a job that did not end as it should; it will never start",
    "JobHeldAdmin": "an administrator holds it",
    "JobHeldUser": "it is held",
    "Licenses": "it waits for a licence",
    "NodeDown": "a node that it needs is down",
    "PartitionDown": "its partition is down",
    "PartitionInactive": "its partition takes no jobs at present",
    "PartitionNodeLimit": "it asks for more nodes than its partition allows; it will not start unless that is changed",
    "PartitionConfig": "it asks for more than its partition has; it will not start unless that is changed",
    "PartitionTimeLimit": "it asks for more time than its partition allows; it will not start unless that is changed",
    "Priority": "jobs of higher priority are before it",
    "ReqNodeNotAvail": "a node that it needs is not available",
    "Reservation": "it waits for its reservation",
    "Resources": "it waits for free resources",
}
_PENDING_FAMILIES: tuple[tuple[str, str], ...] = (
    ("QOS", "a limit of its quality of service is reached"),
    ("Assoc", "a limit of its account is reached"),
    ("MaxJobs", "a limit of its account is reached"),
)
_NO_REASONS = frozenset({"", "None", "NonZeroExitCode", "TimeLimit"})


def native_state(words: str) -> str:
    """The long name in what Slurm prints, such as ``CANCELLED by 1000``, ``CANCELLED+`` or ``CA``."""
    word = words.split(" ", 1)[0].rstrip("+").upper()
    row = _BY_WORD.get(word)
    return row.long if row else word


def job_state(words: str) -> JobState:
    """Airavata's state for a long or compact state of Slurm; UNKNOWN for a word that is not in the manual."""
    row = _BY_WORD.get(native_state(words))
    return row.state if row else JobState.UNKNOWN


def reason(words: str, slurm_reason: str, time_limit: str) -> str:
    """Why the job is as it is, for people; '' when there is nothing to say.

    ``words`` is the state as printed, ``slurm_reason`` Slurm's reason code
    and ``time_limit`` the job's limit as Slurm prints it.
    """
    name = native_state(words)
    if name == "TIMEOUT":
        return f"it was stopped after its wall time{_of_time(time_limit)}"
    if name == "CANCELLED":
        return _cancelled_by(words)
    if name in _ENDED_REASONS:
        return _ENDED_REASONS[name]
    code = slurm_reason.split(",", 1)[0].strip("()")
    if code in _NO_REASONS:
        return ""
    if name == "FAILED":
        return _FAILED_REASONS.get(code, f"Slurm's reason is {code}")
    if job_state(name) in (JobState.QUEUED, JobState.SUSPENDED):
        return _pending(code)
    return ""


def _cancelled_by(words: str) -> str:
    user = words.partition(" by ")[2].strip()
    if not user:
        return "on request"
    return "by the administrator (user 0)" if user == "0" else f"by user {user}"


def _of_time(limit: str) -> str:
    """Slurm's ``[D-][[H:]M:]S`` in words; '' for no limit and for what is not a time. Source: squeue(1), ``%l``."""
    days, _, clock = limit.rpartition("-")
    numbers = [days or "0", *["0", "0", *clock.split(":")][-3:]]
    if not clock or not all(number.isdecimal() for number in numbers):
        return ""
    day, hour, minute, _second = (int(number) for number in numbers)
    minutes = (day * 24 + hour) * 60 + minute
    return f" of {minutes} min" if minutes < 120 else f" of {minutes // 60} h {minutes % 60} min"


def _pending(code: str) -> str:
    if code in _PENDING_REASONS:
        return f"{_PENDING_REASONS[code]} ({code})"
    for prefix, text in _PENDING_FAMILIES:
        if code.startswith(prefix):
            return f"{text} ({code})"
    return f"Slurm's reason is {code}"
