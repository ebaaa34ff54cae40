"""The worker: takes task messages, claims their tasks, runs them in its slots, reports outcomes in batches."""

from __future__ import annotations

import queue as thread_queue
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from airavata_workload.domain.change import Event
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import UnavailableError, WorkloadError
from airavata_workload.domain.message import (
    COMMAND_QUEUE,
    ORCHESTRATOR_QUEUE,
    SCHEDULER_QUEUE,
    Command,
    CommandKind,
    OutcomeMessage,
    SlotReleased,
    SlotsReleased,
    TaskAction,
    TaskMessage,
    Verdict,
    task_queue,
)
from airavata_workload.domain.states import TaskState
from airavata_workload.journal import Journal
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.task_queue import Delivery, Message, TaskQueue
from airavata_workload.resources import Resources
from airavata_workload.stage import Stage, decoded
from airavata_workload.threads import DaemonThreads
from airavata_workload.worker.claims import MAX_REMEMBERED, Claim, Claims
from airavata_workload.worker.clerk import Clerk
from airavata_workload.worker.following import Follower, Following
from airavata_workload.worker.performance import Performance, parameters_of, plugin_of
from airavata_workload.worker.run import WorkerRun

log = structlog.get_logger("airavata_workload.worker")

WAIT_S = 1.0
REPORT_BATCH = 128
UNTOLD_IN_A_ROW = 8
"""With so many outcomes on their way, or one for each slot if that is more, no task follows until some have arrived."""
PASS_ON_DELAY_US = 200_000
"""How long a task that is meant for another worker is kept back, so that this one does not take it again at once."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What others are to hear.

    ``answered``: what is acknowledged when it is safe with them; ``frees_slot``: whether a slot comes free then.
    """

    messages: Sequence[Message]
    answered: Sequence[Delivery] = ()
    frees_slot: bool = False


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
        self._untold = 0
        # By process, so that a new process of the same experiment is not meant; kept even if nothing of it runs
        # here now, because a claim may cross the request.
        self._cancelled: OrderedDict[str, None] = OrderedDict()
        self._claims = Claims(graph, session, clock)
        self._following = Following(kinds=kinds, graph=graph, claims=self._claims, clock=clock)
        self._outbox: thread_queue.SimpleQueue[_Told | None] = thread_queue.SimpleQueue()
        self._clerk = Clerk(journal, session)
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
        return self._claims.running()

    # -- taking ------------------------------------------------------------------------
    def round(self) -> None:
        """Take as many tasks as there are free slots, claim them and run those that are ours."""
        self._give_back_left_behind()
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
        to_execute = [message for _, message in tasks if message.action is TaskAction.EXECUTE]
        claims = iter(self._claims.claim(to_execute))
        mine: list[tuple[Delivery, TaskMessage]] = []
        not_mine: list[tuple[Delivery, TaskMessage, Claim]] = []
        for delivery, message in tasks:
            if message.action is TaskAction.CANCEL:
                self._claims.begin(message)
                mine.append((delivery, message))
                continue
            claim = next(claims)
            if not claim.granted:
                not_mine.append((delivery, message, claim))
                continue
            mine.append((delivery, message))
            self._clerk.note(self._clerk.started(message, claim.at_us))
        for delivery, message in mine:
            self._pool.submit(self._run, delivery, message)
        if not_mine:
            self._refuse(not_mine)
        return len(mine)

    def _give_back_left_behind(self) -> None:
        reason = "its claim was stored, and the answer got lost"
        for message in self._claims.left_behind():
            outcome = self._performance.outcome(message, Verdict.HANDED_BACK, reason=reason)
            self._tell(_Told([_outcome_message(outcome)]))

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

    def _refuse(self, not_mine: Sequence[tuple[Delivery, TaskMessage, Claim]]) -> None:
        """Acknowledge what need not run; the scheduler is told, unless an outcome of that attempt will tell it.

        Whoever completed the attempt may have gone on with the next task and
        died, so that nobody heard of either: then the experiment is resumed.
        """
        messages = []
        slots = tuple(
            SlotReleased(task_id=message.task_id, resource=message.resource, attempt=message.attempt, performed=False)
            for _, message, claim in not_mine
            if claim.task is None
            or claim.task.attempt != message.attempt
            or claim.task.state is not TaskState.EXECUTING
        )
        if slots:
            messages.append(Message(queue=SCHEDULER_QUEUE, body=SlotsReleased(slots=slots).to_body(), priority=100))
        completed = {
            message.experiment_id
            for _, message, claim in not_mine
            if claim.task is not None
            and (claim.task.attempt, claim.task.state) == (message.attempt, TaskState.COMPLETED)
        }
        for experiment_id in sorted(completed):
            resume = Command(kind=CommandKind.RESUME, experiment_id=experiment_id, by=self._session)
            messages.append(Message(queue=COMMAND_QUEUE, body=resume.to_body()))
        self._tell(_Told(messages, [delivery for delivery, _, _ in not_mine]))

    # -- running ----------------------------------------------------------------------
    def _run(self, delivery: Delivery, message: TaskMessage) -> None:
        """Run the task, and those that follow it in its place.

        The message is answered at the end of the last of them: until then it
        stands for all, should this worker die.
        """
        while True:
            outcome = self._performed(message)
            follower = self._follower(message, outcome)
            told = [_outcome_message(outcome)] if follower is None else self._news(message, outcome, follower)
            if follower is None or follower.claimed_at_us is None:
                break
            self._tell(_Told(told))
            message = follower.message
        with self._lock:
            # The next task need not wait until this outcome is safe, as long as few outcomes are on their way.
            early = self._untold < self._slots
        self._tell(_Told(told, [delivery], frees_slot=not early))
        if early:
            self._free.release()

    def _performed(self, message: TaskMessage) -> OutcomeMessage:
        try:
            outcome = self._outcome(message)
        except BaseException as error:  # a slot that ended without an outcome would leave the task open for ever
            log.exception("a task's outcome was lost", task=message.task_id)
            outcome = self._performance.broken(message, error)
        finally:
            self._claims.finished(message, attempt_over=message.action is TaskAction.EXECUTE)
        return outcome

    def _follower(self, message: TaskMessage, outcome: OutcomeMessage) -> Follower | None:
        """The task to go on with. Whatever hinders that, the outcome can still be told."""
        busy = self._untold >= max(self._slots, UNTOLD_IN_A_ROW)
        if busy or self._stopping.is_set() or message.process_id in self._cancelled:
            return None
        try:
            return self._following.of(message, outcome)
        except UnavailableError as error:
            log.warning("the end of a task is left to the orchestrator", task=message.task_id, error=str(error))
        except Exception:
            log.exception("no task could follow", task=message.task_id)
        return None

    def _news(self, message: TaskMessage, outcome: OutcomeMessage, follower: Follower) -> list[Message]:
        """What others are to hear when a task has followed; the audit trail is seen to."""
        changes = [follower.end.change(message.name)]
        if follower.claimed_at_us is not None:
            changes += self._clerk.started(follower.message, follower.claimed_at_us)
        self._clerk.note(changes)
        told = follower.news(message)
        return told if follower.alone else [*told, _outcome_message(outcome)]

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

    def _tell(self, told: _Told) -> None:
        with self._lock:
            self._untold += not told.frees_slot
        self._outbox.put(told)

    def _report(self, batch: Sequence[_Told]) -> None:
        if not batch:
            return
        messages = [message for told in batch for message in told.messages]
        delay_s = 0.1
        while True:
            try:
                self._queue.publish(messages, durable=False)
                self._queue.acknowledge([delivery for told in batch for delivery in told.answered])
                break
            except UnavailableError as error:
                # An outcome is not given up: with one untold for each slot no slot comes free, which stops new work.
                log.warning("outcomes wait for the queue", outcomes=len(batch), error=str(error))
                time.sleep(delay_s)
                delay_s = min(5.0, delay_s * 2)
        late = sum(told.frees_slot for told in batch)
        with self._lock:
            self._untold -= len(batch) - late
        if late:
            self._free.release(late)


def _outcome_message(outcome: OutcomeMessage) -> Message:
    return Message(queue=ORCHESTRATOR_QUEUE, body=outcome.to_body(), priority=10)
