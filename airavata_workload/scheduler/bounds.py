"""How many tasks of a user, of a gateway and of a batch queue run, and who waits for one of them to end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from airavata_workload.domain.message import TaskAction, TaskMessage
from airavata_workload.scheduler.policy import Policy


class Bound(NamedTuple):
    """What a limit is about. ``owner`` is the gateway of a user, the resource of a queue, '' for a gateway."""

    kind: str
    owner: str
    name: str


class Waiter(Protocol):
    """A line that a bound has closed."""

    def announce(self) -> None:
        """The bound may let tasks through again."""
        ...


class Bounds:
    """Counts running tasks against the limits of the policy, for all resources together."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._running: dict[Bound, int] = {}
        self._waiters: dict[Bound, dict[Waiter, None]] = {}

    @staticmethod
    def user(gateway: str, name: str) -> Bound:
        """The bound of a user; the same name at another gateway is somebody else."""
        return Bound("user", gateway, name)

    @staticmethod
    def gateway(name: str) -> Bound:
        """The bound of a gateway."""
        return Bound("gateway", "", name)

    @staticmethod
    def queue(resource: str, name: str) -> Bound | None:
        """The bound of a batch queue; a task without a queue has none."""
        return Bound("queue", resource, name) if name else None

    def of(self, task: TaskMessage) -> tuple[Bound, ...]:
        """The bounds that count the task. A cancellation is counted by none: it ends what they count."""
        if task.action is TaskAction.CANCEL:
            return ()
        queue = self.queue(task.resource, task.queue)
        own = (self.gateway(task.gateway), self.user(task.gateway, task.user))
        return own if queue is None else (*own, queue)

    def limit(self, bound: Bound) -> int | None:
        """The limit of a bound."""
        if bound.kind == "user":
            return self._policy.user_limit
        if bound.kind == "gateway":
            return self._policy.gateway_limit
        return self._policy.queue_limit(bound.owner, bound.name)

    def running(self, bound: Bound) -> int:
        """How many of its tasks run."""
        return self._running.get(bound, 0)

    def full(self, bound: Bound) -> bool:
        """Whether no further task of it may run."""
        running = self._running.get(bound, 0)
        if not running:
            return False
        limit = self.limit(bound)
        return limit is not None and running >= limit

    def closes(self, bound: Bound | None, waiter: Waiter) -> bool:
        """As ``full``; and if it is, the waiter will be told when a task has ended."""
        if bound is None or not self.full(bound):
            return False
        self._waiters.setdefault(bound, {})[waiter] = None
        return True

    def enter(self, bounds: Iterable[Bound]) -> None:
        """A task with these bounds begins to run."""
        for bound in bounds:
            self._running[bound] = self._running.get(bound, 0) + 1

    def leave(self, bounds: Iterable[Bound]) -> None:
        """A task with these bounds no longer runs."""
        for bound in bounds:
            left = self._running.pop(bound, 0) - 1
            if left > 0:
                self._running[bound] = left
            for waiter in self._waiters.pop(bound, ()):
                waiter.announce()

    def reason(self, task: TaskMessage) -> str:
        """What a task waits for if one of its bounds is full, else ''."""
        full = next((bound for bound in self.of(task) if self.full(bound)), None)
        if full is None:
            return ""
        running, limit = self.running(full), self.limit(full)
        tasks = f"{running} task" if running == 1 else f"{running} tasks"
        whose = {
            "user": f"user {full.name} already runs {tasks} (a user of gateway {full.owner} may run {limit})",
            "gateway": f"gateway {full.name} already runs {tasks} (it may run {limit})",
            "queue": f"queue {full.name} of {full.owner} already has {tasks} (at most {limit})",
        }[full.kind]
        return f"a task to end, because {whose}"
