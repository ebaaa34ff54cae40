"""The scheduler's loop: ready tasks in, task messages out."""

from __future__ import annotations

from collections.abc import Callable, Collection

from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND, Clock, microseconds
from airavata_workload.domain.message import (
    SCHEDULER_QUEUE,
    HoldChanged,
    SlotsReleased,
    TaskAction,
    TaskMessage,
    task_queue,
)
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.task_queue import Message, TaskQueue
from airavata_workload.scheduler.waiting_room import WaitingRoom
from airavata_workload.stage import Stage, decoded, each_or_set_aside

BATCH = 256
MAX_WAIT_S = 1.0
NOTE_INTERVAL_S = 1.0
MAX_NOTES = 1000


class Scheduler(Stage):
    """Holds ready tasks back until they may go, and says what they wait for.

    A task is acknowledged when it is in the waiting room, which is only
    memory: should the scheduler die, recovery reads the ready tasks from the
    graph store again.
    """

    name = "scheduler"

    def __init__(
        self,
        *,
        queue: TaskQueue,
        graph: GraphStore,
        room: WaitingRoom,
        kinds: Callable[[], Collection[str]],
        clock: Clock,
    ) -> None:
        """``kinds`` tells for which kinds of tasks workers run now."""
        super().__init__()
        self._queue = queue
        self._graph = graph
        self._room = room
        self._kinds = kinds
        self._next_kinds_us = 0
        self._clock = clock
        self._noted: dict[str, str] = {}
        self._waiting_before: set[str] = set()
        self._next_note_us = 0

    def round(self) -> None:
        """Take in what has come, send what may go."""
        if self._clock() >= self._next_kinds_us:
            self._room.serve(self._kinds())
            self._next_kinds_us = self._clock() + microseconds(NOTE_INTERVAL_S)
        deliveries = self._queue.consume([SCHEDULER_QUEUE], BATCH, self._wait_s())
        with self.dealing_with(self._queue, deliveries):
            items = decoded(self._queue, deliveries)
            done = each_or_set_aside(self._queue, items, self._take_in)
            self._dispatch()
            self._queue.acknowledge(done)
        self._note_reasons()

    def _wait_s(self) -> float:
        due_us = self._room.next_due_us()
        if due_us is None:
            return MAX_WAIT_S
        return min(MAX_WAIT_S, max(0.0, (due_us - self._clock()) / MICROSECONDS_PER_SECOND))

    def _take_in(self, message: object) -> None:
        if isinstance(message, TaskMessage):
            self._room.add(message)
        elif isinstance(message, SlotsReleased):
            for slot in message.slots:
                self._room.released(slot, self._clock())
        elif isinstance(message, HoldChanged):
            if message.forget:
                self._room.forget(message.experiment_id)
            elif message.held:
                self._room.hold(message.experiment_id)
            else:
                self._room.release(message.experiment_id)
        else:
            raise TypeError(f"the scheduler does not read a {type(message).__name__}")

    def _dispatch(self) -> None:
        tasks = self._room.dispatch(self._clock())
        if not tasks:
            return
        try:
            self._queue.publish(
                [
                    Message(
                        queue=task_queue(task.kind),
                        body=task.to_body(),
                        priority=task.priority if task.action is TaskAction.EXECUTE else 100,
                    )
                    for task in tasks
                ]
            )
        except BaseException:
            self._room.take_back(tasks)
            raise

    def _note_reasons(self) -> None:
        """Write down, now and then, what tasks wait for, as far as it has changed."""
        now_us = self._clock()
        if now_us < self._next_note_us:
            return
        self._next_note_us = now_us + microseconds(NOTE_INTERVAL_S)
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
