"""States of experiment, process, task and job, and the transitions that are allowed.

Names and numbers are Airavata's (Source: Apache Airavata 0.17,
``status_models.thrift``; ``NON_CRITICAL_FAIL`` from 0.19 and the three queue
states of a process from 0.21). The numbers go over the wire, the names into
stores. A transition that is not in a table is refused with ``ConflictError``;
the same state again is always allowed and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from airavata_workload.domain.errors import ConflictError


class State(StrEnum):
    """A state whose ``number`` is Airavata's wire value: the position of its declaration."""

    @property
    def number(self) -> int:
        """The value that Airavata's Thrift interface uses for this state."""
        return list(type(self)).index(self)

    @classmethod
    def _missing_(cls, value: object) -> State | None:
        raise ValueError(f"{value!r} is not a {cls.__name__}; it is one of {', '.join(cls)}")


class ExperimentState(State):
    """States of an experiment, in the order of their wire numbers from 0."""

    CREATED = "CREATED"
    VALIDATED = "VALIDATED"
    SCHEDULED = "SCHEDULED"
    LAUNCHED = "LAUNCHED"
    EXECUTING = "EXECUTING"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class ProcessState(State):
    """States of a process, in the order of their wire numbers from 0."""

    CREATED = "CREATED"
    VALIDATED = "VALIDATED"
    STARTED = "STARTED"
    PRE_PROCESSING = "PRE_PROCESSING"
    CONFIGURING_WORKSPACE = "CONFIGURING_WORKSPACE"
    INPUT_DATA_STAGING = "INPUT_DATA_STAGING"
    EXECUTING = "EXECUTING"
    MONITORING = "MONITORING"
    OUTPUT_DATA_STAGING = "OUTPUT_DATA_STAGING"
    POST_PROCESSING = "POST_PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLING = "CANCELLING"
    CANCELED = "CANCELED"
    QUEUED = "QUEUED"
    DEQUEUING = "DEQUEUING"
    REQUEUED = "REQUEUED"


class TaskState(State):
    """States of a task, in the order of their wire numbers from 0."""

    CREATED = "CREATED"
    EXECUTING = "EXECUTING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class JobState(State):
    """States of a job, in the order of their wire numbers from 0."""

    SUBMITTED = "SUBMITTED"
    QUEUED = "QUEUED"
    ACTIVE = "ACTIVE"
    COMPLETE = "COMPLETE"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    SUSPENDED = "SUSPENDED"
    UNKNOWN = "UNKNOWN"
    NON_CRITICAL_FAIL = "NON_CRITICAL_FAIL"


S = TypeVar("S", bound=State)
Transitions = Mapping[S, frozenset[S]]


def _table(rows: Mapping[S, tuple[S, ...]]) -> Transitions[S]:
    return {state: frozenset(targets) for state, targets in rows.items()}


_E, _P, _T, _J = ExperimentState, ProcessState, TaskState, JobState

EXPERIMENT_TRANSITIONS: Transitions[ExperimentState] = _table(
    {
        _E.CREATED: (_E.VALIDATED, _E.SCHEDULED, _E.LAUNCHED, _E.CANCELED, _E.FAILED),
        _E.VALIDATED: (_E.SCHEDULED, _E.LAUNCHED, _E.CANCELING, _E.CANCELED, _E.FAILED),
        _E.SCHEDULED: (_E.LAUNCHED, _E.CANCELING, _E.CANCELED, _E.FAILED),
        _E.LAUNCHED: (_E.EXECUTING, _E.CANCELING, _E.CANCELED, _E.COMPLETED, _E.FAILED),
        _E.EXECUTING: (_E.CANCELING, _E.CANCELED, _E.COMPLETED, _E.FAILED),
        _E.CANCELING: (_E.CANCELED, _E.COMPLETED, _E.FAILED),
        # A person retries the experiment, with a new process, from the tasks that failed.
        _E.CANCELED: (_E.LAUNCHED,),
        _E.FAILED: (_E.LAUNCHED,),
        _E.COMPLETED: (),
    }
)

_WORKING = (
    _P.PRE_PROCESSING,
    _P.CONFIGURING_WORKSPACE,
    _P.INPUT_DATA_STAGING,
    _P.EXECUTING,
    _P.MONITORING,
    _P.OUTPUT_DATA_STAGING,
    _P.POST_PROCESSING,
)
_ENDS = (_P.COMPLETED, _P.FAILED, _P.CANCELLING, _P.CANCELED)

