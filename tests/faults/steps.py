"""Names every step that a process takes, and kills the process at a chosen one.

A step is the moment before or after one call that leaves the process: a write
to the graph store, the registry, the queue, the recovery nodes, or a command
or transfer to a machine. A call that is about tasks' states, or about queues,
is a step for each of them: ``before graph.apply COMPLETED``.

What runs is the real thing; only the ports are wrapped, from outside.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from airavata_workload.bootstrap import Installation
from airavata_workload.resources import Resources

WRITES = {
    "graph": {"restore_loaded", "replace_loaded", "apply", "record_intent", "note_waiting", "settle_job"},
    "registry": {"create_experiments", "place", "record", "save_jobs", "start_process"},
    "queue": {"publish", "acknowledge", "hand_back"},
    "nodes": {"create", "remove", "claim"},
    "shell": {"run"},
    "transfer": {"put", "get"},
}
"""The calls of an engine that are steps, by the port's name."""


class Steps:
    """The steps of this process. ``note`` hears of each, with its number from 1 and all its names, before it is taken.

    The process sends itself SIGKILL where ``is_last`` says so. One step at a
    time: threads that reach one meanwhile wait.
    """

    def __init__(
        self, note: Callable[[int, Sequence[str]], None], is_last: Callable[[int, Sequence[str]], bool]
    ) -> None:
        self._note = note
        self._is_last = is_last
        self._lock = threading.Lock()
        self._count = 0

    def reached(self, names: Sequence[str]) -> None:
        """One moment, by all its names."""
        with self._lock:
            self._count += 1
            self._note(self._count, names)
            if self._is_last(self._count, names):
                os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A port, or whatever else writes, whose calls in ``writes`` are steps."""

    def __init__(self, port: Any, name: str, steps: Steps, writes: Collection[str]) -> None:
        self._port = port
        self._name = name
        self._steps = steps
        self._writes = writes

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._port, attribute)
        if attribute not in self._writes:
            return value

        def call(*arguments: Any, **keywords: Any) -> Any:
            names = [f"{self._name}.{attribute}{about}" for about in sorted(_about(attribute, arguments))]
            self._steps.reached([f"before {name}" for name in names])
            result = value(*arguments, **keywords)
            self._steps.reached([f"after {name}" for name in names])
            return result

        return call


def _about(attribute: str, arguments: Sequence[Any]) -> Iterable[str]:
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
        return Watched(self._resources.shell(name), "shell", self._steps, WRITES["shell"])

    def transfer(self, name: str) -> Any:
        return Watched(self._resources.transfer(name), "transfer", self._steps, WRITES["transfer"])


def watch_installations(steps: Steps) -> None:
    """From now on the ports of every installation in this process are watched."""
    for name in ("graph", "registry", "queue", "nodes"):
        setattr(Installation, name, _watched(name, steps))
    plain = vars(Installation)["resources"].fget
    Installation.resources = property(lambda self: WatchedResources(plain(self), steps))  # type: ignore[assignment,method-assign]


def _watched(name: str, steps: Steps) -> property:
    plain = vars(Installation)[name].fget
    return property(lambda self: Watched(plain(self), name, steps, WRITES[name]))
