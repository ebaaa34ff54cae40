"""Runs one experiment in an engine that kills itself (SIGKILL) at a chosen step.

Usage: killed_run.py HOME EXPERIMENT_FILE KILL_AT LOG

A step is the moment before or after one call that leaves the process: a write
to the graph store, the registry, the queue, the recovery nodes, or a command
or transfer to a machine. KILL_AT is the number of the step, from 1; 0 kills
never. Every step is appended to LOG as it is reached, so that a first run
tells how many there are and which of them change a state.

The engine is the real one; only the ports are wrapped, from outside.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from airavata_workload.bootstrap import Installation
from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.resources import Resources
from airavata_workload.settings import load_settings

WRITES = {
    "graph": {"restore_loaded", "replace_loaded", "apply", "record_intent"},
    "registry": {"create_experiments", "record", "save_jobs", "start_process"},
    "queue": {"publish", "acknowledge"},
    "nodes": {"create", "remove", "claim"},
    "shell": {"run"},
    "transfer": {"put", "get"},
}


class Steps:
    """Counts steps and dies at one of them."""

    def __init__(self, kill_at: int, log: Path) -> None:
        self._kill_at = kill_at
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self._count = 0

    def reached(self, what: str) -> None:
        with self._lock:
            self._count += 1
            os.write(self._log, f"{self._count} {what}\n".encode())
            if self._count == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A port whose writing calls are steps."""

    def __init__(self, port: Any, name: str, steps: Steps) -> None:
        self._port = port
        self._name = name
        self._steps = steps

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._port, attribute)
        if attribute not in WRITES[self._name]:
            return value

        def call(*arguments: Any, **keywords: Any) -> Any:
            self._steps.reached(f"before {self._name}.{attribute}{self._detail(attribute, arguments)}")
            result = value(*arguments, **keywords)
            self._steps.reached(f"after {self._name}.{attribute}{self._detail(attribute, arguments)}")
            return result

        return call

    @staticmethod
    def _detail(attribute: str, arguments: tuple[Any, ...]) -> str:
        if attribute == "record":
            return " " + ",".join(f"{change.subject}:{change.name}:{change.state}" for change in arguments[0])
        if attribute == "apply":
            return " " + ",".join(str(transition.target) for transition in arguments[0])
        return ""


class WatchedResources:
    """Resources whose shells and transfers are watched."""

    def __init__(self, resources: Resources, steps: Steps) -> None:
        self._resources = resources
        self._steps = steps

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._resources, attribute)

    def shell(self, name: str) -> Any:
        return Watched(self._resources.shell(name), "shell", self._steps)

    def transfer(self, name: str) -> Any:
        return Watched(self._resources.transfer(name), "transfer", self._steps)


class WatchedInstallation(Installation):
    """An installation in which every port is watched."""

    steps: Steps

    graph = property(lambda self: Watched(Installation.graph.fget(self), "graph", self.steps))
    registry = property(lambda self: Watched(Installation.registry.fget(self), "registry", self.steps))
    queue = property(lambda self: Watched(Installation.queue.fget(self), "queue", self.steps))
    nodes = property(lambda self: Watched(Installation.nodes.fget(self), "nodes", self.steps))
    resources = property(lambda self: WatchedResources(Installation.resources.fget(self), self.steps))


def main(home: str, experiment_file: str, kill_at: str, log: str) -> int:
    settings = load_settings(home=Path(home))
    installation = WatchedInstallation(settings, service="run", private=True)
    installation.steps = Steps(int(kill_at), Path(log))
    with installation:
        installation.load_missing_dags()
        engine = installation.engine(adopt_orphans=False)
        engine.start()
        workload = installation.workload()
        experiment = workload.submit([load_experiment(Path(experiment_file))])[0]
        print(experiment.experiment_id, flush=True)
        ended = workload.wait(experiment.experiment_id, timeout_s=90)
        engine.stop(5.0)
        print(ended.state, ended.reason, flush=True)
        return 0 if ended.state == "COMPLETED" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
