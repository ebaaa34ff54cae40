"""The orchestrator's loop: outcomes and commands in, transitions out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import NotFoundError, UnavailableError
from airavata_workload.domain.message import (
    ORCHESTRATOR_QUEUE,
    SCHEDULER_QUEUE,
    AnyMessage,
    Command,
    OutcomeMessage,
    SlotReleased,
    SlotsReleased,
    TaskAction,
    Verdict,
)
from airavata_workload.domain.states import ExperimentState
from airavata_workload.domain.transition import Transition
from airavata_workload.orchestrator import decision
from airavata_workload.orchestrator.commands import Commands
from airavata_workload.orchestrator.progress import Progress
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.task_queue import Delivery, Message, TaskQueue
from airavata_workload.stage import Stage, decoded, each_or_set_aside

log = structlog.get_logger("airavata_workload.orchestrator")

BATCH = 128
WAIT_S = 1.0
COMMAND_THREADS = 8


class Orchestrator(Stage):
    """Reads commands and outcomes, in batches, so that many transitions share one commit."""

    name = "orchestrator"

    def __init__(
        self,
        *,
        graph: GraphStore,
        registry: Registry,
        queue: TaskQueue,
        progress: Progress,
        commands: Commands,
        clock: Clock,
    ) -> None:
        super().__init__()
        self._graph = graph
        self._registry = registry
        self._queue = queue
        self._progress = progress
        self._commands = commands
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=COMMAND_THREADS, thread_name_prefix="orchestrator-command")

    def round(self) -> None:
        """Deal with one batch."""
        deliveries = self._queue.consume([ORCHESTRATOR_QUEUE], BATCH, WAIT_S)
        if not deliveries:
            return
        with self.dealing_with(self._queue, deliveries):
            messages = decoded(self._queue, deliveries)
            outcomes = [(delivery, message) for delivery, message in messages if isinstance(message, OutcomeMessage)]
            others = [(delivery, message) for delivery, message in messages if not isinstance(message, OutcomeMessage)]
            done = self._apply_all(outcomes) if outcomes else []
            done += self._carry_out(others)
            self._queue.acknowledge(done)

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of the present round."""
        ended = super().join(timeout_s)
        self._pool.shutdown(wait=False, cancel_futures=True)
        return ended

    def _carry_out(self, items: Sequence[tuple[Delivery, AnyMessage]]) -> list[Delivery]:
        """Commands about different experiments at once, so that they share commits; about the same one in order."""
        groups: dict[str, list[tuple[Delivery, AnyMessage]]] = {}
        for delivery, message in items:
            groups.setdefault(getattr(message, "experiment_id", ""), []).append((delivery, message))
        futures = [self._pool.submit(each_or_set_aside, self._queue, group, self._command) for group in groups.values()]
        return [delivery for future in futures for delivery in future.result()]

    def _command(self, message: object) -> None:
        if not isinstance(message, Command):
            raise TypeError(f"the orchestrator does not read a {type(message).__name__}")
        self._commands.carry_out(message)

    def _apply_all(self, items: Sequence[tuple[Delivery, OutcomeMessage]]) -> list[Delivery]:
        try:
            self._apply([outcome for _, outcome in items])
        except UnavailableError:
            raise
        except Exception:
            # One of them cannot be digested; the others must not wait for it.
            log.exception("outcomes are applied one by one", outcomes=len(items))
            return each_or_set_aside(self._queue, items, lambda outcome: self._apply([outcome]))  # type: ignore[list-item]
        return [delivery for delivery, _ in items]

    def _apply(self, outcomes: Sequence[OutcomeMessage]) -> None:
        transitions: list[Transition] = []
        messages = [_slots_released(outcomes)]
        for outcome in outcomes:
            if outcome.action is TaskAction.CANCEL:
                self._commands.cancel_answered(outcome)
                continue
            transition = self._transition(outcome)
            if transition is not None:
                transitions.append(transition)
        self._progress.apply(transitions, messages)

    def _transition(self, outcome: OutcomeMessage) -> Transition | None:
        if outcome.verdict not in decision.NEEDS_TASK:
            return decision.transition_of(outcome)
        try:
            task = self._graph.task(outcome.task_id)
            state = self._registry.experiment(outcome.experiment_id).state
        except NotFoundError:
            log.warning("an outcome of a task that is gone", task=outcome.task_id)
            return None
        cancelling = state is ExperimentState.CANCELING
        return decision.transition_after_trouble(outcome, task, cancelling=cancelling)


def _slots_released(outcomes: Sequence[OutcomeMessage]) -> Message:
    slots = tuple(
        SlotReleased(
            task_id=outcome.task_id,
            resource=outcome.resource,
            attempt=outcome.attempt,
            resource_unavailable=outcome.resource_unavailable,
            performed=outcome.verdict is not Verdict.HANDED_BACK,
            reason=outcome.reason,
            action=outcome.action,
        )
        for outcome in outcomes
    )
    return Message(queue=SCHEDULER_QUEUE, body=SlotsReleased(slots=slots).to_body(), priority=100)
