"""The orchestrator's loop: outcomes in, transitions and ready tasks out."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

import structlog

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import NotFoundError, UnavailableError
from airavata_workload.domain.message import (
    ORCHESTRATOR_QUEUE,
    OutcomeMessage,
    TaskAction,
)
from airavata_workload.domain.states import ExperimentState
from airavata_workload.domain.transition import Transition, transition_of
from airavata_workload.orchestrator import decision
from airavata_workload.orchestrator.commands import Commands
from airavata_workload.orchestrator.freed_places import freed_places
from airavata_workload.orchestrator.progress import Progress
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.task_queue import Delivery, TaskQueue
from airavata_workload.stage import Stage, decoded, each_or_set_aside

log = structlog.get_logger("airavata_workload.orchestrator")

BATCH = 128
WAIT_S = 1.0
MAX_UNSETTLED = 4
"""Batches of outcomes that are stored and published, and still to be written down: then the next one waits."""

_Outcomes = Sequence[tuple[Delivery, OutcomeMessage]]


class Orchestrator(Stage):
    """Reads outcomes, in batches, so that many transitions share one commit.

    While one batch is written down, the next is taken: a batch is acknowledged
    when all that follows from it is stored.
    """

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
        self._unsettled: deque[tuple[Future[None], _Outcomes]] = deque()

    def round(self) -> None:
        """Deal with one batch."""
        self._settle(at_most=MAX_UNSETTLED)
        deliveries = self._queue.consume([ORCHESTRATOR_QUEUE], BATCH, WAIT_S)
        if not deliveries:
            return
        with self.dealing_with(self._queue, deliveries):
            messages = decoded(self._queue, deliveries)
            outcomes = [(delivery, message) for delivery, message in messages if isinstance(message, OutcomeMessage)]
            others = [(delivery, message) for delivery, message in messages if not isinstance(message, OutcomeMessage)]
            self._queue.acknowledge(each_or_set_aside(self._queue, others, _refuse))
            if outcomes:
                self._apply_all(outcomes)

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of the present round, and until all is written down."""
        end_s = time.monotonic() + timeout_s
        ended = super().join(timeout_s)
        if ended:
            with contextlib.suppress(TimeoutError, UnavailableError):  # what is not acknowledged comes again
                self._settle(at_most=0, timeout_s=max(0.1, end_s - time.monotonic()))
        return ended and not self._unsettled

    def _settle(self, at_most: int, timeout_s: float | None = None) -> None:
        """Wait until no more than ``at_most`` batches are still to be written down.

        Raises ``UnavailableError`` if one could not be, and ``TimeoutError``.
        """
        while self._unsettled and (len(self._unsettled) > at_most or self._unsettled[0][0].done()):
            written, items = self._unsettled[0]
            with self.dealing_with(self._queue, [delivery for delivery, _ in items]):
                try:
                    written.result(timeout_s)
                except TimeoutError:
                    raise
                except UnavailableError:
                    self._unsettled.popleft()
                    raise
                except Exception as error:  # noqa: BLE001 - logged where they are applied one by one
                    self._unsettled.popleft()
                    self._apply_one_by_one(items, error)
                else:
                    self._unsettled.popleft()

    def _apply_all(self, items: _Outcomes) -> None:
        try:
            written = self._apply([outcome for _, outcome in items])
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - logged where they are applied one by one
            self._apply_one_by_one(items, error)
            return
        deliveries = [delivery for delivery, _ in items]
        self._unsettled.append((written, items))
        written.add_done_callback(lambda future: None if future.exception() else self._queue.acknowledge(deliveries))

    def _apply_one_by_one(self, items: _Outcomes, error: Exception) -> None:
        """One of them cannot be digested; the others must not wait for it."""
        log.error("outcomes are applied one by one", outcomes=len(items), exc_info=error)
        done = each_or_set_aside(self._queue, items, lambda outcome: self._apply([outcome]).result())  # type: ignore[list-item]
        self._queue.acknowledge(done)

    def _apply(self, outcomes: Sequence[OutcomeMessage]) -> Future[None]:
        transitions: list[Transition] = []
        for outcome in outcomes:
            if outcome.action is TaskAction.CANCEL:
                self._commands.cancel_answered(outcome)
                continue
            transition = self._transition(outcome)
            if transition is not None:
                transitions.append(transition)
        return self._progress.apply_at_once(transitions, freed_places(outcomes))

    def _transition(self, outcome: OutcomeMessage) -> Transition | None:
        if outcome.verdict not in decision.NEEDS_TASK:
            return transition_of(outcome)
        try:
            task = self._graph.task(outcome.task_id)
            state = self._registry.experiment(outcome.experiment_id).state
        except NotFoundError:
            log.warning("an outcome of a task that is gone", task=outcome.task_id)
            return None
        cancelling = state is ExperimentState.CANCELING
        return decision.transition_after_trouble(outcome, task, cancelling=cancelling)


def _refuse(message: object) -> None:
    raise TypeError(f"the orchestrator takes no {type(message).__name__} for an outcome")
