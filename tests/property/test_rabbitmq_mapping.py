"""Messages, priorities and names of the engine as RabbitMQ has them, for any values."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from airavata_adapters.rabbitmq.channel import Outgoing, Received
from airavata_adapters.task_queues import rabbitmq_messages as codec
from airavata_adapters.task_queues.rabbitmq_names import Level, QueueNames, level_of
from airavata_adapters.task_queues.rabbitmq_plan import shares
from airavata_workload.domain.errors import InputError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec=None)),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=10,
)
BODIES = st.dictionaries(st.text(st.characters(codec=None)), JSON)
SHORT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def arrived(sent: Outgoing, *, redelivered: bool = False) -> Received:
    return Received(1, 1, redelivered, sent.properties, sent.body, "", sent.routing_key)


@given(BODIES)
def test_a_body_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    sent = codec.outgoing("queue", body)
    assert sent.body.isascii()
    assert codec.decode(sent.body) == body


@given(st.binary().filter(lambda raw: not raw.strip().startswith(b"{")))
def test_bytes_that_are_no_object_are_an_error_that_says_why(raw: bytes) -> None:
    with pytest.raises(codec.UndecodableError, match="the message is not"):
        codec.decode(raw)


def test_deep_nesting_is_undecodable_and_no_crash() -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    letter = codec.dead_letter("dead", "queue", "deep", Received(1, 1, False, codec.persistent({}), deep, "", "queue"))
    assert codec.letter_of(arrived(letter), {})[2] == "deep"


@given(st.text(st.characters(codec=None)), st.integers(0, 3))
def test_a_dead_letter_keeps_queue_body_and_reason(reason: str, times: int) -> None:
    message = codec.outgoing("physical", {"n": 1})
    for _ in range(times):
        message = codec.handed_back("physical", arrived(message))
    assert codec.was_delivered_before(arrived(message)) == (times > 0)
    letter = codec.dead_letter("dead", "queue", reason, arrived(message))
    queue, body, shown = codec.letter_of(arrived(letter), {})
    assert (queue, body) == ("queue", {"n": 1})
    shown.encode("utf-8")
    if reason.isascii() and len(reason) <= codec.MAX_REASON_CHARACTERS:
        assert shown == reason
    assert len(shown) <= codec.MAX_REASON_CHARACTERS


def test_headers_of_the_broker_do_not_go_along() -> None:
    message = codec.outgoing("physical", {"n": 1})
    message.properties.headers.update({"x-delivery-count": 19, "x-death": [], "mine": 1})
    again = codec.handed_back("physical", arrived(message)).properties.headers
    assert set(again) == {codec.TRACE_PARENT, codec.HANDED_BACK, "mine"}


@given(BODIES, st.text() | st.integers())
def test_every_message_has_a_valid_trace_parent(body: dict[str, Any], given_value: object) -> None:
    trace = codec.trace_parent({**body, codec.TRACE_PARENT: given_value})
    assert re.fullmatch(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", trace)
    assert codec.trace_parent({codec.TRACE_PARENT: trace}) == trace, "kept"


@given(st.integers(), st.integers())
def test_levels_keep_the_order_of_priorities(one: int, other: int) -> None:
    order = list(Level)
    if one > other:
        assert order.index(level_of(one)) <= order.index(level_of(other))


def test_what_the_engine_tells_apart_stays_apart() -> None:
    assert [level_of(priority) for priority in (100, 10, 0, -1)] == list(Level)


@given(st.tuples(SHORT, SHORT, SHORT), st.tuples(SHORT, SHORT, SHORT), st.sampled_from(Level), st.sampled_from(Level))
def test_different_queues_have_different_names(
    one: tuple[str, str, str], other: tuple[str, str, str], one_level: Level, other_level: Level
) -> None:
    assume((one, one_level) != (other, other_level))
    try:
        names = [
            QueueNames(prefix, partition).of(queue, level)
            for (prefix, partition, queue), level in ((one, one_level), (other, other_level))
        ]
    except InputError:
        return  # too long
    assert names[0] != names[1]
    assert all(len(name.encode()) <= 255 for name in names)
    assert QueueNames(one[0], one[1]).dead_letters not in names


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=12).map(sorted),
    st.integers(0, 40),
)
def test_shares_are_the_most_urgent_and_even(rows: list[tuple[int, int]], limit: int) -> None:
    sources = list(enumerate(rows))
    plan = dict(shares(sources, lambda source: source[1][1], lambda source: source[1][0], limit))
    assert sum(plan.values()) == min(limit, sum(count for _, count in rows))
    assert all(0 < taken <= source[1][1] for source, taken in plan.items())
    for source in sources:
        left = source[1][1] - plan.get(source, 0)
        for another in sources:
            less_urgent = another[1][0] > source[1][0]
            assert not (left and less_urgent and plan.get(another, 0)), "an urgent one was passed over"
            equal = another[1][0] == source[1][0]
            assert not (left and equal and plan.get(another, 0) > plan.get(source, 0) + 1), "unfair"
