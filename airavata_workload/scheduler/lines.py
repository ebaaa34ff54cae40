"""The tasks that wait for a place on one resource, as lines of lines.

For each rank there is a ``FairLine``, in which gateways take turns. A
gateway's turn goes to its task that has waited longest, among those whose
batch queue and user may run another one: the gateway is a ``Branch`` of
queues, a queue one of users, and a user a ``Leaf`` of tasks. A line that a
limit has closed drops out of the line above it and comes back when the limit
lets tasks through, so nothing is ever looked at in vain: a task costs a few
heap operations, however many wait.

The invariant: a line that has a task to give stands in the heap of the line
above with the order ``announced``, which is at most that of its first task.
What a heap holds beyond that is out of date and dropped when it comes up.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from enum import IntEnum, StrEnum

from airavata_workload.domain.message import TaskAction, TaskMessage
from airavata_workload.scheduler.bounds import Bound, Bounds
from airavata_workload.scheduler.policy import Policy

Order = tuple[int, int]
"""Since when a task has been ready, and its number."""

_numbers = itertools.count()
"""Tells apart what stands in a heap with the same order of a task."""


class Rank(IntEnum):
    """Who goes first, whatever the shares."""

    CANCEL = 0
    """What stops a job, and so makes room."""
    URGENT = 1
    NORMAL = 2


class Shelf(StrEnum):
    """Where a task waits."""

    DELAYED = "delayed"
    HELD = "held"
    UNSERVED = "unserved"
    LINED = "lined"


class Entry:
    """A waiting task, ready ``since_us``; of two since the same instant the lower ``number`` goes first.

    It does not go before ``due_us``. Both are of the room's own clock.
    """

    __slots__ = ("due_us", "leaf", "number", "rank", "shelf", "since_us", "task")

    def __init__(self, task: TaskMessage, number: int, now_us: int, due_us: int) -> None:
        self.task = task
        self.rank = rank_of(task)
        self.number = number
        self.due_us = due_us
        self.since_us = max(now_us, due_us)
        self.shelf: Shelf | None = None
        self.leaf: Leaf | None = None

    @property
    def order(self) -> Order:
        """The lesser goes first."""
        return self.since_us, self.number


def rank_of(task: TaskMessage) -> Rank:
    """The rank with which a task begins to wait."""
    if task.action is TaskAction.CANCEL:
        return Rank.CANCEL
    return Rank.URGENT if Policy.urgent(task.priority) else Rank.NORMAL


class Leaf:
    """The tasks of one user for one batch queue, in the order in which they became ready."""

    __slots__ = ("_bound", "_bounds", "_entries", "announced", "count", "name", "parent", "watched")

    def __init__(self, name: str, parent: Branch, bounds: Bounds, bound: Bound | None) -> None:
        self.name = name
        self.parent = parent
        self._bounds = bounds
        self._bound = bound
        self._entries: list[tuple[Order, Entry]] = []
        self.announced: Order | None = None
        self.count = 0
        # Whether somebody looks after the age of its tasks.
        self.watched = False

    def add(self, entry: Entry) -> None:
        """Line a task up."""
        entry.leaf = self
        heapq.heappush(self._entries, (entry.order, entry))
        self._counted(1)
        self.announce()

    def remove(self, entry: Entry) -> None:
        """Take a task out, wherever it stands."""
        entry.leaf = None
        self._counted(-1)

    def oldest(self) -> Entry | None:
        """The task that has waited longest, whether or not it may go."""
        while self._entries and self._entries[0][1].leaf is not self:
            heapq.heappop(self._entries)
        return self._entries[0][1] if self._entries else None

    def first(self) -> Order | None:
        """The order of the task that may go; ``None`` if none may."""
        entry = self.oldest()
        return None if entry is None or self._bounds.closes(self._bound, self) else entry.order

    def take(self) -> Entry:
        """Take the first task out; ``first`` has just said that there is one."""
        entry = heapq.heappop(self._entries)[1]
        self.remove(entry)
        return entry

    def announce(self) -> None:
        """Tell the line above of a first task that it has not been told of."""
        first = self.first()
        if first is not None and (self.announced is None or first < self.announced):
            self.announced = first
            self.parent.heard(first, self)

    @property
    def kept(self) -> bool:
        """Whether the line is needed although it may be empty."""
        return bool(self.count) or self.watched

    def unwatch(self) -> None:
        """Nobody looks after the age of its tasks any more: there are none."""
        self.watched = False
        self.parent.prune(self)

    def _counted(self, by: int) -> None:
        self.count += by
        self.parent.counted(by)


class Branch:
    """Lines of which that with the oldest first task goes first: the queues of a gateway, the users of a queue."""

    __slots__ = ("_bound", "_bounds", "_heap", "announced", "children", "count", "name", "parent")

    def __init__(self, name: str, parent: Branch | FairLine, bounds: Bounds, bound: Bound | None) -> None:
        self.name = name
        self.parent = parent
        self._bounds = bounds
        self._bound = bound
        self._heap: list[tuple[Order, int, Branch | Leaf]] = []
        self.children: dict[str, Branch | Leaf] = {}
        self.announced: Order | None = None
        self.count = 0

    def heard(self, first: Order, child: Branch | Leaf) -> None:
        """A line below has a task to give."""
        # A line that was pruned may have announced the very task with which another one takes its place.
        heapq.heappush(self._heap, (first, next(_numbers), child))
        self.announce()

    def first(self) -> Order | None:
        """The order of the task that may go; ``None`` if none may."""
        if self._bounds.closes(self._bound, self):
            return None
        while self._heap:
            announced, _, child = self._heap[0]
            if child.announced != announced:
                heapq.heappop(self._heap)
                continue
            first = child.first()
            if first == announced:
                return first
            heapq.heappop(self._heap)
            child.announced = first
            if first is not None:
                heapq.heappush(self._heap, (first, next(_numbers), child))
            elif not child.kept:
                self.prune(child)
        return None

    def prune(self, child: Branch | Leaf) -> None:
        """Forget a line below that is empty."""
        if not child.count and self.children.get(child.name) is child:
            del self.children[child.name]

    def take(self) -> Entry:
        """Take the first task out; ``first`` has just said that there is one."""
        return self._heap[0][2].take()

    def announce(self) -> None:
        """As ``Leaf.announce``."""
        first = self.first()
        if first is not None and (self.announced is None or first < self.announced):
            self.announced = first
            self.parent.heard(first, self)

    @property
    def kept(self) -> bool:
        """Whether the line is needed although it may be empty."""
        return bool(self.count or self.children)

    def counted(self, by: int) -> None:
        """Tasks have come or gone below."""
        self.count += by
        self.parent.counted(by)

    def leaves(self) -> Iterator[Leaf]:
        """All lines of tasks below."""
        for child in self.children.values():
            if isinstance(child, Leaf):
                yield child
            else:
                yield from child.leaves()


class FairLine:
    """The gateways that wait with tasks of one rank, and whose turn it is.

    Start-time fair queueing (Source: P. Goyal, H. M. Vin, H. Cheng, Start-time
    Fair Queueing, SIGCOMM 1996): a gateway stands in the line with a tag; the
    least tag goes, and comes back larger by one task over the gateway's share.
    Who comes anew gets at least the tag that went last, so nobody saves up
    turns while having nothing to run. Of two gateways that have tasks all the
    while, neither gets ahead by more than one task over its share, and one over
    the other's.
    """

    def __init__(self, resource: str, rank: Rank, policy: Policy, bounds: Bounds) -> None:
        self._resource = resource
        self._limited = rank is not Rank.CANCEL
        self._policy = policy
        self._bounds = bounds
        self._gateways: dict[str, Branch] = {}
        self._tags: dict[str, float] = {}
        self._heap: list[tuple[float, Order, Branch]] = []
        self._lined: set[str] = set()
        self._last_tag = 0.0
        self.count = 0

    def leaf(self, task: TaskMessage) -> Leaf:
        """The line in which the task belongs."""
        gateway = self._gateways.get(task.gateway)
        if gateway is None:
            bound = self._bounds.gateway(task.gateway) if self._limited else None
            gateway = self._gateways[task.gateway] = Branch(task.gateway, self, self._bounds, bound)
        queue = gateway.children.get(task.queue)
        if not isinstance(queue, Branch):
            bound = self._bounds.queue(self._resource, task.queue) if self._limited else None
            queue = gateway.children[task.queue] = Branch(task.queue, gateway, self._bounds, bound)
        leaf = queue.children.get(task.user)
        if not isinstance(leaf, Leaf):
            bound = self._bounds.user(task.gateway, task.user) if self._limited else None
            leaf = queue.children[task.user] = Leaf(task.user, queue, self._bounds, bound)
        return leaf

    def heard(self, first: Order, child: Branch | Leaf) -> None:
        """A gateway has a task to give."""
        if child.name in self._lined or not isinstance(child, Branch):
            return
        self._lined.add(child.name)
        tag = max(self._tags.get(child.name, 0.0), self._last_tag)
        # Of equal tags the one whose task has waited longer: so no gateway loses every draw.
        heapq.heappush(self._heap, (tag, first, child))

    def take(self) -> Entry | None:
        """Take the next task out; ``None`` if none may go."""
        while self._heap:
            tag, _, gateway = self._heap[0]
            if gateway.first() is None:
                self._drop(gateway, tag)
                continue
            entry = gateway.take()
            self._last_tag = tag
            following = tag + 1.0 / self._policy.share(gateway.name)
            first = gateway.first()
            if first is None:
                self._drop(gateway, following)
            else:
                gateway.announced = first
                heapq.heapreplace(self._heap, (following, first, gateway))
            return entry
        return None

    def _drop(self, gateway: Branch, tag: float) -> None:
        heapq.heappop(self._heap)
        self._lined.discard(gateway.name)
        self._tags[gateway.name] = tag
        gateway.announced = None

    def counted(self, by: int) -> None:
        """Tasks have come or gone."""
        self.count += by

    def leaves(self) -> Iterator[Leaf]:
        """All lines of tasks."""
        for gateway in self._gateways.values():
            yield from gateway.leaves()
