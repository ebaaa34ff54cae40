"""The scheduler's loop: ready tasks in, task messages out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND, Clock, microseconds, steady_us
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.message import (
    COMMAND_QUEUE,
    SCHEDULER_QUEUE,
    Command,
    CommandKind,
    HoldChanged,
    ProcessCancelled,
    SlotsReleased,
    TaskAction,
    TaskMessage,
    task_queue,
)
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.leading import LeadingStage
from airavata_workload.partition import Partition
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.task_queue import Message, TaskQueue
from airavata_workload.scheduler.place_check import CHECK_INTERVAL_S, MAX_CHECKED, needless
from airavata_workload.scheduler.waiting_room import WaitingRoom
from airavata_workload.stage import decoded, each_or_set_aside

log = structlog.get_logger("airavata_workload.scheduler")

BATCH = 256
MAX_WAIT_S = 1.0
NOTE_INTERVAL_S = 1.0
MAX_NOTES = 1000
PLACE_REUSE_S = 0.5
"""For how long tasks may follow one another in a place that nobody else waits for. A hold, or another gateway's task,
comes that much later at most."""
MAX_REUSES = 32
HELD_CHECK_INTERVAL_S = 30.0
"""How often is looked whether held experiments still are: who released one may not have been able to tell."""
MAX_ENDED = 10_000
"""Attempts whose end is remembered."""


class Scheduler(LeadingStage):
    """Holds ready tasks back until they may go, and says what they wait for.

    A task is acknowledged when it is in the waiting room, which is only
    memory: should the scheduler die, the next one has every running experiment
    resumed, so that the ready tasks are read from the graph store again.
    ``clock`` says when a start that was asked for has come; for how long
    anything waits is measured by ``steady``, which does not jump.
    """

    name = "scheduler"

    def __init__(
        self,
        *,
        nodes: RecoveryNodes,
        partition: Partition,
        queue: TaskQueue,
        graph: GraphStore,
        registry: Registry,
        new_room: Callable[[], WaitingRoom],
        clock: Clock,
        steady: Clock = steady_us,
    ) -> None:
        super().__init__(nodes, f"{self.name}{partition.name}")
        self._session = nodes.session
        self._partition = partition
        self._queue = queue
        self._graph = graph
        self._registry = registry
        self._new_room = new_room
        self._room = new_room()
        self._kinds: tuple[str, ...] = ()
        self._next_kinds_us = 0
        self._next_check_us = 0
        self._next_held_check_us = 0
        self._clock = clock
        self._steady = steady
        # A message may come twice: whoever has ended meanwhile does not get a place again.
        self._ended: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._noted: dict[str, str] = {}
        self._waiting_before: set[str] = set()
        self._next_note_us = 0
        self._state: Mapping[str, Any] = {}

    def state(self) -> Mapping[str, Any]:
        """As ``WaitingRoom.state``, a second ago; may be asked from any thread. Empty while it does not lead."""
        return self._state

    def take_over(self) -> None:
        """Learn what runs, and have what is ready sent again: the scheduler before may have died with it."""
        mine = self._partition.experiments()
        for task in self._graph.executing():
            if not task.parked and task.experiment_id in mine:
                self._room.occupy(TaskMessage.of(task, {}), self._steady())
        # What has no living driver is resumed by whoever adopts it.
        driven = [experiment_id for experiment_id, owner in mine.items() if owner]
        commands = [Command(kind=CommandKind.RESUME, experiment_id=each, by=self._session) for each in driven]
        if commands:
            self._queue.publish([Message(queue=COMMAND_QUEUE, body=each.to_body()) for each in commands])

    def give_way(self) -> None:
        """Forget what waits; the leader has it."""
        self._room = self._new_room()
        self._noted.clear()
        self._waiting_before.clear()
        self._state = {}

    def work(self) -> None:
        """Take in what has come, send what may go."""
        self._room.follow_wall_clock(self._clock() - self._steady())
        if self._steady() >= self._next_kinds_us:
            workers = self._partition.workers()
            self._room.serve(workers)
            self._kinds = tuple(sorted(workers))
            self._next_kinds_us = self._steady() + microseconds(NOTE_INTERVAL_S)
        deliveries = self._queue.consume([SCHEDULER_QUEUE], BATCH, self._wait_s())
        with self.dealing_with(self._queue, deliveries):
            if deliveries and not self.still_leads():
                self._queue.hand_back(deliveries)
                return
            items = decoded(self._queue, deliveries)
            done = each_or_set_aside(self._queue, items, self._take_in)
            self._dispatch()
            self._queue.acknowledge(done)
        self._check_places()
        self._check_held()
        self._note_reasons()

    def _wait_s(self) -> float:
        due_us = self._room.next_due_us()
        if due_us is None:
            return MAX_WAIT_S
        return min(MAX_WAIT_S, max(0.0, (due_us - self._steady()) / MICROSECONDS_PER_SECOND))

    def _take_in(self, message: object) -> None:
        if isinstance(message, TaskMessage):
            self._room.add(message, self._steady())
        elif isinstance(message, SlotsReleased):
            for slot in message.slots:
                self._room.released(slot, self._steady())
                self._ended[slot.task_id, slot.attempt] = None
                if slot.successor is not None and (slot.successor.task_id, slot.successor.attempt) not in self._ended:
                    self._room.occupy(slot.successor, self._steady())
            while len(self._ended) > MAX_ENDED:
                self._ended.popitem(last=False)
        elif isinstance(message, HoldChanged):
            self._hold_or_release(message.experiment_id)
        elif isinstance(message, ProcessCancelled):
            self._room.forget(message.experiment_id, message.process_id)
        else:
            raise TypeError(f"the scheduler does not read a {type(message).__name__}")

    def _hold_or_release(self, experiment_id: str) -> None:
        try:
            held = self._registry.experiment(experiment_id).held
        except NotFoundError:
            held = False
        if held:
            self._room.hold(experiment_id)
        else:
            self._room.release(experiment_id)

    def _dispatch(self) -> None:
        tasks = self._room.dispatch(self._steady())
        if not tasks:
            return
        try:
            self._queue.publish(
                [
                    Message(
                        queue=task_queue(task.kind),
                        body=self._with_reuse(task).to_body(),
                        priority=task.priority if task.action is TaskAction.EXECUTE else 100,
                    )
                    for task in tasks
                ],
                durable=False,
            )
        except BaseException:
            self._room.take_back(tasks)
            raise

    def _with_reuse(self, task: TaskMessage) -> TaskMessage:
        """The task, with leave for the next one to follow it, unless somebody might have to wait for that."""
        if task.action is TaskAction.CANCEL or self._room.contested(task.resource):
            return task
        until_us = self._clock() + microseconds(PLACE_REUSE_S)
        return replace(task, reuse=PlaceReuse(until_us=until_us, left=MAX_REUSES, kinds=self._kinds))

    def _check_places(self) -> None:
        """Take back, now and then, the places of tasks whose end was not told."""
        now_us = self._steady()
        if now_us < self._next_check_us:
            return
        self._next_check_us = now_us + microseconds(NOTE_INTERVAL_S)
        old = self._room.places(now_us - microseconds(CHECK_INTERVAL_S), MAX_CHECKED)
        for slot in needless(self._graph, old, now_us):
            log.warning("a place was taken back", task=slot.task_id, attempt=slot.attempt, resource=slot.resource)
            self._room.released(slot, now_us)

    def _check_held(self) -> None:
        """Let go, now and then, what is held no more."""
        now_us = self._steady()
        if now_us < self._next_held_check_us:
            return
        self._next_held_check_us = now_us + microseconds(HELD_CHECK_INTERVAL_S)
        held = self._room.held()
        known = self._registry.standings(held) if held else {}
        for experiment_id in held:
            if experiment_id not in known or not known[experiment_id].held:
                self._room.release(experiment_id)

    def _note_reasons(self) -> None:
        """Write down, now and then, what tasks wait for, as far as it has changed."""
        now_us = self._steady()
        if now_us < self._next_note_us:
            return
        self._next_note_us = now_us + microseconds(NOTE_INTERVAL_S)
        self._state = self._room.state(now_us)
        present: dict[str, str] = {}
        for task_id, reason in self._room.reasons():
            present[task_id] = reason
            if len(present) >= MAX_NOTES:
                break
        # Only what was waiting a round ago already: under load most tasks wait for milliseconds.
        changed = {
            task_id: reason
            for task_id, reason in present.items()
            if task_id in self._waiting_before and self._noted.get(task_id) != reason
        }
        if changed:
            self._graph.note_waiting(changed)
        self._noted = {task_id: self._noted[task_id] for task_id in present if task_id in self._noted} | changed
        self._waiting_before = set(present)
