"""The command line of airavata-workload in a process that names every step it takes, and dies at a chosen one.

Usage: watched_service.py ARGUMENTS..., as of ``airavata-workload``.

A step is the moment before or after one call that leaves the process: a write
to the graph store, the registry, the queue, the recovery nodes, or a command
or transfer to a machine. A call that is about tasks' states, or about queues,
is a step for each of them: ``before graph.apply COMPLETED``.

``CHAOS_STEPS`` is a file to which each step is appended the first time it is
reached; ``CHAOS_KILL_AT`` is the step at which the process sends itself
SIGKILL, and ``CHAOS_KILL_COUNT`` the how-manieth time (default: the first).

The service is the real one; only the ports are wrapped, from outside.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable
from typing import Any

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.main import main
from airavata_workload.resources import Resources

WRITES = {
    "graph": {"restore_loaded", "replace_loaded", "apply", "record_intent", "note_waiting"},
    "registry": {"create_experiments", "record", "save_jobs", "start_process"},
    "queue": {"publish", "acknowledge", "hand_back"},
    "nodes": {"create", "remove", "claim"},
    "shell": {"run"},
    "transfer": {"put", "get"},
}


class Steps:
    """Notes steps, and dies at one of them."""

    def __init__(self) -> None:
        self._kill_at = os.environ.get("CHAOS_KILL_AT", "")
        self._left = int(os.environ.get("CHAOS_KILL_COUNT", "1"))
        self._file = os.open(os.environ["CHAOS_STEPS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def reached(self, *steps: str) -> None:
        """One moment, by all its names."""
        with self._lock:
            for step in steps:
                if step not in self._seen:
                    self._seen.add(step)
                    os.write(self._file, f"{step}\n".encode())
            if self._kill_at in steps:
                self._left -= 1
                if self._left == 0:
                    os.write(self._file, f"killed {self._kill_at}\n".encode())
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
            names = [f"{self._name}.{attribute}{about}" for about in _about(attribute, arguments)]
            self._steps.reached(*(f"before {name}" for name in names))
            result = value(*arguments, **keywords)
            self._steps.reached(*(f"after {name}" for name in names))
            return result

        return call


def _about(attribute: str, arguments: tuple[Any, ...]) -> Iterable[str]:
    match attribute:
        case "apply":
            return {f" {transition.target}" for transition in arguments[0]} or {""}
        case "record":
            return {f" {change.subject} {change.state}" for change in arguments[0]} or {""}
        case "publish":
            return {f" {message.queue.partition('.')[0]}" for message in arguments[0]} or {""}
        case "acknowledge" | "hand_back":
            return {f" {delivery.queue.partition('.')[0]}" for delivery in arguments[0]} or {""}
    return {""}


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


def watch() -> None:
    """From now on the ports of every installation in this process are watched."""
    steps = Steps()
    for name in ("graph", "registry", "queue", "nodes"):
        setattr(Installation, name, _watched(name, steps))
    plain = vars(Installation)["resources"].fget
    Installation.resources = property(lambda self: WatchedResources(plain(self), steps))  # type: ignore[assignment,method-assign]


def _watched(name: str, steps: Steps) -> property:
    plain = vars(Installation)[name].fget
    return property(lambda self: Watched(plain(self), name, steps))


if __name__ == "__main__":
    watch()
    main()
