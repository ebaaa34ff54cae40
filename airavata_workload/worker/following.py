"""Goes on with the next task of an experiment in the place of the one that has ended, without asking anybody.

Between the two lie two transactions of the graph store and no message. The
first stores the outcome, as the orchestrator would have done; the second
claims the task that it made ready. Whoever dies in between leaves the message
of the first task unacknowledged: it comes to another worker, which finds the
attempt ended and has the experiment resumed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.following import may_follow
from airavata_workload.domain.job import JOB_OUTPUT
from airavata_workload.domain.message import OutcomeMessage, SlotReleased, TaskAction, TaskMessage, Verdict
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.domain.task import Task
from airavata_workload.domain.task_parameters import resolved_parameters
from airavata_workload.domain.transition import Applied, Transition, transition_of
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.worker.claims import Claims


@dataclass(frozen=True, slots=True)
class Follower:
    """A task that is claimed, as it would have been sent to this worker, and the end of the one before it.

    ``alone``: the end made nothing else ready, so the orchestrator need not hear of it.
    """

    message: TaskMessage
    claimed_at_us: int
    end: Transition
    alone: bool

    def place(self, before: TaskMessage) -> SlotReleased:
        """Tells the scheduler that the place of the task before has passed on."""
        return SlotReleased(
            task_id=before.task_id,
            resource=before.resource,
            attempt=before.attempt,
            successor=replace(self.message, parameters={}),
        )


class Following:
    """Finds and claims followers for a worker of these kinds."""

    def __init__(self, *, kinds: Collection[str], graph: GraphStore, claims: Claims, clock: Clock) -> None:
        self._kinds = frozenset(kinds)
        self._graph = graph
        self._claims = claims
        self._clock = clock

    def of(self, before: TaskMessage, outcome: OutcomeMessage) -> Follower | None:
        """The task that follows, claimed; ``None`` if there is none, or it has to be asked for.

        The outcome may be stored then all the same. Raises what the graph store raises.
        """
        reuse = before.reuse
        if reuse is None or not self._may_be_followed(before, outcome, reuse):
            return None
        end = transition_of(outcome)
        (applied,) = self._graph.apply([end])
        follower = self._chosen(before, reuse, applied) if applied.accepted else None
        if follower is None:
            return None
        claim = self._claims.claim_next(follower)
        return Follower(follower, claim.at_us, end, len(applied.unblocked) == 1) if claim.granted else None

    def _may_be_followed(self, before: TaskMessage, outcome: OutcomeMessage, reuse: PlaceReuse) -> bool:
        """A job that is handed on is the orchestrator's business: it has to be watched, or cancelled, by somebody."""
        plain = outcome.verdict is Verdict.COMPLETED and JOB_OUTPUT not in outcome.outputs
        return before.action is TaskAction.EXECUTE and plain and reuse.left > 0 and self._clock() < reuse.until_us

    def _chosen(self, before: TaskMessage, reuse: PlaceReuse, applied: Applied) -> TaskMessage | None:
        for task in applied.unblocked:
            if task.kind not in self._kinds or not task.when.fires(task.unsuccessful_predecessors):
                continue
            message = _message(task, applied)
            if message is not None and may_follow(message, before.resource, reuse, self._clock()):
                return replace(message, reuse=reuse.used())
        return None


def _message(task: Task, applied: Applied) -> TaskMessage | None:
    """As the orchestrator would have sent it; ``None`` if it cannot be run, which the orchestrator will say."""
    try:
        return TaskMessage.of(task, resolved_parameters(task, applied.upstream_outputs))
    except DagError:
        return None
