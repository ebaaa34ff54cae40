"""The ready tasks that have not been dispatched, and the order in which they go. No input or output.

Everything in here can be rebuilt from the graph store, so it lives in memory.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from airavata_workload.domain.clock import to_datetime
from airavata_workload.domain.message import SlotReleased, TaskMessage
from airavata_workload.scheduler.circuit import Circuit


@dataclass(slots=True)
class _Resource:
    waiting: list[tuple[int, int, TaskMessage]]
    running: dict[str, int]  # task id -> attempt
    circuit: Circuit


class WaitingRoom:
    """Keeps ready tasks by resource; urgent ones first, then the order of arrival.

    ``limit_of`` gives the number of tasks that a resource may run at once.
    """

    def __init__(self, limit_of: Callable[[str], int], new_circuit: Callable[[], Circuit] = Circuit) -> None:
        self._limit_of = limit_of
        self._new_circuit = new_circuit
        self._arrivals = itertools.count()
        self._resources: dict[str, _Resource] = {}
        self._delayed: list[tuple[int, int, TaskMessage]] = []
        self._held: dict[str, list[TaskMessage]] = {}
        self._kinds: Collection[str] | None = None
        self._unserved: dict[str, list[TaskMessage]] = {}
        self._known: set[tuple[str, int, str]] = set()

    # -- what comes in -------------------------------------------------------------
    def add(self, task: TaskMessage) -> None:
        """A task became ready. One that is here already, at the same attempt, is not added again."""
        key = _key(task)
        if key in self._known:
            return
        self._known.add(key)
        if task.experiment_id in self._held and task.action == "execute":
            self._held[task.experiment_id].append(task)
        else:
            self._queue(task)

    def _queue(self, task: TaskMessage) -> None:
        if task.not_before_us:
            heapq.heappush(self._delayed, (task.not_before_us, next(self._arrivals), task))
        else:
            entry = (-task.priority, next(self._arrivals), task)
            heapq.heappush(self._resource(task.resource).waiting, entry)

    def released(self, slot: SlotReleased, now_us: int) -> None:
        """A dispatched task no longer runs; its resource has a place more and its circuit learns something."""
        resource = self._resource(slot.resource)
        if resource.running.get(slot.task_id) == slot.attempt:
            del resource.running[slot.task_id]
        if slot.resource_unavailable:
            resource.circuit.unavailable(now_us, slot.reason)
        else:
            resource.circuit.answered()

    def serve(self, kinds: Collection[str]) -> None:
        """The kinds of tasks for which there are workers now; until this is called, all are taken to have some."""
        self._kinds = kinds
        for kind in [kind for kind in self._unserved if kind in kinds]:
            for task in self._unserved.pop(kind):
                self._queue(task)

    def take_back(self, tasks: Iterable[TaskMessage]) -> None:
        """Tasks that were dispatched could not be sent: they wait again."""
        for task in tasks:
            self._resource(task.resource).running.pop(task.task_id, None)
            self._known.add(_key(task))
            self._queue(task)

    def hold(self, experiment_id: str) -> None:
        """Keep back the experiment's tasks."""
        if experiment_id in self._held:
            return
        self._held[experiment_id] = self._take_out(experiment_id)

    def release(self, experiment_id: str) -> None:
        """Let the experiment's tasks go again."""
        for task in self._held.pop(experiment_id, []):
            self._queue(task)

    def forget(self, experiment_id: str) -> None:
        """Drop the experiment's tasks: it is cancelled."""
        for task in [*self._held.pop(experiment_id, []), *self._take_out(experiment_id)]:
            self._known.discard(_key(task))

    def _take_out(self, experiment_id: str) -> list[TaskMessage]:
        taken: list[TaskMessage] = []
        for heap in (self._delayed, *(resource.waiting for resource in self._resources.values())):
            mine = [entry for entry in heap if entry[2].experiment_id == experiment_id and entry[2].action == "execute"]
            if mine:
                taken += [entry[2] for entry in mine]
                heap[:] = [entry for entry in heap if entry not in mine]
                heapq.heapify(heap)
        for kind, tasks in self._unserved.items():
            taken += [task for task in tasks if task.experiment_id == experiment_id and task.action == "execute"]
            self._unserved[kind] = [task for task in tasks if task not in taken]
        return taken

    # -- what goes out ---------------------------------------------------------------
    def dispatch(self, now_us: int) -> list[TaskMessage]:
        """The tasks that may go to workers now; each occupies a place on its resource until it is released."""
        while self._delayed and self._delayed[0][0] <= now_us:
            _, arrival, task = heapq.heappop(self._delayed)
            heapq.heappush(self._resource(task.resource).waiting, (-task.priority, arrival, task))
        sent: list[TaskMessage] = []
        for name, resource in self._resources.items():
            if resource.waiting:
                sent += self._dispatch_on(name, resource, now_us)
        return sent

    def _dispatch_on(self, name: str, resource: _Resource, now_us: int) -> Iterator[TaskMessage]:
        places = self._limit_of(name) - len(resource.running)
        admitted = resource.circuit.admits(now_us)
        if admitted is not None:
            places = min(places, admitted)
        while places > 0 and resource.waiting:
            _, _, task = heapq.heappop(resource.waiting)
            if self._kinds is not None and task.kind not in self._kinds:
                self._unserved.setdefault(task.kind, []).append(task)
                continue
            self._known.discard(_key(task))
            resource.running[task.task_id] = task.attempt
            resource.circuit.probe_sent()
            places -= 1
            yield task

    def next_due_us(self) -> int | None:
        """When something may change by the passing of time alone; ``None`` if only messages can change anything."""
        times = [self._delayed[0][0]] if self._delayed else []
        for resource in self._resources.values():
            probe = resource.circuit.next_probe_us()
            if probe is not None and resource.waiting:
                times.append(probe)
        return min(times, default=None)

    def reasons(self) -> Iterator[tuple[str, str]]:
        """Each waiting task's id and what it waits for."""
        for tasks in self._held.values():
            for task in tasks:
                yield task.task_id, "held by a user; 'airavata-workload release' lets it go"
        for instant_us, _, task in self._delayed:
            yield task.task_id, f"not before {to_datetime(instant_us):%Y-%m-%d %H:%M:%S} UTC"
        for kind, tasks in self._unserved.items():
            for task in tasks:
                yield task.task_id, f"a worker with the plugin '{kind}'; 'airavata-workload plugins list' shows ours"
        for name, resource in self._resources.items():
            if resource.circuit.closed:
                reason = f"a free place on {name} (at most {self._limit_of(name)} tasks at once)"
            else:
                reason = f"{name} to answer again: {resource.circuit.reason}"
            for _, _, task in resource.waiting:
                yield task.task_id, reason

    def open_circuits(self) -> dict[str, str]:
        """Resources that do not answer, with the reason."""
        return {name: each.circuit.reason for name, each in self._resources.items() if not each.circuit.closed}

    def _resource(self, name: str) -> _Resource:
        return self._resources.setdefault(name, _Resource([], {}, self._new_circuit()))


def _key(task: TaskMessage) -> tuple[str, int, str]:
    return (task.task_id, task.attempt, str(task.action))
