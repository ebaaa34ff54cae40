"""The waiting room against a simple model: limits, order, shares, and that every task goes some time."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from airavata_workload.domain.message import SlotReleased, TaskAction, TaskMessage
from airavata_workload.scheduler.circuit import Circuit
from airavata_workload.scheduler.policy import Policy
from airavata_workload.scheduler.waiting_room import WaitingRoom

SECOND = 1_000_000
AGING_S = 20
HOSTS = {"alpha": 3, "beta": 2}
QUEUES = {("alpha", "debug"): 1}
USER_LIMIT, GATEWAY_LIMIT = 2, 3
numbers = itertools.count()


def message(**values: object) -> TaskMessage:
    task_id = f"t{next(numbers)}"
    resource = str(values.get("resource", "alpha"))
    experiment = {
        "user": values.pop("user", "ada"),
        "queue": values.pop("queue", ""),
        "compute_resource": resource,
    }
    plain = TaskMessage(
        task_id=task_id,
        experiment_id=str(values.pop("experiment_id", "e")),
        process_id="p",
        name=task_id,
        kind=str(values.pop("kind", "command")),
        resource=resource,
        gateway="g",
        attempt=1,
        parameters={},
        experiment=experiment,
    )
    return replace(plain, **values)  # type: ignore[arg-type]


def limited(**more: object) -> WaitingRoom:
    policy = Policy(
        host_limit=lambda host: HOSTS[host],
        queue_limit=lambda host, queue: QUEUES.get((host, queue)),
        user_limit=USER_LIMIT,
        gateway_limit=GATEWAY_LIMIT,
        aging_s=AGING_S,
        **more,  # type: ignore[arg-type]
    )
    return WaitingRoom(policy, lambda: Circuit(1.0, 4.0))


def released(task: TaskMessage, **more: object) -> SlotReleased:
    slot = SlotReleased(task_id=task.task_id, resource=task.resource, attempt=task.attempt, action=task.action)
    return replace(slot, **more)  # type: ignore[arg-type]


TASKS = st.builds(
    message,
    resource=st.sampled_from(sorted(HOSTS)),
    gateway=st.sampled_from("gh"),
    user=st.sampled_from("abc"),
    queue=st.sampled_from(["", "debug"]),
    kind=st.sampled_from(["command", "rare"]),
    experiment_id=st.sampled_from(["e0", "e1", "e2"]),
    priority=st.sampled_from([0, 0, 10]),
    action=st.sampled_from([TaskAction.EXECUTE] * 4 + [TaskAction.CANCEL]),
    not_before_us=st.sampled_from([0, 0, 0, 5 * SECOND, 30 * SECOND]),
)


@dataclass
class Known:
    """What the model knows of a task that waits."""

    task: TaskMessage
    ready_us: int


class Rules(RuleBasedStateMachine):
    """Every call in every order; the model is a list that is searched from end to end."""

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.room = limited()
        self.now_us = 1_000 * SECOND
        self.waiting: dict[tuple[str, int, str], Known] = {}
        self.places: dict[tuple[str, str], TaskMessage] = {}
        self.held: set[str] = set()
        self.kinds = {"command", "rare"}
        self.down: set[str] = set()

    # -- what happens ---------------------------------------------------------------------
    @rule(task=TASKS, twice=st.booleans())
    def becomes_ready(self, task: TaskMessage, twice: bool) -> None:
        task = replace(task, not_before_us=task.not_before_us and self.now_us + task.not_before_us)
        for _ in range(1 + twice):
            self.room.add(task, self.now_us)
        self.waiting[task.task_id, task.attempt, task.action] = Known(task, max(self.now_us, task.not_before_us))

    @rule(target=running)
    def dispatch(self) -> object:
        sent = self.room.dispatch(self.now_us)
        for task in sent:
            known = self.waiting.pop((task.task_id, task.attempt, task.action))
            assert known.ready_us <= self.now_us, "not before its time"
            assert task.action is TaskAction.CANCEL or task.experiment_id not in self.held
            assert task.kind in self.kinds
            self._nothing_goes_before(known)
            self.places[task.task_id, task.action] = task
        return multiple(*sent)

    def _nothing_goes_before(self, gone: Known) -> None:
        """Of its own user, resource and queue, nothing that may go is left that is more urgent or waits longer."""
        for other in self.waiting.values():
            if self._same_line(other.task, gone.task) and self._may_go(other):
                assert self._order(gone) <= self._order(other)

    def _order(self, known: Known) -> tuple[int, int]:
        if known.task.action is TaskAction.CANCEL:
            return 0, 0
        aged = self.now_us - known.ready_us >= AGING_S * SECOND
        return (1 if known.task.priority or aged else 2), 0

    def _may_go(self, known: Known) -> bool:
        task = known.task
        held = task.experiment_id in self.held and task.action is TaskAction.EXECUTE
        return known.ready_us <= self.now_us and not held and task.kind in self.kinds

    @staticmethod
    def _same_line(one: TaskMessage, other: TaskMessage) -> bool:
        return (one.resource, one.gateway, one.user, one.queue) == (
            other.resource,
            other.gateway,
            other.user,
            other.queue,
        )

    @rule(task=consumes(running), unavailable=st.booleans(), performed=st.booleans())
    def ends(self, task: TaskMessage, unavailable: bool, performed: bool) -> None:
        slot = released(task, resource_unavailable=unavailable, performed=performed, reason="no route")
        for _ in range(2):
            self.room.released(slot, self.now_us)
        self.places.pop((task.task_id, task.action), None)
        if performed:
            (self.down.add if unavailable else self.down.discard)(task.resource)

    @rule(task=consumes(running))
    def cannot_be_sent(self, task: TaskMessage) -> None:
        if (task.task_id, task.action) not in self.places:
            return
        self.room.take_back([task])
        del self.places[task.task_id, task.action]
        self.waiting[task.task_id, task.attempt, task.action] = Known(task, min(self.now_us, task.not_before_us or 0))

    @rule(task=consumes(running))
    def loses_its_worker(self, task: TaskMessage) -> None:
        if task.action is TaskAction.CANCEL:
            return
        again = replace(task, attempt=task.attempt + 1, not_before_us=0)
        self.room.add(again, self.now_us)
        self.places.pop((task.task_id, task.action), None)
        self.waiting[again.task_id, again.attempt, again.action] = Known(again, self.now_us)

    @rule(experiment=st.sampled_from(["e0", "e1"]))
    def hold(self, experiment: str) -> None:
        self.room.hold(experiment)
        self.held.add(experiment)

    @rule(experiment=st.sampled_from(["e0", "e1"]))
    def release(self, experiment: str) -> None:
        self.room.release(experiment)
        self.held.discard(experiment)

    @rule(experiment=st.sampled_from(["e0", "e2"]))
    def forget(self, experiment: str) -> None:
        self.room.forget(experiment, "p")
        self.held.discard(experiment)
        self.waiting = {
            key: known
            for key, known in self.waiting.items()
            if known.task.experiment_id != experiment or known.task.action is TaskAction.CANCEL
        }

    @rule(rare=st.booleans())
    def workers_come_and_go(self, rare: bool) -> None:
        self.kinds = {"command", "rare"} if rare else {"command"}
        self.room.serve({kind: {"w"} for kind in self.kinds})

    @rule(seconds=st.sampled_from([1, 6, 25]))
    def time_passes(self, seconds: int) -> None:
        self.now_us += seconds * SECOND

    # -- what always holds -----------------------------------------------------------------
    @invariant()
    def no_limit_is_broken(self) -> None:
        everything = list(self.places.values())
        counted = [task for task in everything if task.action is TaskAction.EXECUTE]
        hosts = Counter(task.resource for task in everything)
        assert all(count <= HOSTS[host] for host, count in hosts.items())
        assert all(count <= USER_LIMIT for count in Counter((t.gateway, t.user) for t in counted).values())
        assert all(count <= GATEWAY_LIMIT for count in Counter(t.gateway for t in counted).values())
        queues = Counter((task.resource, task.queue) for task in counted)
        assert all(queues[queue] <= limit for queue, limit in QUEUES.items())

    @invariant()
    def the_counts_are_right(self) -> None:
        state = self.room.state(self.now_us)
        assert (state["waiting"], state["running"]) == (len(self.waiting), len(self.places))
        assert sorted(task_id for task_id, _ in self.room.reasons()) == sorted(
            known.task.task_id for known in self.waiting.values()
        )
        assert set(self.room.open_circuits()) == self.down

    def teardown(self) -> None:
        """Once nothing hinders them, all that wait go."""
        for task in list(self.places.values()):
            self.room.released(released(task), self.now_us)
        for experiment in self.held:
            self.room.release(experiment)
        self.room.serve({"command": {"w"}, "rare": {"w"}})
        self.now_us += 60 * SECOND
        left = len(self.waiting)
        for _ in range(left + len(HOSTS)):
            sent = self.room.dispatch(self.now_us)
            left -= len(sent)
            for task in sent:
                self.room.released(released(task), self.now_us)
        assert left == 0
        assert self.room.state(self.now_us)["waiting"] == 0
        super().teardown()


Rules.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestRules = Rules.TestCase


@settings(max_examples=60, deadline=None)
@given(
    shares=st.dictionaries(st.sampled_from("abc"), st.sampled_from([0.5, 1.0, 2.0, 3.0]), min_size=2),
    places=st.integers(1, 4),
    priority=st.sampled_from([0, 10]),
    ends=st.lists(st.integers(0, 3), min_size=60, max_size=60),
)
def test_gateways_that_wait_all_the_while_get_their_shares_within_one_turn(
    shares: dict[str, float], places: int, priority: int, ends: list[int]
) -> None:
    room = WaitingRoom(Policy(host_limit=lambda _host: places, shares=shares))
    for gateway in shares:
        for _ in range(200):
            room.add(message(gateway=gateway, priority=priority), 0)
    gone: Counter[str] = Counter()
    running: list[TaskMessage] = []
    for which in ends:
        sent = room.dispatch(0)
        for task in sent:
            gone[task.gateway] += 1
            for one, other in itertools.combinations(shares, 2):
                lead = gone[one] / shares[one] - gone[other] / shares[other]
                assert abs(lead) <= 1 / shares[one] + 1 / shares[other] + 1e-9
        running += sent
        room.released(released(running.pop(which % len(running))), 0)


@settings(max_examples=40, deadline=None)
@given(
    order=st.permutations(["alpha", "beta"]),
    queue=st.sampled_from(["", "debug"]),
    priority=st.sampled_from([0, 10]),
    others=st.integers(1, 3),
)
def test_no_task_starves_however_many_others_come(order: list[str], queue: str, priority: int, others: int) -> None:
    room = limited()
    now_us = 1_000 * SECOND
    patient = {host: message(resource=host, gateway="patient", queue=queue) for host in order}
    for task in patient.values():
        room.add(task, now_us)
    waiting = {task.task_id for task in patient.values()}
    running: list[TaskMessage] = []
    for _ in range(200):
        now_us += SECOND
        for host, _ in itertools.product(order, range(others)):
            # Everything that the patient ones compete for: host, queue, the user's and the gateway's limit.
            room.add(message(resource=host, gateway="patient", queue=queue, priority=priority), now_us)
            room.add(message(resource=host, gateway="other", queue=queue, priority=10), now_us)
        sent = room.dispatch(now_us)
        waiting -= {task.task_id for task in sent}
        running += sent
        room.released(released(running.pop(0)), now_us)
    assert waiting == set()
