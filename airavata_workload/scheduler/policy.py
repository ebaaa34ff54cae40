"""What the scheduler goes by: limits, shares and how long a task is merely normal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from airavata_workload.domain.errors import WorkloadError
from airavata_workload.domain.task import Priority
from airavata_workload.resources import ClusterCatalogue

DEFAULT_AGING_S = 600.0


def _no_queue_limit(_resource: str, _queue: str) -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Limits are numbers of tasks at once; ``None`` is no limit.

    ``host_limit`` is asked with the resource, ``queue_limit`` with the resource
    and its batch queue, each time, so that a changed cluster file counts.
    ``shares`` weighs gateways against each other; one that is not named has 1.
    ``aging_s`` is after how many seconds a normal task is as urgent as an urgent one.
    """

    host_limit: Callable[[str], int]
    queue_limit: Callable[[str, str], int | None] = _no_queue_limit
    user_limit: int | None = None
    gateway_limit: int | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    aging_s: float = DEFAULT_AGING_S

    def share(self, gateway: str) -> float:
        """The gateway's weight."""
        return self.shares.get(gateway, 1.0)

    @staticmethod
    def urgent(priority: int) -> bool:
        """Whether a task of that priority goes before normal ones."""
        return priority > Priority.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLimits:
    """The limits that cluster files set. ``default`` is for a resource whose description cannot be read."""

    clusters: ClusterCatalogue
    default: int

    def host(self, resource: str) -> int:
        """Tasks at once on the resource."""
        try:
            return self.clusters.cluster(resource).max_tasks
        except WorkloadError:
            return self.default

    def queue(self, resource: str, name: str) -> int | None:
        """Tasks at once of experiments that asked for that queue of the resource."""
        try:
            queue = self.clusters.cluster(resource).queue(name)
        except WorkloadError:
            return None
        return queue.max_tasks if queue is not None else None
