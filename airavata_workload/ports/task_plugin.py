"""What performs one kind of task, and what it is given to do so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.job import Job
from airavata_workload.domain.outcome import Outcome
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.batch_system import BatchSystem
from airavata_workload.ports.file_transfer import FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell


class Parameters(BaseModel):
    """Base of a plugin's parameters: an unknown key is an error; describe each field with its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)


P = TypeVar("P", bound=Parameters)


class TaskRun(ABC, Generic[P]):
    """One attempt at one task, as its plugin sees it."""

    task_id: str
    experiment_id: str
    process_id: str
    name: str
    attempt: int
    resource: str
    parameters: P
    experiment: Mapping[str, Any]
    """Name, user, gateway, application type and output directory of the experiment."""
    intent: Mapping[str, Any] | None
    """What this or an earlier attempt announced by ``announce``; ``None`` if nothing."""
    job: Job | None
    """The job for which the task is parked; set only in ``cancel``."""

    @abstractmethod
    def cluster(self, name: str | None = None) -> Cluster:
        """The task's resource, or the named one. Raises ``NotFoundError``."""

    @abstractmethod
    def shell(self, name: str | None = None) -> RemoteShell:
        """A shell on the task's resource, or on the named one."""

    @abstractmethod
    def transfer(self, name: str | None = None) -> FileTransfer:
        """File transfer to the task's resource, or to the named one."""

    @abstractmethod
    def batch_system(self, name: str | None = None) -> BatchSystem:
        """The batch system of the task's resource, or of the named one."""

    @abstractmethod
    def announce(self, intent: Mapping[str, Any]) -> None:
        """Store durably what is about to happen, before an effect that must not happen twice.

        Raises ``TaskCancelled`` if this attempt is no longer the valid one: then nothing may happen.
        """

    @abstractmethod
    def scratch(self) -> Path:
        """A private directory on the worker's machine, removed when the attempt ends."""

    def scratch_is_full(self) -> bool:
        """Whether this attempt keeps files on the worker's own disk, and that has no room: no fault of the task's.

        A plugin that meets ``DiskFullError`` then lets it pass: the task waits until there is room.
        """
        return False

    @abstractmethod
    def progress(self, done: int, total: int, what: str) -> None:
        """Tell watchers how far the attempt is; cheap, call it often."""

    @abstractmethod
    def cancelled(self) -> bool:
        """Whether the task is no longer wanted."""

    @abstractmethod
    def check_cancelled(self) -> None:
        """Raise ``TaskCancelled`` if the task is no longer wanted. Call it between steps."""


class TaskPlugin(ABC, Generic[P]):
    """One kind of task. Entry point of ``airavata_workload.tasks``: a class without constructor arguments.

    One instance serves all threads of a worker, so it keeps no state. A method
    returns an outcome; it raises only to say that it broke. An error with
    ``transient`` set is tried again as the task's retry policy says, any other
    fails the task.
    """

    kind: ClassVar[str]
    summary: ClassVar[str] = ""
    parameters_model: ClassVar[type[Parameters]]
    process_state: ClassVar[ProcessState] = ProcessState.EXECUTING
    """What the process is doing, in Airavata's words, while a task of this kind runs."""

    @abstractmethod
    def execute(self, run: TaskRun[P]) -> Outcome:
        """Do the work."""

    def recover(self, run: TaskRun[P]) -> Outcome:
        """Do the work when an earlier attempt may have begun it and its end is not known.

        By default the work is done again, which suits work that may be repeated.
        """
        return self.execute(run)

    def cancel(self, run: TaskRun[P]) -> None:
        """Stop what goes on outside (the job of ``run.job``). Nothing to stop is not an error."""
        return