PROCESS_TRANSITIONS: Transitions[ProcessState] = _table(
    {
        _P.CREATED: (_P.VALIDATED, _P.STARTED, _P.QUEUED, _P.FAILED, _P.CANCELLING, _P.CANCELED),
        _P.VALIDATED: (_P.STARTED, _P.QUEUED, _P.FAILED, _P.CANCELLING, _P.CANCELED),
        _P.STARTED: (*_WORKING, *_ENDS),
        # A DAG may branch and may run a second job after the first, so phases repeat in any order.
        **{phase: (*(other for other in _WORKING if other is not phase), *_ENDS) for phase in _WORKING},
        _P.QUEUED: (_P.DEQUEUING, _P.FAILED, _P.CANCELLING, _P.CANCELED),
        _P.DEQUEUING: (_P.STARTED, _P.REQUEUED, _P.FAILED, _P.CANCELLING, _P.CANCELED),
        _P.REQUEUED: (_P.DEQUEUING, _P.FAILED, _P.CANCELLING, _P.CANCELED),
        _P.CANCELLING: (_P.CANCELED, _P.COMPLETED, _P.FAILED),
        # Who tries an experiment again makes a new process.
        _P.CANCELED: (),
        _P.FAILED: (),
        _P.COMPLETED: (),
    }
)

TASK_TRANSITIONS: Transitions[TaskState] = _table(
    {
        _T.CREATED: (_T.EXECUTING, _T.CANCELED, _T.FAILED),
        # Back to CREATED: the task is tried again, now or after a delay.
        _T.EXECUTING: (_T.CREATED, _T.COMPLETED, _T.FAILED, _T.CANCELED),
        _T.FAILED: (_T.CREATED,),
        _T.CANCELED: (_T.CREATED,),
        _T.COMPLETED: (),
    }
)

_J_ENDS = (_J.COMPLETE, _J.CANCELED, _J.FAILED)

JOB_TRANSITIONS: Transitions[JobState] = _table(
    {
        _J.SUBMITTED: (_J.QUEUED, _J.ACTIVE, _J.SUSPENDED, _J.UNKNOWN, _J.NON_CRITICAL_FAIL, *_J_ENDS),
        # A batch system may requeue a job, so QUEUED and ACTIVE follow each other both ways.
        _J.QUEUED: (_J.ACTIVE, _J.SUSPENDED, _J.UNKNOWN, _J.NON_CRITICAL_FAIL, *_J_ENDS),
        _J.ACTIVE: (_J.QUEUED, _J.SUSPENDED, _J.UNKNOWN, _J.NON_CRITICAL_FAIL, *_J_ENDS),
        _J.SUSPENDED: (_J.QUEUED, _J.ACTIVE, _J.UNKNOWN, _J.NON_CRITICAL_FAIL, *_J_ENDS),
        _J.UNKNOWN: (_J.QUEUED, _J.ACTIVE, _J.SUSPENDED, _J.NON_CRITICAL_FAIL, *_J_ENDS),
        _J.NON_CRITICAL_FAIL: (_J.QUEUED, _J.ACTIVE, _J.SUSPENDED, _J.UNKNOWN, *_J_ENDS),
        _J.COMPLETE: (),
        _J.CANCELED: (),
        _J.FAILED: (),
    }
)

EXPERIMENT_ENDS = frozenset({_E.CANCELED, _E.COMPLETED, _E.FAILED})
PROCESS_ENDS = frozenset({_P.CANCELED, _P.COMPLETED, _P.FAILED})
TASK_ENDS = frozenset({_T.COMPLETED, _T.FAILED, _T.CANCELED})
JOB_ENDS = frozenset(_J_ENDS)

_TABLES: Mapping[type[State], Mapping[State, frozenset[State]]] = {
    ExperimentState: EXPERIMENT_TRANSITIONS,  # type: ignore[dict-item]
    ProcessState: PROCESS_TRANSITIONS,  # type: ignore[dict-item]
    TaskState: TASK_TRANSITIONS,  # type: ignore[dict-item]
    JobState: JOB_TRANSITIONS,  # type: ignore[dict-item]
}


def transitions_of(states: type[S]) -> Transitions[S]:
    """The table of the given state class."""
    return _TABLES[states]  # type: ignore[return-value]


def may_follow(current: S, target: S) -> bool:
    """Whether ``target`` is ``current`` itself or one of the states that may follow it."""
    return current is target or target in _TABLES[type(current)][current]


def require_transition(current: S, target: S, subject: str) -> None:
    """Raise ``ConflictError``, naming ``subject``, unless ``target`` may follow ``current``."""
    if not may_follow(current, target):
        allowed = ", ".join(sorted(_TABLES[type(current)][current])) or "nothing: it has ended"
        raise ConflictError(f"{subject} is {current} and cannot become {target}; it may become {allowed}.")
