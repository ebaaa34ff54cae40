"""A task run for tests of task plugins: real tools on a temporary directory, everything recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import TaskCancelled
from airavata_workload.domain.job import Job
from airavata_workload.ports.batch_system import BatchSystem
from airavata_workload.ports.file_transfer import FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.recording import RecordedShell, RecordedTransfer, Recording

P = TypeVar("P", bound=Parameters)


class RecordedTaskRun(TaskRun[P]):
    """One attempt at a task, on the first of the given resources unless ``resource`` names another.

    ``recording`` has what the plugin did; ``cancel`` makes the task unwanted;
    ``next_attempt`` is what the plugin's ``recover`` would be given after a crash.
    """

    def __init__(
        self,
        parameters: P,
        directory: Path,
        machines: Machines,
        *,
        resource: str = "here",
        attempt: int = 1,
        intent: Mapping[str, Any] | None = None,
        job: Job | None = None,
        task_id: str = "TASK_00000000-0000-4000-8000-000000000001",
    ) -> None:
        self.task_id = task_id
        self.experiment_id = "experiment_of_a_test"
        self.process_id = "PROCESS_of_a_test"
        self.name = "task-of-a-test"
        self.attempt = attempt
        self.resource = resource
        self.parameters = parameters
        self.experiment = {
            "id": self.experiment_id,
            "name": "experiment of a test",
            "user": "tester",
            "gateway": "default",
            "application_type": "TEST",
            "compute_resource": resource,
            "output_directory": str(directory / "outputs"),
            "priority": "normal",
        }
        self.intent = intent
        self.job = job
        self.recording = Recording()
        self._directory = directory
        self._machines = machines

    @classmethod
    def of(
        cls,
        plugin_class: type[TaskPlugin[Any]],
        parameters: Mapping[str, Any],
        directory: Path,
        machines: Machines | None = None,
    ) -> RecordedTaskRun[Any]:
        """A run for the plugin, its parameters read by its own model, by default on the test's machine alone."""
        model = plugin_class.parameters_model.model_validate(parameters)
        return RecordedTaskRun(model, directory, machines or Machines([local_cluster(directory)]))

    def next_attempt(self) -> RecordedTaskRun[P]:
        """The attempt after this one, with what this one has announced."""
        return RecordedTaskRun(
            self.parameters,
            self._directory,
            self._machines,
            resource=self.resource,
            attempt=self.attempt + 1,
            intent=self.intent,
            task_id=self.task_id,
        )

    def cancel(self) -> None:
        """From now on the task is not wanted."""
        self.recording.cancelled = True

    def cluster(self, name: str | None = None) -> Cluster:
        """The task's resource, or the named one."""
        return self._machines.cluster(name or self.resource)

    def shell(self, name: str | None = None) -> RemoteShell:
        """A recorded shell."""
        resource = name or self.resource
        return RecordedShell(self._machines.shell(resource), resource, self.recording)

    def transfer(self, name: str | None = None) -> FileTransfer:
        """A recorded transfer."""
        resource = name or self.resource
        return RecordedTransfer(self._machines.transfer(resource), resource, self.recording)

    def batch_system(self, name: str | None = None) -> BatchSystem:
        """The resource's batch system."""
        return self._machines.batch_system(name or self.resource)

    def announce(self, intent: Mapping[str, Any]) -> None:
        """Keep the intent, unless the test refuses it."""
        if self.recording.announcing_refused:
            self.recording.uses_when_refused = len(self.recording.uses)
            raise TaskCancelled(f"Attempt {self.attempt} is no longer the valid one: the test says so.")
        self.recording.intents.append(intent)
        self.intent = intent

    def scratch(self) -> Path:
        """A directory in the test's own."""
        path = self._directory / f"worker-scratch-{self.attempt}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def progress(self, done: int, total: int, what: str) -> None:
        """Keep what is reported."""
        self.recording.progress.append((done, total, what))

    def cancelled(self) -> bool:
        """Whether the test has cancelled the task."""
        return self.recording.cancelled

    def check_cancelled(self) -> None:
        """Raise ``TaskCancelled`` if the test has cancelled the task."""
        if self.cancelled():
            raise TaskCancelled(f"Task {self.name} is no longer wanted: the test says so.")
