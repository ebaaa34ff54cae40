"""What is kept for the task that has waited longest of all.

A task needs several things at once: a place on its host, one of its user's
tasks, one of its gateway's, one of its batch queue's. Each may become free again
and again, and go each time to a task that needs nothing else. So the one task
that has waited too long gets each of these for itself as it becomes free, until
it has them all. It is one task at a time, so this idles one of each at most.
"""

from __future__ import annotations

from airavata_workload.scheduler.bounds import Bound, Bounds
from airavata_workload.scheduler.lines import Entry, Shelf
from airavata_workload.scheduler.resource import WaitedResource


class Reservation:
    """The task for which things are kept, and what has been kept so far."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._entry: Entry | None = None
        self._resource: WaitedResource | None = None
        self._kept: set[Bound] = set()

    @property
    def free(self) -> bool:
        """Whether nothing is kept for any task; what was kept for one that no longer waits is let go."""
        entry, resource = self._entry, self._resource
        if entry is None or resource is None:
            return True
        if entry.shelf is Shelf.LINED and resource.circuit.closed:
            return False
        self.drop()
        return True

    def keep_for(self, entry: Entry, resource: WaitedResource) -> None:
        """From now on keep things for this task."""
        self._entry, self._resource = entry, resource

    def complete(self) -> tuple[WaitedResource, Entry] | None:
        """Keep what has become free. The task, for which nothing is kept any more, if that was all that it needs."""
        entry, resource = self._entry, self._resource
        if entry is None or resource is None:
            return None
        wanted = self._bounds.of(entry.task)
        for bound in wanted:
            if bound not in self._kept and not self._bounds.full(bound):
                self._bounds.enter((bound,))
                self._kept.add(bound)
        # Cancellations make room, so they go before.
        resource.reserved = len(resource.places) < resource.limit and not resource.cancelling
        if not resource.reserved or len(self._kept) < len(wanted):
            return None
        self.drop()
        return resource, entry

    def drop(self) -> None:
        """Keep nothing any more."""
        if self._resource is not None:
            self._resource.reserved = False
        self._bounds.leave(self._kept)
        self._kept.clear()
        self._entry = self._resource = None
