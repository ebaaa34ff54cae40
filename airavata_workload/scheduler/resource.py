"""One resource as the scheduler sees it: who waits for it, who runs there, whether it answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from airavata_workload.domain.message import TaskAction
from airavata_workload.scheduler.bounds import Bound, Bounds
from airavata_workload.scheduler.circuit import Circuit
from airavata_workload.scheduler.lines import Entry, FairLine, Leaf, Rank
from airavata_workload.scheduler.policy import Policy

PlaceKey = tuple[str, str]
"""Task id and action: a task may run and be cancelled at once."""


@dataclass(slots=True)
class Place:
    """What a dispatched task occupies. ``looked_at_us`` is when it was last known to be needed."""

    task_id: str
    resource: str
    attempt: int
    action: TaskAction
    bounds: tuple[Bound, ...]
    looked_at_us: int
    passes: int = 0
    probes: bool = False
    entry: Entry | None = None


class WaitedResource:
    """A resource with its lines, its places and its circuit."""

    def __init__(self, name: str, policy: Policy, bounds: Bounds, circuit: Circuit) -> None:
        self.name = name
        self.circuit = circuit
        self.places: dict[PlaceKey, Place] = {}
        # Whether one place is kept for a task that has waited very long.
        self.reserved = False
        self._policy = policy
        self._lines = {rank: FairLine(name, rank, policy, bounds) for rank in Rank}
        # In the order in which they lined up: no dict, whose first key is slow to find when many before it are gone.
        self._waiting: OrderedDict[Entry, None] = OrderedDict()

    # -- who waits -----------------------------------------------------------------
    @property
    def waiting(self) -> int:
        """How many tasks are lined up."""
        return len(self._waiting)

    def oldest(self) -> Entry:
        """The task that lined up first; there must be one."""
        return next(iter(self._waiting))

    @property
    def cancelling(self) -> bool:
        """Whether a cancellation is lined up."""
        return self._lines[Rank.CANCEL].count > 0

    def line_up(self, entry: Entry) -> Leaf:
        """Put a task into its line."""
        again = bool(self._waiting) and entry.order < self.oldest().order
        self._waiting[entry] = None
        if again:
            self._waiting.move_to_end(entry, last=False)
        leaf = self._lines[entry.rank].leaf(entry.task)
        leaf.add(entry)
        return leaf

    def promote(self, entry: Entry) -> None:
        """Put a task that has waited long among the urgent ones."""
        if entry.leaf is not None:
            entry.leaf.remove(entry)
        entry.rank = Rank.URGENT
        self._lines[entry.rank].leaf(entry.task).add(entry)

    def take_out(self, entry: Entry) -> None:
        """Take a task out of its line."""
        if entry.leaf is not None:
            entry.leaf.remove(entry)
        self._waiting.pop(entry, None)

    def take(self) -> Entry | None:
        """The task whose turn it is, taken out of its line; ``None`` if limits let none go."""
        for line in self._lines.values():
            entry = line.take() if line.count else None
            if entry is not None:
                del self._waiting[entry]
                return entry
        return None

    def leaves(self) -> Iterator[Leaf]:
        """The lines in which tasks wait."""
        return (leaf for line in self._lines.values() if line.count for leaf in line.leaves() if leaf.count)

    # -- who runs -------------------------------------------------------------------
    @property
    def limit(self) -> int:
        """How many tasks may run here at once."""
        return self._policy.host_limit(self.name)

    def room(self, now_us: int) -> int:
        """How many more tasks may go there now."""
        places = self.limit - len(self.places) - self.reserved
        admitted = self.circuit.admits(now_us)
        return places if admitted is None else min(places, admitted)

    def reason(self) -> str:
        """What its tasks wait for, as far as the resource itself is the cause."""
        if not self.circuit.closed:
            return f"{self.name} to answer again: {self.circuit.reason}"
        return f"a free place on {self.name} (at most {self.limit} tasks at once)"
