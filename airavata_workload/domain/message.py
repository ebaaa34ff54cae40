"""What travels between the stages, as JSON bodies of queue messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from airavata_workload.domain.job import Job
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.domain.task import Priority, Task

ORCHESTRATOR_QUEUE = "orchestrator"
"""Outcomes."""
COMMAND_QUEUE = "commands"
"""What is asked of the orchestrator: apart from the outcomes, so that a task does not wait for 10,000 launches."""
SCHEDULER_QUEUE = "scheduler"
MONITOR_QUEUE = "monitor"

MAX_PASSES = 4
"""How often a task is passed on by workers that should not have it, before one of them runs it all the same."""


def task_queue(kind: str) -> str:
    """The queue on which workers of that kind listen."""
    return f"task.{kind}"


class CommandKind(StrEnum):
    """What a person or a client asks of the orchestrator."""

    LAUNCH = "launch"
    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"
    RETRY = "retry"
    RESUME = "resume"
    """Sent by recovery: go on with an experiment whose owner is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command about one experiment (read by the orchestrator).

    ``process_id`` is the process that is meant, '' if the experiment is, whatever
    its process: a command may come late or a second time, and who cancelled
    one attempt did not mean the next.
    """

    kind: CommandKind
    experiment_id: str
    by: str
    reason: str = ""
    process_id: str = ""

    def to_body(self) -> dict[str, Any]:
        """The message body."""
        return {
            "type": "command",
            "kind": str(self.kind),
            "experiment_id": self.experiment_id,
            "by": self.by,
            "reason": self.reason,
            "process_id": self.process_id,
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Command:
        """The inverse of ``to_body``."""
        return cls(
            kind=CommandKind(body["kind"]),
            experiment_id=body["experiment_id"],
            by=body["by"],
            reason=body["reason"],
            process_id=body["process_id"],
        )


class TaskAction(StrEnum):
    """What a worker is to do with a task."""

    EXECUTE = "execute"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMessage:
    """A task that is ready (to the scheduler) or dispatched (to a worker), with all it needs to run.

    ``parameters`` are fully resolved. ``resumed`` tells the worker that an
    earlier hand-out may have had effects, so that ``recover`` is called.
    ``delay_us`` is for how long it waits at most, if ``not_before_us`` is only
    the end of a delay and no time that somebody asked for: whose clock differs
    from that of the machine which set it goes by that.
    ``avoid`` names sessions of workers on which it failed; one of these passes
    it on to the scheduler again (see ``passed_on``). ``passes`` counts how
    often that has happened. ``reuse`` is for the task after it.
    """

    task_id: str
    experiment_id: str
    process_id: str
    name: str
    kind: str
    resource: str
    gateway: str
    attempt: int
    parameters: Mapping[str, Any]
    experiment: Mapping[str, Any]
    intent: Mapping[str, Any] | None = None
    job: Mapping[str, Any] | None = None
    priority: int = Priority.NORMAL
    not_before_us: int = 0
    delay_us: int = 0
    resumed: bool = False
    action: TaskAction = TaskAction.EXECUTE
    avoid: tuple[str, ...] = ()
    passes: int = 0
    reuse: PlaceReuse | None = None

    @property
    def user(self) -> str:
        """Whose experiment it belongs to."""
        return str(self.experiment.get("user", ""))

    @property
    def queue(self) -> str:
        """The batch queue that its experiment asks for, if the task acts on the experiment's compute resource."""
        on_compute_resource = self.resource == self.experiment.get("compute_resource")
        return str(self.experiment.get("queue") or "") if on_compute_resource else ""

    def passed_on(self, session: str, now_us: int, delay_us: int) -> TaskMessage | None:
        """The message with which the worker of that session gives the task back to the scheduler, to wait so long.

        ``None`` if it is to run the task itself: it is not to be avoided, or the
        task has been passed on so often that the others seem to have no time.
        """
        if session not in self.avoid or self.passes >= MAX_PASSES or self.action is not TaskAction.EXECUTE:
            return None
        return replace(self, passes=self.passes + 1, not_before_us=now_us + delay_us, delay_us=delay_us)

    @classmethod
    def of(cls, task: Task, parameters: Mapping[str, Any], *, action: TaskAction = TaskAction.EXECUTE) -> TaskMessage:
        """The message for a task whose parameters have been resolved."""
        return cls(
            task_id=task.task_id,
            experiment_id=task.experiment_id,
            process_id=task.process_id,
            name=task.name,
            kind=task.kind,
            resource=task.resource,
            gateway=task.gateway,
            attempt=task.attempt,
            parameters=parameters,
            experiment=task.context.get("experiment", {}),
            intent=task.intent,
            job=task.job.to_json() if task.job else None,
            priority=int(task.priority),
            not_before_us=task.not_before_us,
            delay_us=task.delay_us,
            resumed=task.attempt > 1,
            action=action,
            avoid=task.given_back_by if action is TaskAction.EXECUTE else (),
        )

    def to_body(self) -> dict[str, Any]:
        """The message body."""
        body = {name: getattr(self, name) for name in self.__slots__}
        body["type"] = "task"
        body["action"] = str(self.action)
        body["reuse"] = self.reuse.to_json() if self.reuse else None
        return body

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> TaskMessage:
        """The inverse of ``to_body``."""
        values = {name: value for name, value in body.items() if name != "type"}
        values["action"] = TaskAction(values["action"])
        values["avoid"] = tuple(values.get("avoid", ()))
        values["reuse"] = PlaceReuse.from_json(values.get("reuse"))
        return cls(**values)


