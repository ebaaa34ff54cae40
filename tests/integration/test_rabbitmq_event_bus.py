"""The event bus over a real RabbitMQ fulfils its port, and goes on when the broker comes back."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pika
import pytest

from airavata_adapters.event_buses.rabbitmq import RabbitMqEventBus, open_event_bus
from airavata_adapters.event_buses.rabbitmq_message import MESSAGE_BYTES
from airavata_workload.domain.change import Event
from airavata_workload.domain.errors import SettingsError, StoreUnavailableError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.testing.event_bus_suite import SOON_S, EventBusSuite, OpenBus, collect, unnumbered
from airavata_workload.testing.samples import event, unique

pytestmark = pytest.mark.server

RESTART_S = 60.0


def bus_at(url: str, stream: str, home: Path, **options: Any) -> RabbitMqEventBus:
    context = BackingContext(home=home, session="test-1", options={"urls": [url], "stream": stream, **options})
    bus = open_event_bus(context)
    assert isinstance(bus, RabbitMqEventBus)
    return bus


@pytest.fixture
def channel(amqp_url: str) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    yield connection.channel()
    connection.close()


@pytest.fixture
def stream(channel: Any) -> Iterator[str]:
    name = unique("test-events")
    yield name
    channel.queue_delete(name)


@pytest.fixture
def open_bus(amqp_url: str, stream: str, tmp_path: Path) -> OpenBus:
    return lambda: bus_at(amqp_url, stream, tmp_path)


class TestRabbitMqEventBus(EventBusSuite):
    pass


@pytest.fixture
def bus(open_bus: OpenBus) -> Iterator[EventBus]:
    bus = open_bus()
    yield bus
    bus.close()


def test_a_new_stream_has_no_newest_event(bus: EventBus) -> None:
    assert bus.latest() == 0
    assert bus.since(0) == []


def test_the_newest_event_is_found_behind_many_marks(open_bus: OpenBus) -> None:
    first = open_bus()
    first.publish([event()])
    newest = first.latest()
    for _ in range(100):
        first.since(newest)
    first.close()
    for _ in range(3):
        new = open_bus()
        assert new.latest() == newest
        assert [one.sequence for one in new.since(0)] == [newest]
        new.close()


def test_marks_that_know_nothing_hide_no_event(open_bus: OpenBus, channel: Any, stream: str) -> None:
    first = open_bus()
    first.publish([event()])
    newest = first.latest()
    first.close()
    for _ in range(1000):
        channel.basic_publish("", stream, b"not ours")
    second = open_bus()
    assert second.latest() == newest
    second.publish([event()])
    assert second.latest() > newest
    second.close()


def test_a_reader_far_behind_gets_everything(open_bus: OpenBus) -> None:
    writer, reader = open_bus(), open_bus()
    wanted = unique("experiment")
    for _ in range(50):
        writer.publish([event() for _ in range(99)] + [event(experiment_id=wanted)])
    found = collect(reader, 0, 5000)
    assert len({one.sequence for one in found}) == 5000
    mine = reader.since(0, experiment_id=wanted)
    assert [one.experiment_id for one in mine] == [wanted] * 50
    assert reader.since(mine[-2].sequence, experiment_id=wanted) == mine[-1:]
    writer.close()
    reader.close()


def test_a_window_that_is_too_small_is_completed_from_the_stream(open_bus: OpenBus) -> None:
    writer, reader = open_bus(), open_bus()
    start = reader.latest()
    sent = [event(body={"text": "x" * MESSAGE_BYTES}) for _ in range(80)]
    writer.publish(sent)
    assert unnumbered(reader.since(start)) == sent
    writer.close()
    reader.close()


def test_a_slow_listener_misses_nothing(open_bus: OpenBus) -> None:
    bus = open_bus()
    heard: queue.Queue[Event] = queue.Queue()
    gate: queue.Queue[None] = queue.Queue()

    def listen(one: Event) -> None:
        heard.put(one)
        gate.get(timeout=SOON_S)

    bus.subscribe(listen, topics=["state"])
    sent = [event(body={"text": "x" * MESSAGE_BYTES}) for _ in range(80)]
    bus.publish(sent)
    bus.latest()
    for _ in sent:
        gate.put(None)
    assert unnumbered([heard.get(timeout=SOON_S) for _ in sent]) == sent
    bus.close()


def test_a_listener_that_raises_does_not_silence_the_others(bus: EventBus, caplog: pytest.LogCaptureFixture) -> None:
    heard: queue.Queue[Event] = queue.Queue()

    def raise_error(_event: object) -> None:
        raise RuntimeError("broken listener")

    bus.subscribe(raise_error, topics=["state"])
    bus.subscribe(heard.put, topics=["state"])
    sent = [event(), event()]
    bus.publish(sent)
    assert unnumbered([heard.get(timeout=SOON_S) for _ in sent]) == sent
    assert "broken listener" in caplog.text


def test_retention_is_asked_of_the_broker_and_another_retention_is_no_error(
    amqp_url: str, stream: str, tmp_path: Path, channel: Any, caplog: pytest.LogCaptureFixture
) -> None:
    first = bus_at(amqp_url, stream, tmp_path, max_age_h=1, max_size_mib=128)
    first.publish([event()])
    arguments = {
        "x-queue-type": "stream",
        "x-max-age": "1h",
        "x-max-length-bytes": 128 * 1024 * 1024,
        "x-stream-max-segment-size-bytes": 8 * 1024 * 1024,
    }
    assert channel.queue_declare(stream, durable=True, arguments=arguments).method.queue == stream
    second = bus_at(amqp_url, stream, tmp_path, max_age_h=2)
    assert len(second.since(0)) == 1
    assert "keeps the retention" in caplog.text
    first.close()
    second.close()


def test_a_stream_that_is_deleted_is_made_anew_and_heard_again(
    open_bus: OpenBus, stream: str, channel: Any, caplog: pytest.LogCaptureFixture
) -> None:
    writer, reader = open_bus(), open_bus()
    heard: queue.Queue[Event] = queue.Queue()
    reader.subscribe(heard.put, topics=["state"])
    before = [event() for _ in range(5)]
    for one in before:
        writer.publish([one])
    assert unnumbered([heard.get(timeout=SOON_S) for _ in before]) == before
    channel.queue_delete(stream)
    after = event()
    writer.publish([after])
    assert unnumbered([heard.get(timeout=SOON_S)]) == [after]
    assert unnumbered(reader.since(0)) == [after]
    assert reader.latest() == writer.latest() == reader.since(0)[0].sequence
    assert "made anew" in caplog.text
    writer.close()
    reader.close()


def test_a_queue_of_another_type_is_refused(amqp_url: str, stream: str, tmp_path: Path, channel: Any) -> None:
    channel.queue_declare(stream, durable=True)
    with pytest.raises(SettingsError, match="is a queue and not a stream"):
        bus_at(amqp_url, stream, tmp_path)


@pytest.mark.parametrize("options", [{"urls": []}, {"stream": ""}, {"max_age_h": 0}, {"max_size_mib": -1}, {"x": 1}])
def test_wrong_options_are_refused(amqp_url: str, tmp_path: Path, options: dict[str, Any]) -> None:
    context = BackingContext(home=tmp_path, session="test-1", options={"urls": [amqp_url], **options})
    with pytest.raises(SettingsError) as raised:
        open_event_bus(context)
    assert raised.value.key in options


def test_without_a_broker_opening_ends_in_time(tmp_path: Path) -> None:
    begin_s = time.monotonic()
    with pytest.raises(StoreUnavailableError) as raised:
        bus_at("amqp://guest:secret-word@127.0.0.1:1/%2F", "none", tmp_path)
    assert time.monotonic() - begin_s < SOON_S
    assert "127.0.0.1:1" in str(raised.value)
    assert "secret-word" not in str(raised.value)


@pytest.fixture
def private_stream(services: Any, tmp_path: Path) -> OpenBus:
    """A stream on a broker that may be killed."""
    services.start("rabbitmq")
    url = services.env("rabbitmq")["AMQP_URL"]

    def open_bus() -> EventBus:
        return bus_at(url, "kept", tmp_path, answer_timeout_s=1)

    open_bus().close()
    # RabbitMQ 3.10 saves every half second what streams it has, and tells nobody: one that was made in the
    # moment before it is killed may be lost.
    time.sleep(3.0)
    return open_bus


def test_a_kill_of_the_broker_is_survived_by_listener_and_waiting_reader(
    services: Any, private_stream: OpenBus
) -> None:
    writer, reader = private_stream(), private_stream()
    heard: queue.Queue[Event] = queue.Queue()
    reader.subscribe(heard.put, topics=["control"])
    before, after = event(topic="control"), [event(topic="control"), event(topic="control")]
    writer.publish([before])
    assert unnumbered([heard.get(timeout=SOON_S)]) == [before]
    start = reader.latest()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(reader.since, start, wait_s=RESTART_S)
        services.kill("rabbitmq")
        without_a_broker_every_call_ends_in_time(writer)
        services.start("rabbitmq")
        for one in after:
            publish_when_back(writer, one)
        assert unnumbered(waiting.result(RESTART_S))[0] == after[0]
    assert unnumbered([heard.get(timeout=RESTART_S) for _ in after]) == after
    assert unnumbered(writer.since(start)) == after
    assert unnumbered(reader.since(0)) == [before, *after]
    writer.close()
    reader.close()


def without_a_broker_every_call_ends_in_time(bus: EventBus) -> None:
    calls: list[Callable[[], object]] = [
        lambda: bus.publish([event()]),
        lambda: bus.since(0, wait_s=0.1),
        bus.latest,
    ]
    for call in calls:
        begin_s = time.monotonic()
        with pytest.raises(StoreUnavailableError):
            call()
        assert time.monotonic() - begin_s < SOON_S


def publish_when_back(bus: EventBus, one: Event) -> None:
    deadline = time.monotonic() + RESTART_S
    while True:
        try:
            return bus.publish([one])
        except StoreUnavailableError:
            assert time.monotonic() < deadline
