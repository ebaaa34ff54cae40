"""The ready tasks that have not been dispatched, and the order in which they go. No input or output.

Cancellations go first, then urgent tasks, then normal ones; a normal task that
has waited for the policy's ``aging_s`` is as urgent. Among equals gateways
take turns by their shares, and within a gateway the task goes that became ready
first. For a task that has waited for twice ``aging_s`` whatever it needs is
kept as it becomes free, so none starves. No task goes that would break a limit of its host, batch queue, user or
gateway, whose host does not answer, or whose kind no worker serves.

``now_us`` is of a clock that does not jump, the same at every call. How far
the wall clock is ahead of it is told by ``follow_wall_clock``: a start that was
asked for goes by the wall clock, however it is set; everything else, delays
and ageing and circuits, by the time that has passed.

Everything in here can be rebuilt from the graph store, so it lives in memory.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from airavata_workload.domain.clock import microseconds, to_datetime
from airavata_workload.domain.message import SlotReleased, TaskAction, TaskMessage
from airavata_workload.scheduler import room_state
from airavata_workload.scheduler.bounds import Bounds
from airavata_workload.scheduler.circuit import Circuit
from airavata_workload.scheduler.lines import Entry, Leaf, Rank, Shelf
from airavata_workload.scheduler.policy import Policy
from airavata_workload.scheduler.reservation import Reservation
from airavata_workload.scheduler.resource import Place, WaitedResource

HELD = "held by a user; 'airavata-workload release' lets it go"
LATER = "their time to come: a start that was asked for, or the next attempt"

_NOT_SET_US = 100_000
"""Clocks that are kept right by small steps drift no further apart than this from one look to the next."""

_Key = tuple[str, int, str]


class WaitingRoom:
    """Keeps ready tasks; what each method costs grows with the logarithm of their number at most.

    ``hold``, ``release`` and ``forget`` cost that for each task of the
    experiment, and ``serve`` for each task of a kind that came or went.
    """

    def __init__(self, policy: Policy, new_circuit: Callable[[], Circuit] = Circuit) -> None:
        self._policy = policy
        self._new_circuit = new_circuit
        self._aging_us = microseconds(policy.aging_s)
        self._bounds = Bounds(policy)
        self._reservation = Reservation(self._bounds)
        self._numbers = itertools.count(1)
        self._resources: dict[str, WaitedResource] = {}
        self._entries: dict[_Key, Entry] = {}
        self._of_experiment: dict[str, dict[_Key, Entry]] = {}
        self._delayed: list[tuple[int, int, Entry]] = []
        self._unserved: dict[str, dict[_Key, Entry]] = {}
        self._held: set[str] = set()
        self._on_shelf = dict.fromkeys(Shelf, 0)
        self._aging: list[tuple[int, int, WaitedResource, Leaf]] = []
        self._workers: Mapping[str, Collection[str]] | None = None
        self._now_us = 0
        self._ahead_us = 0

    def follow_wall_clock(self, ahead_us: int) -> None:
        """The wall clock is so far ahead of the room's. Costs something for each waiting task, if that has changed."""
        if abs(ahead_us - self._ahead_us) < _NOT_SET_US:
            return
        self._ahead_us = ahead_us
        self._delayed.clear()
        for entry in self._entries.values():
            if entry.task.not_before_us and not entry.task.delay_us:
                entry.due_us = self._due_us(entry.task)
            if entry.shelf is Shelf.DELAYED:
                entry.since_us = max(self._now_us, entry.due_us)
                self._delay(entry)

    # -- what comes in -------------------------------------------------------------
    def add(self, task: TaskMessage, now_us: int) -> None:
        """A task became ready. One that is here already, at the same attempt, is not added again.

        If it runs at an earlier attempt, or a worker passed it on, its place is free again.
        """
        self._now_us = now_us
        place = self._resource(task.resource).places.get((task.task_id, task.action))
        if place is not None and (place.attempt < task.attempt or place.passes < task.passes):
            self._leave(place)
        if _key(task) in self._entries:
            return
        self._enter(self._new_entry(task))

    def _new_entry(self, task: TaskMessage) -> Entry:
        return Entry(task, next(self._numbers), self._now_us, self._due_us(task))

    def _due_us(self, task: TaskMessage) -> int:
        if not task.not_before_us:
            return 0
        due_us = task.not_before_us - self._ahead_us
        return min(due_us, self._now_us + task.delay_us) if task.delay_us else due_us

    def _delay(self, entry: Entry) -> None:
        heapq.heappush(self._delayed, (entry.due_us, next(self._numbers), entry))

    def _enter(self, entry: Entry) -> None:
        task, key = entry.task, _key(entry.task)
        self._entries[key] = entry
        self._of_experiment.setdefault(task.experiment_id, {})[key] = entry
        if task.experiment_id in self._held and task.action is TaskAction.EXECUTE:
            self._put(entry, Shelf.HELD)
        else:
            self._shelve(entry)

    def _shelve(self, entry: Entry) -> None:
        """Put a task where it belongs now."""
        if entry.due_us > self._now_us:
            self._put(entry, Shelf.DELAYED)
            self._delay(entry)
            return
        if self._workers is not None and entry.task.kind not in self._workers:
            self._put(entry, Shelf.UNSERVED)
            self._unserved.setdefault(entry.task.kind, {})[_key(entry.task)] = entry
            return
        self._put(entry, Shelf.LINED)
        resource = self._resource(entry.task.resource)
        leaf = resource.line_up(entry)
        if entry.rank is Rank.NORMAL and not leaf.watched:
            leaf.watched = True
            self._watch(resource, leaf, entry)

    def _watch(self, resource: WaitedResource, leaf: Leaf, oldest: Entry) -> None:
        due_us = oldest.since_us + self._aging_us
        heapq.heappush(self._aging, (due_us, next(self._numbers), resource, leaf))

    def _unshelve(self, entry: Entry) -> None:
        """Take a task from where it waits; it stays known."""
        if entry.shelf is Shelf.LINED:
            self._resource(entry.task.resource).take_out(entry)
        elif entry.shelf is Shelf.UNSERVED:
            tasks = self._unserved[entry.task.kind]
            del tasks[_key(entry.task)]
            if not tasks:
                del self._unserved[entry.task.kind]
        self._put(entry, None)

    def _put(self, entry: Entry, shelf: Shelf | None) -> None:
        if entry.shelf is not None:
            self._on_shelf[entry.shelf] -= 1
        if shelf is not None:
            self._on_shelf[shelf] += 1
        entry.shelf = shelf

    def _forget(self, entry: Entry) -> None:
        key = _key(entry.task)
        del self._entries[key]
        siblings = self._of_experiment[entry.task.experiment_id]
        del siblings[key]
        if not siblings:
            del self._of_experiment[entry.task.experiment_id]

    # -- places --------------------------------------------------------------------
    def occupy(self, task: TaskMessage, now_us: int = 0) -> None:
        """A task that another scheduler dispatched runs: it has its place until it is released."""
        self._occupy(self._resource(task.resource), self._new_entry(task), now_us)

    def _occupy(self, resource: WaitedResource, entry: Entry, now_us: int) -> Place:
        task = entry.task
        known = resource.places.get((task.task_id, task.action))
        if known is not None:
            self._leave(known)
        place = Place(
            task_id=task.task_id,
            resource=resource.name,
            attempt=task.attempt,
            action=task.action,
            bounds=self._bounds.of(task),
            looked_at_us=now_us,
            passes=task.passes,
            entry=entry,
        )
        resource.places[task.task_id, task.action] = place
        self._bounds.enter(place.bounds)
        return place

    def _leave(self, place: Place) -> None:
        """The task runs no more, and nothing was learnt about its resource."""
        resource = self._resources[place.resource]
        if resource.places.pop((place.task_id, place.action), None) is None:
            return
        self._bounds.leave(place.bounds)
        if place.probes:
            resource.circuit.probe_withdrawn()

    def released(self, slot: SlotReleased, now_us: int) -> None:
        """A dispatched task no longer runs; its resource has a place more and its circuit learns something."""
        self._now_us = now_us
        resource = self._resource(slot.resource)
        if slot.performed and slot.resource_unavailable:
            resource.circuit.unavailable(now_us, slot.reason)
        elif slot.performed:
            resource.circuit.answered()
        place = resource.places.get((slot.task_id, slot.action))
        if place is not None and place.attempt == slot.attempt:
            place.probes = place.probes and not slot.performed
            self._leave(place)

    def places(self, before_us: int, limit: int) -> list[Place]:
        """Up to ``limit`` places that were last known to be needed before that instant."""
        every = (place for resource in self._resources.values() for place in resource.places.values())
        return list(itertools.islice((place for place in every if place.looked_at_us < before_us), limit))

    def take_back(self, tasks: Iterable[TaskMessage]) -> None:
        """Tasks that were dispatched could not be sent: they wait again, where they waited before."""
        for task in tasks:
            place = self._resource(task.resource).places.get((task.task_id, task.action))
            if place is not None and place.attempt == task.attempt:
                self._leave(place)
            if _key(task) not in self._entries:
                self._enter(place.entry if place is not None and place.entry is not None else self._new_entry(task))

    # -- what people and workers do -----------------------------------------------------
    def serve(self, workers: Mapping[str, Collection[str]]) -> None:
        """The kinds of tasks for which there are workers now, each with the sessions of these.

        Until this is called all kinds are taken to have some.
        """
        before, self._workers = self._workers, workers
        for kind in [kind for kind in self._unserved if kind in workers]:
            for entry in list(self._unserved[kind].values()):
                self._unshelve(entry)
                self._shelve(entry)
        if before is None or before.keys() - workers.keys():
            for entry in list(self._entries.values()):
                if entry.shelf is Shelf.LINED and entry.task.kind not in workers:
                    self._unshelve(entry)
                    self._shelve(entry)

    def hold(self, experiment_id: str) -> None:
        """Keep back the experiment's tasks."""
        self._held.add(experiment_id)
        for entry in self._to_execute(experiment_id):
            self._unshelve(entry)
            self._put(entry, Shelf.HELD)

    def release(self, experiment_id: str) -> None:
        """Let the experiment's tasks go again."""
        self._held.discard(experiment_id)
        for entry in self._to_execute(experiment_id):
            if entry.shelf is Shelf.HELD:
                self._shelve(entry)

    def held(self) -> list[str]:
        """The experiments whose tasks are kept back."""
        return list(self._held)

    def forget(self, experiment_id: str, process_id: str) -> None:
        """Drop the tasks of a process of the experiment: it is cancelled. Those of a later one stay."""
        for entry in self._to_execute(experiment_id):
            if entry.task.process_id == process_id:
                self._unshelve(entry)
                self._forget(entry)
        if not self._to_execute(experiment_id):
            self._held.discard(experiment_id)

    def _to_execute(self, experiment_id: str) -> list[Entry]:
        entries = self._of_experiment.get(experiment_id, {}).values()
        return [entry for entry in entries if entry.task.action is TaskAction.EXECUTE]

    # -- what goes out ---------------------------------------------------------------
    def dispatch(self, now_us: int) -> list[TaskMessage]:
        """The tasks that may go to workers now; each occupies a place on its resource until it is released."""
        self._now_us = now_us
        while self._delayed and self._delayed[0][0] <= now_us:
            entry = heapq.heappop(self._delayed)[2]
            if entry.shelf is Shelf.DELAYED:
                self._shelve(entry)
        self._age(now_us)
        # Where a task has waited longest first: limits that span resources would else favour one of them for ever.
        waiting = [each for each in self._resources.values() if each.waiting]
        waiting.sort(key=lambda resource: resource.oldest().order)
        sent = self._dispatch_patient(waiting, now_us)
        for resource in waiting:
            sent += self._dispatch_on(resource, now_us)
        return sent

    def _dispatch_patient(self, waiting: Iterable[WaitedResource], now_us: int) -> list[TaskMessage]:
        """The task that has waited longest, if it has waited far too long and now has all that it needs."""
        if self._reservation.free:
            resource = next((each for each in waiting if each.circuit.closed), None)
            if resource is None or now_us < resource.oldest().since_us + 2 * self._aging_us:
                return []
            self._reservation.keep_for(resource.oldest(), resource)
        ready = self._reservation.complete()
        if ready is None:
            return []
        ready[0].take_out(ready[1])
        return [self._go(*ready, now_us)]

    def _dispatch_on(self, resource: WaitedResource, now_us: int) -> Iterator[TaskMessage]:
        for _ in range(resource.room(now_us)):
            entry = resource.take()
            if entry is None:
                return
            yield self._go(resource, entry, now_us)

    def _go(self, resource: WaitedResource, entry: Entry, now_us: int) -> TaskMessage:
        self._put(entry, None)
        self._forget(entry)
        place = self._occupy(resource, entry, now_us)
        place.probes = resource.circuit.sent(now_us)
        return self._addressed(entry.task)

    def _addressed(self, task: TaskMessage) -> TaskMessage:
        """The task, to be avoided by workers that gave it back only if another one can take it."""
        if not task.avoid:
            return task
        workers = self._workers.get(task.kind, ()) if self._workers is not None else ()
        return task if set(workers) - set(task.avoid) else replace(task, avoid=())

    def _age(self, now_us: int) -> None:
        """Put normal tasks that have waited for too long among the urgent ones."""
        while self._aging and self._aging[0][0] <= now_us:
            _, _, resource, leaf = heapq.heappop(self._aging)
            oldest = leaf.oldest()
            while oldest is not None and oldest.since_us + self._aging_us <= now_us:
                resource.promote(oldest)
                oldest = leaf.oldest()
            if oldest is None:
                leaf.unwatch()
            else:
                self._watch(resource, leaf, oldest)

    def next_due_us(self) -> int | None:
        """When something may change by the passing of time alone; ``None`` if only messages can change anything."""
        while self._delayed and self._delayed[0][2].shelf is not Shelf.DELAYED:
            heapq.heappop(self._delayed)
        times = [self._delayed[0][0]] if self._delayed else []
        for resource in self._resources.values():
            probe = resource.circuit.next_probe_us()
            if probe is not None and resource.waiting:
                times.append(probe)
        return min(times, default=None)

    def contested(self, resource: str) -> bool:
        """Whether anybody waits for a place anywhere, or the resource does not answer: then every task must ask."""
        return bool(self._on_shelf[Shelf.LINED]) or not self._resource(resource).circuit.closed

    # -- what can be told of it ---------------------------------------------------------
    def reasons(self) -> Iterator[tuple[str, str]]:
        """Each waiting task's id and what it waits for."""
        for entry in self._entries.values():
            yield entry.task.task_id, self._reason(entry)

    def _reason(self, entry: Entry) -> str:
        task = entry.task
        if entry.shelf is Shelf.HELD:
            return HELD
        if entry.shelf is Shelf.DELAYED:
            return f"not before {to_datetime(entry.due_us + self._ahead_us):%Y-%m-%d %H:%M:%S} UTC"
        if entry.shelf is Shelf.UNSERVED:
            return _no_worker(task.kind)
        resource = self._resource(task.resource)
        return (self._bounds.reason(task) if resource.circuit.closed else "") or resource.reason()

    def open_circuits(self) -> dict[str, str]:
        """Resources that do not answer, with the reason."""
        return {name: each.circuit.reason for name, each in self._resources.items() if not each.circuit.closed}

    def state(self, now_us: int) -> dict[str, Any]:
        """What waits, why, and where, as a JSON object; see ``room_state``."""
        waiting = {
            HELD: self._on_shelf[Shelf.HELD],
            LATER: self._on_shelf[Shelf.DELAYED],
            **{_no_worker(kind): len(tasks) for kind, tasks in self._unserved.items()},
        }
        return room_state.state_of(self._resources.values(), waiting, self._reason, now_us, self._ahead_us)

    def _resource(self, name: str) -> WaitedResource:
        found = self._resources.get(name)
        if found is None:
            found = WaitedResource(name, self._policy, self._bounds, self._new_circuit())
            self._resources[name] = found
        return found


def _no_worker(kind: str) -> str:
    return f"a worker with the plugin '{kind}'; 'airavata-workload plugins list' shows ours"


def _key(task: TaskMessage) -> _Key:
    return (task.task_id, task.attempt, task.action)