class Verdict(StrEnum):
    """How one hand-out of a task ended."""

    COMPLETED = "completed"
    PARKED = "parked"
    FAILED = "failed"
    RETRYABLE = "retryable"
    """An error that may pass: the retry policy decides."""
    DEFERRED = "deferred"
    CANCELED = "canceled"
    HANDED_BACK = "handed-back"
    """The worker stops before it did anything; not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeMessage:
    """The end of one hand-out (worker or monitor to orchestrator).

    ``resource_unavailable`` says that the task's resource did not answer, which
    opens its circuit in the scheduler.
    """

    task_id: str
    experiment_id: str
    attempt: int
    resource: str
    verdict: Verdict
    at_us: int
    by: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    job: Job | None = None
    delay_s: float = 0.0
    reason: str = ""
    user_message: str = ""
    resource_unavailable: bool = False
    action: TaskAction = TaskAction.EXECUTE

    def to_body(self) -> dict[str, Any]:
        """The message body."""
        body = {name: getattr(self, name) for name in self.__slots__}
        body["type"] = "outcome"
        body["verdict"] = str(self.verdict)
        body["action"] = str(self.action)
        body["job"] = self.job.to_json() if self.job else None
        return body

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> OutcomeMessage:
        """The inverse of ``to_body``."""
        values = {name: value for name, value in body.items() if name != "type"}
        values["verdict"] = Verdict(values["verdict"])
        values["action"] = TaskAction(values["action"])
        values["job"] = Job.from_json(values["job"]) if values["job"] else None
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotReleased:
    """A dispatched task no longer occupies its resource.

    ``resource_unavailable`` opens the resource's circuit; anything else closes
    it, except that a task which was not ``performed`` says nothing about it.
    ``successor`` is a task that has its place already, without parameters.
    """

    task_id: str
    resource: str
    attempt: int
    resource_unavailable: bool = False
    performed: bool = True
    reason: str = ""
    action: TaskAction = TaskAction.EXECUTE
    successor: TaskMessage | None = None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        value = {name: getattr(self, name) for name in self.__slots__}
        value["action"] = str(self.action)
        value["successor"] = self.successor.to_body() if self.successor else None
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SlotReleased:
        """The inverse of ``to_json``."""
        successor = value.get("successor")
        return cls(
            **{
                **value,
                "action": TaskAction(value.get("action", TaskAction.EXECUTE)),
                "successor": TaskMessage.from_body(successor) if successor else None,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsReleased:
    """Tells the scheduler of all slots that a batch of outcomes has released."""

    slots: tuple[SlotReleased, ...]

    def to_body(self) -> dict[str, Any]:
        """The message body."""
        return {"type": "released", "slots": [slot.to_json() for slot in self.slots]}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> SlotsReleased:
        """The inverse of ``to_body``."""
        return cls(slots=tuple(SlotReleased.from_json(slot) for slot in body["slots"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged:
    """Tells the scheduler to look whether an experiment's tasks are to be kept back.

    Which of them is true the registry says: of two such messages the second may come first.
    """

    experiment_id: str

    def to_body(self) -> dict[str, Any]:
        """The message body."""
        return {"type": "hold", "experiment_id": self.experiment_id}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> HoldChanged:
        """The inverse of ``to_body``."""
        return cls(experiment_id=body["experiment_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessCancelled:
    """Tells the scheduler to drop the tasks of a process that are still to run."""

    experiment_id: str
    process_id: str

    def to_body(self) -> dict[str, Any]:
        """The message body."""
        return {"type": "cancelled", "experiment_id": self.experiment_id, "process_id": self.process_id}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> ProcessCancelled:
        """The inverse of ``to_body``."""
        return cls(experiment_id=body["experiment_id"], process_id=body["process_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchJob:
    """Tells the monitor to watch (or with ``stop`` no longer to watch) the job of a parked task."""

    task_id: str
    experiment_id: str
    attempt: int
    name: str
    outputs: Mapping[str, Any]
    job: Job
    stop: bool = False

    @classmethod
    def of(cls, task: Task) -> WatchJob:
        """The message for a task that waits for a job. Raises ``ValueError`` for any other."""
        if task.job is None:
            raise ValueError(f"task {task.task_id} waits for no job")
        return cls(
            task_id=task.task_id,
            experiment_id=task.experiment_id,
            attempt=task.attempt,
            name=task.name,
            outputs=task.outputs,
            job=task.job,
        )

    def to_body(self) -> dict[str, Any]:
        """The message body."""
        body = {name: getattr(self, name) for name in self.__slots__}
        body["type"] = "watch"
        body["job"] = self.job.to_json()
        return body

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> WatchJob:
        """The inverse of ``to_body``."""
        values = {name: value for name, value in body.items() if name != "type"}
        values["job"] = Job.from_json(values["job"])
        return cls(**values)


AnyMessage = Command | TaskMessage | OutcomeMessage | SlotsReleased | HoldChanged | ProcessCancelled | WatchJob

_TYPES: Mapping[str, Any] = {
    "command": Command,
    "task": TaskMessage,
    "outcome": OutcomeMessage,
    "released": SlotsReleased,
    "hold": HoldChanged,
    "cancelled": ProcessCancelled,
    "watch": WatchJob,
}


def decode(body: Mapping[str, Any]) -> AnyMessage:
    """The message in a body. Raises ``ValueError`` that says what is wrong with a body that holds none."""
    kind = body.get("type") if isinstance(body, Mapping) else None
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"a message of unknown type {kind!r}")
    try:
        message: AnyMessage = _TYPES[kind].from_body(body)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"a broken message of type {kind!r}: {error!r}") from error
    return message
