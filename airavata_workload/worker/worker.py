"""The worker: takes task messages, claims their tasks, runs them in its slots, reports outcomes in batches."""

from __future__ import annotations

import queue as thread_queue
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from airavata_workload.domain.change import Event
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import UnavailableError, WorkloadError
from airavata_workload.domain.message import (
    ORCHESTRATOR_QUEUE,
    SCHEDULER_QUEUE,
    OutcomeMessage,
    SlotReleased,
    SlotsReleased,
    TaskAction,
    TaskMessage,
    task_queue,
)
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.transition import Applied, Transition
from airavata_workload.journal import Journal
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.task_queue import Delivery, Message, TaskQueue
from airavata_workload.resources import Resources
from airavata_workload.stage import Stage, decoded
from airavata_workload.threads import DaemonThreads
from airavata_workload.worker.performance import Performance, parameters_of, plugin_of
from airavata_workload.worker.run import WorkerRun
from airavata_workload.worker.starts_clerk import StartsClerk

log = structlog.get_logger("airavata_workload.worker")

WAIT_S = 1.0
REPORT_BATCH = 128
MAX_REMEMBERED = 10_000
PASS_ON_DELAY_US = 200_000
"""How long a task that is meant for another worker is kept back, so that this one does not take it again at once."""

_Told = tuple[OutcomeMessage, Delivery, bool]
"""An outcome, the message that it answers, and whether its slot has been given free already."""


