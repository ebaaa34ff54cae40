"""What every event bus must do. Subclass it and give the fixture ``open_bus``."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from airavata_workload.domain.change import Event
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.testing.samples import event, unique

OpenBus = Callable[[], EventBus]
SOON_S = 10.0


def collect(bus: EventBus, after: int, number: int, experiment_id: str | None = None) -> list[Event]:
    """The first ``number`` events after a sequence."""
    found: list[Event] = []
    while len(found) < number:
        more = bus.since(after, experiment_id=experiment_id, limit=number - len(found), wait_s=SOON_S)
        assert more, f"{len(found)} of {number} events came"
        found += more
        after = more[-1].sequence
    return found


def unnumbered(events: list[Event]) -> list[Event]:
    """The events as they were before the bus numbered them."""
    return [replace(one, sequence=0) for one in events]


class EventBusSuite:
    """Needs a fixture ``open_bus``: each call opens the same storage once more; the suite closes what it opens."""

    @pytest.fixture
    def bus(self, open_bus: OpenBus) -> Iterator[EventBus]:
        """The bus under test."""
        bus = open_bus()
        yield bus
        bus.close()

    @pytest.fixture
    def other(self, open_bus: OpenBus) -> Iterator[EventBus]:
        """The same bus as another process would see it."""
        bus = open_bus()
        yield bus
        bus.close()

    def test_events_arrive_as_sent_and_in_order(self, bus: EventBus, other: EventBus) -> None:
        start = bus.latest()
        sent = [event(), event(topic="progress"), event(topic="control", experiment_id="")]
        bus.publish(sent[:2])
        bus.publish(sent[2:])
        bus.publish([])
        found = collect(other, start, 3)
        assert unnumbered(found) == sent
        numbers = [one.sequence for one in found]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > start

    def test_a_reader_continues_where_it_stopped(self, bus: EventBus) -> None:
        start = bus.latest()
        sent = [event() for _ in range(5)]
        bus.publish(sent)
        first = bus.since(start, limit=2)
        assert unnumbered(first) == sent[:2]
        assert unnumbered(bus.since(first[-1].sequence)) == sent[2:]
        assert bus.since(bus.latest()) == []

    def test_latest_is_the_number_of_the_newest_event(self, bus: EventBus, other: EventBus) -> None:
        bus.publish([event(), event()])
        newest = bus.latest()
        assert collect(other, newest - 1, 1)[0].sequence == newest
        assert bus.since(newest) == []

    def test_events_of_one_experiment(self, bus: EventBus) -> None:
        start = bus.latest()
        wanted = unique("experiment")
        sent = [event(experiment_id=wanted), event(), event(experiment_id=wanted)]
        bus.publish(sent)
        assert unnumbered(bus.since(start, experiment_id=wanted)) == [sent[0], sent[2]]

    def test_waiting_ends_with_the_first_event(self, bus: EventBus, other: EventBus) -> None:
        start = bus.latest()
        sent = event()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(other.since, start, wait_s=60.0)
            bus.publish([sent])
            assert unnumbered(waiting.result(SOON_S)) == [sent]

    def test_waiting_for_one_experiment_is_not_ended_by_another(self, bus: EventBus, other: EventBus) -> None:
        start = bus.latest()
        mine = event()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(other.since, start, experiment_id=mine.experiment_id, wait_s=60.0)
            bus.publish([event()])
            bus.publish([mine])
            assert unnumbered(waiting.result(SOON_S)) == [mine]

    def test_waiting_ends_empty_after_its_time(self, bus: EventBus) -> None:
        assert bus.since(bus.latest(), wait_s=0.05) == []

    def test_events_survive_the_bus_object(self, open_bus: OpenBus) -> None:
        first = open_bus()
        start = first.latest()
        sent = event()
        first.publish([sent])
        first.close()
        second = open_bus()
        assert unnumbered(second.since(start)) == [sent]
        second.close()

    def test_a_listener_gets_new_events_of_its_topics_from_everywhere(self, bus: EventBus, other: EventBus) -> None:
        bus.publish([event(body={"before": True})])
        heard: queue.Queue[Event] = queue.Queue()
        stop = bus.subscribe(heard.put, topics=["state", "control"])
        sent = [event(), event(topic="progress"), event(topic="control")]
        other.publish(sent[:2])
        assert unnumbered([heard.get(timeout=SOON_S)]) == [sent[0]]
        bus.publish(sent[2:])
        assert unnumbered([heard.get(timeout=SOON_S)]) == [sent[2]]
        stop()
        assert heard.empty()

    def test_a_listener_that_has_stopped_hears_nothing(self, bus: EventBus) -> None:
        stopped: queue.Queue[Event] = queue.Queue()
        going_on: queue.Queue[Event] = queue.Queue()
        stop = bus.subscribe(stopped.put, topics=["state"])
        bus.subscribe(going_on.put, topics=["state"])
        stop()
        stop()
        sent = event()
        bus.publish([sent])
        assert unnumbered([going_on.get(timeout=SOON_S)]) == [sent]
        assert stopped.empty()

    def test_a_second_listener_hears_only_what_comes_after_it(self, bus: EventBus) -> None:
        first: queue.Queue[Event] = queue.Queue()
        second: queue.Queue[Event] = queue.Queue()
        bus.subscribe(first.put, topics=["state"])
        earlier, later = event(), event()
        bus.publish([earlier])
        bus.subscribe(second.put, topics=["state"])
        bus.publish([later])
        assert unnumbered([first.get(timeout=SOON_S), first.get(timeout=SOON_S)]) == [earlier, later]
        assert unnumbered([second.get(timeout=SOON_S)]) == [later]

    def test_close_may_be_called_twice(self, open_bus: OpenBus) -> None:
        bus = open_bus()
        bus.subscribe(lambda _event: None, topics=["state"])
        bus.close()
        bus.close()
