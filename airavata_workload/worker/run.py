"""One attempt at one task, as the worker hands it to a plugin."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from airavata_workload.domain.change import Event
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import StoreUnavailableError, TaskCancelled
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import TaskMessage
from airavata_workload.ports.batch_system import BatchSystem
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.file_transfer import FileTransfer
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.ports.task_plugin import Parameters, TaskRun
from airavata_workload.resources import Resources

FULL_BELOW_BYTES = 64 * 1024 * 1024
"""With less than this a disk is taken to be full: what did not fit has been removed again when one looks."""
PROGRESS_INTERVAL_S = 0.2
"""At most one progress event in this time, and none before it has passed; a plugin may report as often as it likes."""


class WorkerRun(TaskRun[Parameters]):
    """What a plugin sees of the engine while it works on one attempt."""

    def __init__(
        self,
        message: TaskMessage,
        parameters: Parameters,
        *,
        resources: Resources,
        graph: GraphStore,
        bus: EventBus,
        scratch_root: Path,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self.task_id = message.task_id
        self.experiment_id = message.experiment_id
        self.process_id = message.process_id
        self.name = message.name
        self.attempt = message.attempt
        self.resource = message.resource
        self.parameters = parameters
        self.experiment = message.experiment
        self.intent = message.intent
        self.job = Job.from_json(message.job) if message.job else None
        self._resources = resources
        self._graph = graph
        self._bus = bus
        self._scratch_root = scratch_root
        self._scratch: Path | None = None
        self._is_cancelled = is_cancelled
        self._progress_lock = threading.Lock()
        self._next_progress_s = time.monotonic() + PROGRESS_INTERVAL_S
        self._progress_told = False

    def cluster(self, name: str | None = None) -> Cluster:
        return self._resources.cluster(name or self.resource)

    def shell(self, name: str | None = None) -> RemoteShell:
        return self._resources.shell(name or self.resource)

    def transfer(self, name: str | None = None) -> FileTransfer:
        return self._resources.transfer(name or self.resource)

    def batch_system(self, name: str | None = None) -> BatchSystem:
        return self._resources.batch_system(name or self.resource)

    def announce(self, intent: Mapping[str, Any]) -> None:
        if not self._graph.record_intent(self.task_id, self.attempt, intent):
            raise TaskCancelled(f"Attempt {self.attempt} of task {self.name} is no longer the valid one.")
        self.intent = intent

    def scratch(self) -> Path:
        if self._scratch is None:
            try:
                self._scratch_root.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._scratch = Path(tempfile.mkdtemp(prefix=f"{self.task_id}.", dir=self._scratch_root))
            except OSError as error:
                raise StoreUnavailableError(
                    f"The worker's own directory {self._scratch_root} cannot be used: {error.strerror}.",
                    remedy="Make room on the worker's disk.",
                ) from error
        return self._scratch

    def scratch_is_full(self) -> bool:
        return self._scratch is not None and shutil.disk_usage(self._scratch).free < FULL_BELOW_BYTES

    def progress(self, done: int, total: int, what: str) -> None:
        present_s = time.monotonic()
        with self._progress_lock:
            last = done >= total and self._progress_told
            if present_s < self._next_progress_s and not last:
                return
            self._next_progress_s = present_s + PROGRESS_INTERVAL_S
            self._progress_told = True
        body = {"task_id": self.task_id, "name": self.name, "done": done, "total": total, "what": what}
        self._bus.publish([Event(topic="progress", experiment_id=self.experiment_id, body=body, at_us=now_us())])

    def cancelled(self) -> bool:
        return self._is_cancelled()

    def check_cancelled(self) -> None:
        if self.cancelled():
            raise TaskCancelled(f"Task {self.name} is no longer wanted.")

    def tidy(self) -> None:
        """Remove the scratch directory."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None
