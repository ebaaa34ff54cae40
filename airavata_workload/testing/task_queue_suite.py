"""What every task queue must do. Subclass it and give the fixture ``open_queue``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from airavata_workload.ports.task_queue import Delivery, Message, TaskQueue
from airavata_workload.testing.samples import AWKWARD, unique
from airavata_workload.testing.task_queue_machine import machine_for

SOON_S = 5.0
"""Longer than any queue needs for a message that is there."""
AT_ONCE_S = 0.0


class OpenQueue(Protocol):
    """Opens the same storage once more, for a session and a partition of its own or a given one."""

    def __call__(self, *, session: str | None = None, partition: str = "") -> TaskQueue:
        """The queue; the suite closes it."""


def texts(deliveries: list[Delivery]) -> list[object]:
    """What the suite put into the bodies."""
    return [delivery.body["n"] for delivery in deliveries]


def messages(queue: str, *values: object, priority: int = 0) -> list[Message]:
    """A message for each value."""
    return [Message(queue=queue, body={"n": value}, priority=priority) for value in values]


class TaskQueueSuite:
    """Needs a fixture ``open_queue`` (see ``OpenQueue``)."""

    @pytest.fixture
    def queue(self, open_queue: OpenQueue) -> Iterator[TaskQueue]:
        """The queue under test."""
        queue = open_queue()
        yield queue
        queue.close()

    @pytest.fixture
    def other(self, open_queue: OpenQueue) -> Iterator[TaskQueue]:
        """Another session on the same storage."""
        queue = open_queue()
        yield queue
        queue.close()

    @pytest.fixture
    def name(self) -> str:
        """The name of a queue that no other test uses."""
        return unique("queue")

    def test_a_message_arrives_as_it_was_sent(self, queue: TaskQueue, other: TaskQueue, name: str) -> None:
        body = {"text": AWKWARD, "deep": {"list": [1, 2.5, None, True]}}
        queue.publish([Message(queue=name, body=body)])
        (delivery,) = other.consume([name], 10, SOON_S)
        assert (delivery.queue, delivery.body, delivery.redelivered) == (name, body, False)

    def test_the_most_urgent_come_first_and_equal_ones_in_order(self, queue: TaskQueue, name: str) -> None:
        queue.publish(messages(name, 1, 2))
        queue.publish([*messages(name, 3, priority=10), *messages(name, 4), *messages(name, 5, priority=10)])
        assert texts(queue.consume([name], 10, SOON_S)) == [3, 5, 1, 2, 4]

    def test_urgency_counts_across_queues(self, queue: TaskQueue) -> None:
        first, second = unique("queue"), unique("queue")
        queue.publish([*messages(first, "low"), *messages(second, "high", priority=5)])
        assert texts(queue.consume([first, second], 1, SOON_S)) == ["high"]
        assert texts(queue.consume([first, second, first], 1, SOON_S)) == ["low"]

    def test_no_more_than_the_limit_is_handed_out(self, queue: TaskQueue, name: str) -> None:
        queue.publish(messages(name, *range(5)))
        assert texts(queue.consume([name], 2, SOON_S)) == [0, 1]
        assert texts(queue.consume([name], 10, SOON_S)) == [2, 3, 4]
        assert queue.consume([name], 0, AT_ONCE_S) == []

    def test_only_the_named_queues_are_looked_at(self, queue: TaskQueue, name: str) -> None:
        queue.publish(messages(name, 1))
        assert queue.consume([unique("queue")], 10, AT_ONCE_S) == []
        assert queue.consume([], 10, AT_ONCE_S) == []
        assert texts(queue.consume([name], 10, SOON_S)) == [1]

    def test_an_empty_queue_gives_nothing_after_the_time(self, queue: TaskQueue, name: str) -> None:
        began = time.monotonic()
        assert queue.consume([name], 1, 0.2) == []
        assert 0.2 <= time.monotonic() - began < SOON_S

    def test_a_waiting_consumer_gets_what_is_published(self, queue: TaskQueue, other: TaskQueue, name: str) -> None:
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(queue.consume, [name], 1, 30.0)
            other.publish(messages(name, "at last"))
            assert texts(waiting.result(SOON_S)) == ["at last"]

    def test_wake_ends_the_waiting(self, queue: TaskQueue, name: str) -> None:
        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(queue.consume, [name], 1, 30.0) for _ in range(2)]
            deadline = time.monotonic() + SOON_S
            while not all(one.done() for one in waiting) and time.monotonic() < deadline:
                queue.wake()  # again and again: nobody can see from outside that the threads wait already
            assert [one.result(SOON_S) for one in waiting] == [[], []]

    def test_close_ends_the_waiting(self, open_queue: OpenQueue, name: str) -> None:
        queue = open_queue()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(queue.consume, [name], 1, 30.0)
            queue.close()
            assert waiting.result(SOON_S) == []

    def test_what_is_handed_out_is_not_handed_out_again(self, queue: TaskQueue, other: TaskQueue, name: str) -> None:
        queue.publish(messages(name, 1))
        assert texts(queue.consume([name], 1, SOON_S)) == [1]
        assert other.consume([name], 1, AT_ONCE_S) == []
        assert queue.consume([name], 1, AT_ONCE_S) == []

    def test_what_is_acknowledged_is_gone_for_good(self, open_queue: OpenQueue, name: str) -> None:
        queue = open_queue()
        queue.publish(messages(name, 1))
        deliveries = queue.consume([name], 1, SOON_S)
        queue.acknowledge(deliveries)
        queue.acknowledge(deliveries)
        queue.acknowledge([])
        queue.close()
        later = open_queue()
        assert later.consume([name], 1, AT_ONCE_S) == []
        later.close()

    def test_a_late_acknowledgement_hits_no_later_message(self, queue: TaskQueue, name: str) -> None:
        queue.publish(messages(name, "old"))
        old = queue.consume([name], 1, SOON_S)
        queue.acknowledge(old)
        queue.publish(messages(name, "new"))
        queue.acknowledge(old)
        assert texts(queue.consume([name], 1, SOON_S)) == ["new"]

    def test_what_is_handed_back_comes_again_marked_so(self, queue: TaskQueue, other: TaskQueue, name: str) -> None:
        queue.publish(messages(name, 1))
        queue.hand_back(queue.consume([name], 1, SOON_S))
        (again,) = other.consume([name], 1, SOON_S)
        assert (again.body, again.redelivered) == ({"n": 1}, True)

    def test_a_waiting_consumer_gets_what_is_handed_back(self, queue: TaskQueue, other: TaskQueue, name: str) -> None:
        queue.publish(messages(name, 1))
        taken = queue.consume([name], 1, SOON_S)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(other.consume, [name], 1, 30.0)
            queue.hand_back(taken)
            assert texts(waiting.result(SOON_S)) == [1]

    def test_close_hands_back_what_is_not_acknowledged(
        self, open_queue: OpenQueue, queue: TaskQueue, name: str
    ) -> None:
        stopping = open_queue()
        stopping.publish(messages(name, 1, 2))
        taken = stopping.consume([name], 2, SOON_S)
        stopping.acknowledge(taken[:1])
        stopping.close()
        stopping.close()
        (again,) = queue.consume([name], 10, SOON_S)
        assert (again.body, again.redelivered) == ({"n": 2}, True)

    def test_messages_survive_the_queue_object(self, open_queue: OpenQueue, name: str) -> None:
        first = open_queue()
        first.publish(messages(name, 1))
        first.close()
        second = open_queue()
        assert texts(second.consume([name], 1, SOON_S)) == [1]
        second.close()

    def test_a_dead_letter_is_set_aside_with_its_reason(self, queue: TaskQueue, other: TaskQueue, name: str) -> None:
        queue.publish(messages(name, AWKWARD))
        (delivery,) = queue.consume([name], 1, SOON_S)
        queue.dead_letter(delivery, AWKWARD)
        assert [one for one in other.dead_letters() if one[0] == name] == [(name, {"n": AWKWARD}, AWKWARD)]
        queue.hand_back([delivery])  # too late
        assert queue.consume([name], 1, AT_ONCE_S) == []

    def test_depths_count_what_waits(self, queue: TaskQueue, name: str) -> None:
        assert name not in queue.depths()
        queue.publish(messages(name, 1, 2, 3))
        assert queue.depths()[name] == 3
        queue.consume([name], 1, SOON_S)
        assert queue.depths()[name] == 2

    def test_partitions_do_not_see_one_another(self, open_queue: OpenQueue, queue: TaskQueue, name: str) -> None:
        apart = open_queue(partition=unique("partition"))
        apart.publish(messages(name, "apart"))
        assert queue.consume([name], 1, AT_ONCE_S) == []
        assert name not in queue.depths()
        queue.publish(messages(name, "common"))
        taken = apart.consume([name], 10, SOON_S)
        assert texts(taken) == ["apart"]
        apart.dead_letter(taken[0], "bad")
        assert all(one[0] != name for one in queue.dead_letters())
        apart.close()

    def test_many_consumers_get_each_message_once(self, open_queue: OpenQueue, name: str) -> None:
        queues = [open_queue() for _ in range(4)]
        total = 200

        def consume(queue: TaskQueue) -> list[object]:
            found: list[object] = []
            while deliveries := queue.consume([name], 7, 1.0):
                found += texts(deliveries)
                queue.acknowledge(deliveries)
            return found

        with ThreadPoolExecutor(8) as threads:
            results = [threads.submit(consume, queue) for queue in queues]
            for queue, start in zip(queues, range(0, total, total // 4), strict=True):
                threads.submit(queue.publish, messages(name, *range(start, start + total // 4)))
            received = Counter(value for result in results for value in result.result(30.0))
        assert received == Counter(range(total))
        for queue in queues:
            queue.close()

    def test_it_behaves_like_the_model(self, open_queue: OpenQueue) -> None:
        opened: list[TaskQueue] = []

        def open_and_remember() -> TaskQueue:
            opened.append(open_queue(partition=unique("partition")))
            return opened[-1]

        run_state_machine_as_test(
            machine_for(open_and_remember),
            settings=settings(
                max_examples=30,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        for queue in opened:
            queue.close()
