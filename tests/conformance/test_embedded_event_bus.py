"""The embedded event bus fulfils its port, and keeps the newest events only."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from airavata_adapters.event_buses.embedded import TRIM_EVERY, EmbeddedEventBus, open_event_bus
from airavata_adapters.sqlite.database import open_database
from airavata_workload.domain.change import Event
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.event_bus_suite import SOON_S, EventBusSuite, OpenBus
from airavata_workload.testing.samples import event


class TestEmbeddedEventBus(EventBusSuite):
    @pytest.fixture
    def open_bus(self, tmp_path: Path) -> OpenBus:
        return lambda: open_event_bus(BackingContext(home=tmp_path, session="engine-1"))


def test_old_events_are_removed_and_numbers_go_on(tmp_path: Path) -> None:
    bus = EmbeddedEventBus(open_database(tmp_path), kept=10)
    for _ in range(TRIM_EVERY // 100):
        bus.publish([event() for _ in range(100)])
    kept = bus.since(0)
    assert [one.sequence for one in kept] == list(range(TRIM_EVERY - 9, TRIM_EVERY + 1))
    assert bus.latest() == TRIM_EVERY
    bus.close()


def test_a_listener_that_raises_does_not_silence_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bus = EmbeddedEventBus(open_database(tmp_path))
    heard: queue.Queue[Event] = queue.Queue()

    def raise_error(_event: object) -> None:
        raise RuntimeError("broken listener")

    bus.subscribe(raise_error, topics=["state"])
    bus.subscribe(heard.put, topics=["state"])
    bus.publish([event(), event()])
    numbers = [heard.get(timeout=SOON_S).sequence for _ in range(2)]
    bus.close()
    assert numbers == [1, 2]
    assert "broken listener" in caplog.text
