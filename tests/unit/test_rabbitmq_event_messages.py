"""How events are packed into messages of a stream, and what the window in front of its end answers."""

from __future__ import annotations

import threading

import pytest

from airavata_adapters.event_buses.rabbitmq_message import (
    EVENTS_PER_MESSAGE,
    MESSAGE_BYTES,
    Incoming,
    mark,
    offset_after,
    packed,
    selected,
    sequence_at,
)
from airavata_adapters.event_buses.rabbitmq_window import Window
from airavata_workload.domain.change import Event
from airavata_workload.testing.event_bus_suite import unnumbered
from airavata_workload.testing.samples import event


def incoming(offset: int, *events: Event) -> Incoming:
    (message,) = packed(events)
    return Incoming(offset, message.body, message.headers, f"message-{offset}")


def incoming_mark(offset: int, newest: int | None = None, until: int = -1, mark_id: str = "") -> Incoming:
    message = mark(mark_id, newest, until)
    return Incoming(offset, message.body, message.headers)


def test_what_is_packed_comes_out_numbered() -> None:
    sent = [event(), event(topic="control", experiment_id="")]
    message = incoming(7, *sent)
    assert unnumbered(list(message.events)) == sent
    assert [one.sequence for one in message.events] == [7 * EVENTS_PER_MESSAGE + 1, 7 * EVENTS_PER_MESSAGE + 2]
    assert message.last_sequence == message.events[-1].sequence
    assert message.may_concern(frozenset({"control"}))
    assert not message.may_concern(frozenset({"progress"}))


def test_a_long_call_takes_several_messages() -> None:
    sent = [event() for _ in range(EVENTS_PER_MESSAGE + 1)]
    messages = [Incoming(offset, one.body, one.headers) for offset, one in enumerate(packed(sent))]
    assert unnumbered(selected(messages, 0, None, 10_000)) == sent
    numbers = [one.sequence for message in messages for one in message.events]
    assert numbers == sorted(set(numbers))


def test_large_events_do_not_make_large_messages() -> None:
    sent = [event(body={"text": "x" * (MESSAGE_BYTES // 3)}) for _ in range(4)]
    assert [one.headers["events"] for one in packed(sent)] == [2, 2]
    (alone,) = packed([event(body={"text": "x" * MESSAGE_BYTES})])
    assert alone.headers["events"] == 1


@pytest.mark.parametrize("index", [0, 1, EVENTS_PER_MESSAGE - 2])
def test_reading_after_an_event_begins_in_its_message(index: int) -> None:
    assert offset_after(sequence_at(5, index)) == 5


def test_reading_after_the_last_possible_event_of_a_message_begins_in_the_next() -> None:
    assert offset_after(sequence_at(5, EVENTS_PER_MESSAGE - 1)) == 6


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}", b'[{"topic": "state"}]', b"[1]", b'{"a": 1}', b"7"])
def test_a_message_of_somebody_else_holds_no_events(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    message = Incoming(3, body, {})
    assert list(message.events) == []
    assert message.last_sequence == sequence_at(2, EVENTS_PER_MESSAGE - 1)
    assert ("not ours" in caplog.text) == (body != b"{}")


def test_a_window_names_what_has_to_be_read_from_the_stream() -> None:
    window = Window()
    assert window.after(0).older_until == 0
    window.add(incoming(10, event()))
    window.add(incoming(11, event()))
    view = window.after(sequence_at(4, 0))
    assert (view.older_from, view.older_until, [one.offset for one in view.messages]) == (4, 10, [10, 11])
    view = window.after(sequence_at(10, 0))
    assert (view.older_until - view.older_from, [one.offset for one in view.messages]) == (0, [10, 11])
    assert window.after(sequence_at(11, 0)).messages == ()


def test_a_window_keeps_the_newest_messages_only() -> None:
    window = Window(kept_messages=2)
    for offset in range(5):
        window.add(incoming(offset, event()))
    view = window.after(0)
    assert (view.older_from, view.older_until, [one.offset for one in view.messages]) == (0, 3, [3, 4])
    small = Window(kept_bytes=1)
    small.add(incoming(0, event()))
    small.add(incoming(1, event()))
    assert [one.offset for one in small.after(0).messages] == [1]


def test_a_message_that_comes_again_is_dropped() -> None:
    window = Window()
    for offset in (3, 4, 3, 4, 5):
        window.add(incoming(offset, event()))
    assert [one.offset for one in window.after(sequence_at(3, 0)).messages] == [3, 4, 5]


def test_a_mark_tells_the_newest_event_if_nothing_lies_between() -> None:
    near, far = Window(), Window()
    near.add(incoming_mark(20, newest=17, until=19))
    far.add(incoming_mark(20, newest=17, until=18))
    assert (near.newest, far.newest) == (17, None)
    far.learn(18)
    near.learn(18)
    assert (near.newest, far.newest) == (17, 18)
    near.add(incoming_mark(21, newest=18, until=20))
    assert near.newest == 17
    near.add(incoming(22, event(), event()))
    assert near.newest == sequence_at(22, 1)


def test_whoever_waits_for_a_mark_is_told_its_offset() -> None:
    window = Window()
    window.expect("mine")
    assert window.wait_for("mine", 0.0) is None
    timer = threading.Timer(0.01, window.add, [incoming_mark(6, mark_id="mine")])
    timer.start()
    assert window.wait_for("mine", 10.0) == 6
    window.forget("mine")
    window.forget("mine")


def test_waiting_ends_when_something_happens() -> None:
    window = Window()
    view = window.after(0)
    assert not window.wait(view.changes, 0.0)
    threading.Timer(0.01, window.wake).start()
    assert window.wait(view.changes, 10.0)


def test_a_stream_made_anew_begins_again() -> None:
    window = Window()
    window.add(incoming(7, event()))
    assert [one and one.message_id for one in (window.last, window.at(7), window.at(6))] == ["message-7"] * 2 + [None]
    window.reset()
    assert (window.last, window.end, window.floor, window.newest, window.life) == (None, None, None, None, 1)
    window.add(incoming(0, event()))
    assert [one.offset for one in window.after(0).messages] == [0]
