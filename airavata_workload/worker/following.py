"""Lets the next task of an experiment have the place of the one that has ended, without asking anybody.

Between the two lie two transactions of the graph store. The first stores the
outcome, as the orchestrator would have done; the second claims the task that
it made ready, here if this worker has its kind. Otherwise it is sent to those
that do. Whoever dies in between leaves the message of the first task
unacknowledged: it comes to another worker, which finds the attempt ended and
has the experiment resumed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.job import JOB_OUTPUT
from airavata_workload.domain.message import (
    SCHEDULER_QUEUE,
    OutcomeMessage,
    SlotReleased,
    SlotsReleased,
    TaskAction,
    TaskMessage,
    Verdict,
    task_queue,
)
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.domain.task import Task
from airavata_workload.domain.task_parameters import resolved_parameters
from airavata_workload.domain.transition import Applied, Transition, transition_of
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.task_queue import Message
from airavata_workload.worker.claims import Claims


@dataclass(frozen=True, slots=True)
class Follower:
    """A task as it would have been sent by the scheduler, and the end of the one before it, which is stored.

    ``claimed_at_us``: when it was claimed for this worker; ``None`` if it is
    for others. ``alone``: the end made nothing else ready, so the orchestrator
    need not hear of it.
    """

    message: TaskMessage
    claimed_at_us: int | None
    end: Transition
    alone: bool

    def news(self, before: TaskMessage) -> list[Message]:
        """Tells the scheduler that the place of the task before has passed on, and the workers whom it is for."""
        place = SlotReleased(
            task_id=before.task_id,
            resource=before.resource,
            attempt=before.attempt,
            successor=replace(self.message, parameters={}),
        )
        told = [Message(queue=SCHEDULER_QUEUE, body=SlotsReleased(slots=(place,)).to_body(), priority=100)]
        if self.claimed_at_us is None:
            task = self.message
            told.append(Message(queue=task_queue(task.kind), body=task.to_body(), priority=task.priority))
        return told


class Following:
    """Finds and claims followers for a worker of these kinds."""

    def __init__(self, *, kinds: Collection[str], graph: GraphStore, claims: Claims, clock: Clock) -> None:
        self._kinds = frozenset(kinds)
        self._graph = graph
        self._claims = claims
        self._clock = clock

    def of(self, before: TaskMessage, outcome: OutcomeMessage) -> Follower | None:
        """The task that follows, claimed or to be sent; ``None`` if there is none, or it has to be asked for.

        The outcome may be stored then all the same. Raises what the graph store raises.
        """
        reuse = before.reuse
        if reuse is None or not self._may_be_followed(before, outcome, reuse):
            return None
        end = transition_of(outcome)
        (applied,) = self._graph.apply([end])
        candidates = self._candidates(before, reuse, applied) if applied.accepted else []
        alone = len(applied.unblocked) == 1
        for message in candidates:
            if message.kind in self._kinds:
                claim = self._claims.claim_next(message)
                return Follower(message, claim.at_us, end, alone) if claim.granted else None
        return Follower(candidates[0], None, end, alone) if candidates else None

    def _may_be_followed(self, before: TaskMessage, outcome: OutcomeMessage, reuse: PlaceReuse) -> bool:
        """A job that is handed on is the orchestrator's business: it has to be watched, or cancelled, by somebody."""
        plain = outcome.verdict is Verdict.COMPLETED and JOB_OUTPUT not in outcome.outputs
        return before.action is TaskAction.EXECUTE and plain and reuse.left > 0 and self._clock() < reuse.until_us

    def _candidates(self, before: TaskMessage, reuse: PlaceReuse, applied: Applied) -> list[TaskMessage]:
        """The tasks that became ready and may have the place."""
        ready = [
            message
            for task in applied.unblocked
            if task.when.fires(task.unsuccessful_predecessors) and (message := _message(task, applied)) is not None
        ]
        now_us = self._clock()
        return [
            replace(message, reuse=reuse.used())
            for message in ready
            if _may_follow(message, before.resource, reuse, now_us)
        ]


def _may_follow(follower: TaskMessage, resource: str, reuse: PlaceReuse, now_us: int) -> bool:
    """Not if it has to wait, or is meant for another worker: the scheduler sees to that."""
    waits = bool(follower.not_before_us or follower.avoid)
    return follower.resource == resource and not waits and reuse.covers(follower.kind, now_us)


def _message(task: Task, applied: Applied) -> TaskMessage | None:
    """As the orchestrator would have sent it; ``None`` if it cannot be run, which the orchestrator will say."""
    try:
        return TaskMessage.of(task, resolved_parameters(task, applied.upstream_outputs))
    except DagError:
        return None
