"""Which values a peer may be sent: enum numbers that its generation has, and something in every required field.

A Java peer turns a number it does not know into null and then refuses the message for lack of a required field; a
Python SDK from 2.0 on raises. So a newer value becomes the nearest one that the oldest generation of the span knows.

Source: the enums of Apache Airavata's interface, compared from April 2017 to March 2026; only these gained values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from thrift.Thrift import TType

from airavata_adapters.thrift_api.dialects import Generation, Span, since
from airavata_thrift.compute_resources.ttypes import JobManagerCommand, ResourceJobManager, ResourceJobManagerType
from airavata_thrift.messages.ttypes import (
    JobStatusChangeEvent,
    JobStatusChangeRequestEvent,
    ProcessStatusChangeEvent,
    ProcessStatusChangeRequestEvent,
)
from airavata_thrift.required_fields import REQUIRED
from airavata_thrift.statuses.ttypes import JobState, JobStatus, ProcessState, ProcessStatus
from airavata_thrift.workspaces.ttypes import Gateway, GatewayApprovalStatus

_V_0_21 = Generation.AIRAVATA_0_21
Stand = Mapping[int, tuple[Generation, int]]
"""For each newer value since when it exists, and what stands for it before."""

# It failed and it is over; that the experiment may go on nevertheless is what an older reader cannot be told.
_JOB_STATES: Stand = {JobState.NON_CRITICAL_FAIL: (Generation.AIRAVATA_0_19, JobState.FAILED)}
# A process that waits for its turn is accepted and nothing of it runs; one whose turn has come has started.
_PROCESS_STATES: Stand = {
    ProcessState.QUEUED: (_V_0_21, ProcessState.VALIDATED),
    ProcessState.REQUEUED: (_V_0_21, ProcessState.VALIDATED),
    ProcessState.DEQUEUING: (_V_0_21, ProcessState.STARTED),
}
# The value for "none of those we know".
_JOB_MANAGERS: Stand = {ResourceJobManagerType.HTCONDOR: (_V_0_21, ResourceJobManagerType.AIRAVATA_CUSTOM)}
# The gateway is up and may be used.
_APPROVALS: Stand = {GatewayApprovalStatus.DEPLOYED: (Generation.AIRAVATA_0_17, GatewayApprovalStatus.ACTIVE)}

NEWER_VALUES: Mapping[Any, tuple[str, Stand]] = {
    JobStatus: ("jobState", _JOB_STATES),
    JobStatusChangeEvent: ("state", _JOB_STATES),
    JobStatusChangeRequestEvent: ("state", _JOB_STATES),
    ProcessStatus: ("state", _PROCESS_STATES),
    ProcessStatusChangeEvent: ("state", _PROCESS_STATES),
    ProcessStatusChangeRequestEvent: ("state", _PROCESS_STATES),
    ResourceJobManager: ("resourceJobManagerType", _JOB_MANAGERS),
    Gateway: ("gatewayApprovalStatus", _APPROVALS),
}
"""By class: the field and its newer values."""

NEWER_COMMANDS = frozenset(
    {
        JobManagerCommand.SHOW_CLUSTER_INFO,
        JobManagerCommand.SHOW_NO_OF_RUNNING_JOBS,
        JobManagerCommand.SHOW_NO_OF_PENDING_JOBS,
    }
)
"""Keys of ``ResourceJobManager.jobManagerCommands`` since 0.21. An older reader does without: no other command does
it.
"""

_UNLIKE_ZERO: Mapping[tuple[Any, str], int] = {
    # Zero would claim that the job was submitted.
    (JobStatus, "jobState"): JobState.UNKNOWN,
}
_ZEROS: Mapping[int, Callable[[], object]] = {
    TType.BOOL: bool,
    TType.BYTE: int,
    TType.I16: int,
    TType.I32: int,
    TType.I64: int,
    TType.DOUBLE: float,
    TType.STRING: str,
    TType.LIST: list,
    TType.SET: set,
    TType.MAP: dict,
}


def known_to(value: int | None, newer: Stand, span: Span) -> int | None:
    """The value, or what stands for it if a peer of the span may not know it."""
    if value is None or value not in newer:
        return value
    generation, stand_in = newer[value]
    return value if span.oldest >= generation else stand_in


def without_newer_commands(commands: dict[int, str] | None, span: Span) -> dict[int, str] | None:
    """Job manager commands that every peer of the span knows."""
    if not commands or span.oldest >= Generation.AIRAVATA_0_21:
        return commands
    return {number: command for number, command in commands.items() if number not in NEWER_COMMANDS}


def proved_by_commands(commands: Collection[int] | None) -> Iterator[Span]:
    """What the keys of a peer's job manager commands prove of it."""
    if commands and not NEWER_COMMANDS.isdisjoint(commands):
        yield since(Generation.AIRAVATA_0_21)


def required_defaults(struct: Any) -> tuple[tuple[str, Callable[[], object]], ...]:
    """The fields of a generated class that some generation requires, and what makes a value for a missing one."""
    parts = struct.__module__.split(".")
    names = REQUIRED.get(f"{parts[1]}.{struct.__name__}", ()) if len(parts) > 1 else ()
    rows = {row[2]: row for row in struct.thrift_spec if row is not None}
    return tuple((name, _default_of(struct, rows[name])) for name in names)


def _default_of(struct: Any, row: tuple[Any, ...]) -> Callable[[], object]:
    _, wire_type, name, details, default = row
    if (struct, name) in _UNLIKE_ZERO:
        default = _UNLIKE_ZERO[struct, name]
    if default is not None:
        return lambda: default
    if wire_type == TType.STRUCT:
        return details[0]  # type: ignore[no-any-return]
    return bytes if details == "BINARY" else _ZEROS[wire_type]
