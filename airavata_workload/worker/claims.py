"""The attempts that a worker has claimed: none runs twice here, and none is left to nobody."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import NotFoundError, UnavailableError
from airavata_workload.domain.message import TaskMessage
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task
from airavata_workload.domain.transition import claim_of
from airavata_workload.ports.graph_store import GraphStore

MAX_REMEMBERED = 10_000
DOUBT_S = 120.0
"""For how long a claim whose answer got lost may still turn out to be stored: longer than a store goes on trying."""
LOOK_INTERVAL_S = 2.0

_Attempt = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of a claim: whether the task is ours to run, the task as it is now, and when it was claimed."""

    granted: bool
    task: Task | None
    at_us: int


class Claims:
    """Claims attempts for the worker of ``session``; may be used from any thread.

    A task runs here from the moment it is granted until ``finished``. Methods
    that claim raise what the graph store raises.
    """

    def __init__(
        self, graph: GraphStore, session: str, clock: Clock, steady_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._graph = graph
        self._session = session
        self._clock = clock
        self._steady_s = steady_s
        self._lock = threading.Lock()
        # How often, because a task that is claimed for a slot may come as a message at the same moment.
        self._running: Counter[str] = Counter()
        # What was done and told here: should its message come again, it is not run again.
        self._done: OrderedDict[_Attempt, None] = OrderedDict()
        self._doubtful: OrderedDict[_Attempt, tuple[TaskMessage, float]] = OrderedDict()
        self._next_look_s = 0.0

    def claim(self, messages: Sequence[TaskMessage]) -> list[Claim]:
        """Claim the attempts of messages that have come; those that are granted run from now on."""
        if not messages:
            return []
        at_us = self._clock()
        try:
            answers = self._graph.apply([claim_of(message, self._session, at_us) for message in messages])
        except UnavailableError:
            self._doubt(messages)
            raise
        claims = []
        for message, answer in zip(messages, answers, strict=True):
            with self._lock:
                granted = answer.accepted or self._is_ours(message, answer.task)
                if granted:
                    self._running[message.task_id] += 1
            claims.append(Claim(granted, answer.task, at_us))
        return claims

    def claim_next(self, message: TaskMessage) -> Claim:
        """Claim an attempt for which no message has come."""
        # First, so that its message, should it come now, is not taken for one of a claim whose answer got lost.
        self.begin(message)
        at_us = self._clock()
        granted = False
        try:
            (answer,) = self._graph.apply([claim_of(message, self._session, at_us)])
            granted = answer.accepted
        except UnavailableError:
            self._doubt([message])
            raise
        finally:
            if not granted:
                self._leave(message.task_id)
        return Claim(granted, answer.task, at_us)

    def begin(self, message: TaskMessage) -> None:
        """It runs from now on, without a claim."""
        with self._lock:
            self._running[message.task_id] += 1

    def finished(self, message: TaskMessage, *, attempt_over: bool) -> None:
        """It runs no more; with ``attempt_over`` the attempt has its outcome."""
        with self._lock:
            if attempt_over:
                self._remember(message)
        self._leave(message.task_id)

    def running(self) -> int:
        """How many tasks run now."""
        with self._lock:
            return len(self._running)

    def left_behind(self) -> list[TaskMessage]:
        """Attempts whose claim was stored and nobody here knew it: nobody runs them, they are to be given back.

        Each is returned once. Looks now and then, and only for claims whose
        answer got lost. Raises what the graph store raises.
        """
        present_s = self._steady_s()
        with self._lock:
            if not self._doubtful or present_s < self._next_look_s:
                return []
            self._next_look_s = present_s + LOOK_INTERVAL_S
            doubtful = list(self._doubtful.items())
        found = []
        for attempt, (message, since_s) in doubtful:
            stored = self._stored(message)
            with self._lock:
                ours = self._is_ours(message, stored)
                if ours:
                    self._remember(message)
                    found.append(message)
                if ours or present_s > since_s + DOUBT_S:
                    self._doubtful.pop(attempt, None)
        return found

    def _stored(self, message: TaskMessage) -> Task | None:
        try:
            return self._graph.task(message.task_id)
        except NotFoundError:
            return None

    def _is_ours(self, message: TaskMessage, task: Task | None) -> bool:
        """Whether a claim of ours was stored although its answer got lost, so that nobody runs the task."""
        return (
            task is not None
            and task.state is TaskState.EXECUTING
            and (task.attempt, task.owner) == (message.attempt, self._session)
            and not task.parked
            and message.task_id not in self._running
            and (message.task_id, message.attempt) not in self._done
        )

    def _doubt(self, messages: Sequence[TaskMessage]) -> None:
        with self._lock:
            for message in messages:
                self._doubtful[message.task_id, message.attempt] = (message, self._steady_s())
            while len(self._doubtful) > MAX_REMEMBERED:
                self._doubtful.popitem(last=False)

    def _remember(self, message: TaskMessage) -> None:
        self._done[message.task_id, message.attempt] = None
        while len(self._done) > MAX_REMEMBERED:
            self._done.popitem(last=False)

    def _leave(self, task_id: str) -> None:
        with self._lock:
            self._running[task_id] -= 1
            if self._running[task_id] <= 0:
                del self._running[task_id]