class Worker(Stage):
    """Runs tasks of the given kinds, ``slots`` at once."""

    name = "worker"

    def __init__(
        self,
        *,
        kinds: Sequence[str],
        slots: int,
        session: str,
        queue: TaskQueue,
        graph: GraphStore,
        journal: Journal,
        bus: EventBus,
        resources: Resources,
        scratch_root: Path,
        clock: Clock,
    ) -> None:
        super().__init__()
        self._queues = [task_queue(kind) for kind in kinds]
        self._slots = slots
        self._session = session
        self._queue = queue
        self._graph = graph
        self._bus = bus
        self._resources = resources
        self._scratch_root = scratch_root
        self._clock = clock
        self._performance = Performance(session, clock)
        self._pool = DaemonThreads(slots, "worker-slot")
        self._free = threading.Semaphore(slots)
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._untold = 0
        # By process, so that a new process of the same experiment is not meant; kept even if nothing of it runs
        # here now, because a claim may cross the request.
        self._cancelled: OrderedDict[str, None] = OrderedDict()
        # What was done and told here: should its message come again, it is not run again.
        self._done: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._outbox: thread_queue.SimpleQueue[_Told | None] = thread_queue.SimpleQueue()
        self._clerk = StartsClerk(journal, session)
        self._reporter = threading.Thread(target=self._report_loop, name="worker-reporter", daemon=True)
        self._unsubscribe = bus.subscribe(self._on_control, topics=["control"])

    # -- life ------------------------------------------------------------------------
    def start(self) -> None:
        """Start taking tasks."""
        self._reporter.start()
        self._clerk.start()
        super().start()

    def join(self, timeout_s: float) -> bool:
        """Finish what runs, report it, and end. False if that takes longer than ``timeout_s``.

        What has not ended by then is not lost: whoever recovers the experiment hands it out anew.
        """
        end_s = time.monotonic() + timeout_s
        ended = super().join(timeout_s)
        self._unsubscribe()
        for _ in range(self._slots):
            ended = self._free.acquire(timeout=max(0.0, end_s - time.monotonic())) and ended
        self._pool.close()
        self._clerk.close(max(0.1, end_s - time.monotonic()))
        if self._reporter.is_alive():
            self._outbox.put(None)
            self._reporter.join(max(0.1, end_s - time.monotonic()))
        return ended

    def busy(self) -> int:
        """How many tasks run now."""
        with self._lock:
            return len(self._running)

    # -- taking ------------------------------------------------------------------------
    def round(self) -> None:
        """Take as many tasks as there are free slots, claim them and run those that are ours."""
        if not self._free.acquire(timeout=WAIT_S):
            return
        slots = 1
        while slots < self._slots and self._free.acquire(blocking=False):
            slots += 1
        try:
            deliveries = self._queue.consume(self._queues, slots, WAIT_S)
            with self.dealing_with(self._queue, deliveries):
                started = self._begin(deliveries) if deliveries else 0
        except BaseException:
            self._free.release(slots)
            raise
        if started < slots:
            self._free.release(slots - started)

    def _begin(self, deliveries: Sequence[Delivery]) -> int:
        tasks = [
            (delivery, message)
            for delivery, message in decoded(self._queue, deliveries)
            if isinstance(message, TaskMessage)
        ]
        tasks = self._passed_on(tasks)
        claims = [self._claim(message) for _, message in tasks if message.action is TaskAction.EXECUTE]
        granted = iter(self._graph.apply(claims) if claims else [])
        mine: list[tuple[Delivery, TaskMessage]] = []
        not_mine: list[tuple[Delivery, TaskMessage, Applied]] = []
        for delivery, message in tasks:
            claim = None if message.action is TaskAction.CANCEL else next(granted)
            if claim is None or claim.accepted or self._is_ours(message, claim):
                mine.append((delivery, message))
            else:
                not_mine.append((delivery, message, claim))
        for delivery, message in mine:
            with self._lock:
                self._running.add(message.task_id)
            self._pool.submit(self._run, delivery, message)
        if not_mine:
            self._refuse(not_mine)
        times_us = {claim.task_id: claim.at_us for claim in claims}
        self._clerk.note([(each, times_us[each.task_id]) for _, each in mine if each.action is TaskAction.EXECUTE])
        return len(mine)

    def _passed_on(self, tasks: list[tuple[Delivery, TaskMessage]]) -> list[tuple[Delivery, TaskMessage]]:
        """The tasks that are for this worker; those that another one should try are given back to the scheduler."""
        mine: list[tuple[Delivery, TaskMessage]] = []
        others: list[Delivery] = []
        messages: list[Message] = []
        for delivery, message in tasks:
            again = message.passed_on(self._session, self._clock(), PASS_ON_DELAY_US)
            if again is None:
                mine.append((delivery, message))
            else:
                others.append(delivery)
                messages.append(Message(queue=SCHEDULER_QUEUE, body=again.to_body(), priority=again.priority))
        if messages:
            self._queue.publish(messages)
            self._queue.acknowledge(others)
        return mine

    def _is_ours(self, message: TaskMessage, claim: Applied) -> bool:
        """Whether an earlier claim of ours was stored although the answer got lost, so that nobody runs the task."""
        task = claim.task
        with self._lock:
            return (
                task is not None
                and task.state is TaskState.EXECUTING
                and (task.attempt, task.owner) == (message.attempt, self._session)
                and not task.parked
                and message.task_id not in self._running
                and (message.task_id, message.attempt) not in self._done
            )

    def _refuse(self, not_mine: Sequence[tuple[Delivery, TaskMessage, Applied]]) -> None:
        """Acknowledge what need not run; the scheduler is told, unless an outcome of that attempt will tell it."""
        slots = tuple(
            SlotReleased(task_id=message.task_id, resource=message.resource, attempt=message.attempt, performed=False)
            for _, message, claim in not_mine
            if claim.task is None
            or claim.task.attempt != message.attempt
            or claim.task.state is not TaskState.EXECUTING
        )
        if slots:
            released = SlotsReleased(slots=slots)
            self._queue.publish([Message(queue=SCHEDULER_QUEUE, body=released.to_body(), priority=100)])
        self._queue.acknowledge([delivery for delivery, _, _ in not_mine])

    def _claim(self, message: TaskMessage) -> Transition:
        return Transition(
            task_id=message.task_id,
            experiment_id=message.experiment_id,
            attempt=message.attempt,
            expected=TaskState.CREATED,
            target=TaskState.EXECUTING,
            at_us=self._clock(),
            by=self._session,
            owner=self._session,
        )

    # -- running ----------------------------------------------------------------------
    def _run(self, delivery: Delivery, message: TaskMessage) -> None:
        try:
            outcome = self._outcome(message)
        except BaseException as error:  # a slot that ended without an outcome would leave the task open for ever
            log.exception("a task's outcome was lost", task=message.task_id)
            outcome = self._performance.broken(message, error)
        finally:
            with self._lock:
                if message.action is TaskAction.EXECUTE:
                    self._done[message.task_id, message.attempt] = None
                while len(self._done) > MAX_REMEMBERED:
                    self._done.popitem(last=False)
                self._running.discard(message.task_id)
        outcome = replace(outcome, reuse=message.reuse)
        with self._lock:
            # The next task need not wait until this outcome is safe, as long as few outcomes are on their way.
            early = self._untold < self._slots
            self._untold += early
        self._outbox.put((outcome, delivery, early))
        if early:
            self._free.release()

    def _outcome(self, message: TaskMessage) -> OutcomeMessage:
        try:
            plugin = plugin_of(message.kind)
            parameters = parameters_of(plugin, message) if message.action is TaskAction.EXECUTE else None
            run = WorkerRun(
                message,
                parameters,  # type: ignore[arg-type]
                resources=self._resources,
                graph=self._graph,
                bus=self._bus,
                scratch_root=self._scratch_root,
                is_cancelled=lambda: message.process_id in self._cancelled,
            )
        except WorkloadError as error:
            return self._performance.of_error(message, error)
        except BaseException as error:
            log.exception("a task could not be begun", task=message.task_id)
            return self._performance.broken(message, error)
        return self._performance.perform(plugin, run, message)

    def _on_control(self, event: Event) -> None:
        if event.body.get("request") == "cancel":
            with self._lock:
                self._cancelled[event.body["process_id"]] = None
                while len(self._cancelled) > MAX_REMEMBERED:
                    self._cancelled.popitem(last=False)

    # -- reporting ---------------------------------------------------------------------
    def _report_loop(self) -> None:
        ended = False
        while not ended:
            batch = [self._outbox.get()]
            while len(batch) < REPORT_BATCH:
                try:
                    batch.append(self._outbox.get_nowait())
                except thread_queue.Empty:
                    break
            ended = None in batch
            self._report([item for item in batch if item is not None])

    def _report(self, batch: Sequence[_Told]) -> None:
        if not batch:
            return
        messages = [Message(queue=ORCHESTRATOR_QUEUE, body=outcome.to_body(), priority=10) for outcome, _, _ in batch]
        delay_s = 0.1
        while True:
            try:
                self._queue.publish(messages, durable=False)
                self._queue.acknowledge([delivery for _, delivery, _ in batch])
                break
            except UnavailableError as error:
                # An outcome is not given up: with one untold for each slot no slot comes free, which stops new work.
                log.warning("outcomes wait for the queue", outcomes=len(batch), error=str(error))
                time.sleep(delay_s)
                delay_s = min(5.0, delay_s * 2)
        early = sum(each[2] for each in batch)
        with self._lock:
            self._untold -= early
        if early < len(batch):
            self._free.release(len(batch) - early)
