"""Random publishing, consuming and settling, against a model in memory: nothing lost, nothing handed out twice."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from airavata_workload.ports.task_queue import Delivery, Message, TaskQueue

_NAMES = ("alpha", "beta")
_WAIT_S = 5.0
"""Longer than any queue needs for a message that is there."""


class TaskQueueMachine(RuleBasedStateMachine):
    """Two queues; ``open_queue`` is set in the subclass that ``machine_for`` makes."""

    open_queue: Callable[[], TaskQueue]

    def __init__(self) -> None:
        super().__init__()
        self.queue = type(self).open_queue()
        self.next_number = 0
        self.waiting: dict[int, tuple[str, int]] = {}
        """Queue and priority of each waiting message, by its number."""
        self.held: dict[int, Delivery] = {}
        self.returned: set[int] = set()
        self.priorities: dict[int, int] = {}

    @rule(sent=st.lists(st.tuples(st.sampled_from(_NAMES), st.integers(-1, 1)), max_size=4))
    def publish(self, sent: list[tuple[str, int]]) -> None:
        """Publish some messages in one call."""
        messages = []
        for name, priority in sent:
            messages.append(Message(queue=name, body={"number": self.next_number}, priority=priority))
            self.waiting[self.next_number] = (name, priority)
            self.priorities[self.next_number] = priority
            self.next_number += 1
        self.queue.publish(messages)

    @rule(names=st.lists(st.sampled_from(_NAMES), min_size=1, unique=True), limit=st.integers(1, 4))
    def consume(self, names: list[str], limit: int) -> None:
        """Take some; what comes is the most urgent of what waits."""
        eligible = {number for number, (name, _priority) in self.waiting.items() if name in names}
        deliveries = self.queue.consume(names, limit, _WAIT_S if eligible else 0.0)
        numbers = [delivery.body["number"] for delivery in deliveries]
        assert set(numbers) <= eligible
        assert len(set(numbers)) == len(numbers) == min(limit, len(eligible))
        urgencies = [self.priorities[number] for number in numbers]
        assert urgencies == sorted(urgencies, reverse=True)
        left = [self.priorities[number] for number in eligible - set(numbers)]
        assert not left or not urgencies or max(left) <= urgencies[-1]
        for delivery, number in zip(deliveries, numbers, strict=True):
            assert delivery.redelivered == (number in self.returned)
            del self.waiting[number]
            self.held[number] = delivery

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        """Acknowledge some, twice."""
        chosen = self._choose(data)
        for _ in range(2):
            self.queue.acknowledge(chosen)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def hand_back(self, data: st.DataObject) -> None:
        """Give some back; they wait again."""
        chosen = self._choose(data)
        self.queue.hand_back(chosen)
        for delivery in chosen:
            number = delivery.body["number"]
            self.waiting[number] = (delivery.queue, self.priorities[number])
            self.returned.add(number)

    def _choose(self, data: st.DataObject) -> list[Delivery]:
        numbers = data.draw(st.lists(st.sampled_from(sorted(self.held)), unique=True, min_size=1))
        return [self.held.pop(number) for number in numbers]

    @invariant()
    def depths_count_what_waits(self) -> None:
        """As the port says."""
        names = [name for name, _priority in self.waiting.values()]
        assert self.queue.depths() == {name: names.count(name) for name in set(names)}


def machine_for(open_queue: Callable[[], TaskQueue]) -> type[TaskQueueMachine]:
    """The machine's class for queues that ``open_queue`` opens, each empty."""
    return type("TaskQueueMachineOfOneStore", (TaskQueueMachine,), {"open_queue": staticmethod(open_queue)})
