"""Messages of the engine as messages of RabbitMQ and back. Pure.

A body is a JSON object. The headers are ``traceparent``, ``handed-back`` (how
often the message was returned unprocessed) and, in the dead letters,
``queue`` and ``reason``.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from airavata_adapters.rabbitmq.channel import Outgoing, Received, persistent

TRACE_PARENT = "traceparent"
HANDED_BACK = "handed-back"
QUEUE = "queue"
REASON = "reason"
MAX_REASON_CHARACTERS = 4000
"""The headers of a message must fit into one frame, of 128 KiB by default. Source: AMQP 0-9-1, 4.2.6; RabbitMQ."""
_TRACE_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class UndecodableError(ValueError):
    """The bytes hold no message of ours; the text says why."""


def encode(body: Mapping[str, Any]) -> bytes:
    """The bytes of a body. They are ASCII, so what UTF-8 cannot hold (lone surrogates) survives."""
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def decode(raw: bytes) -> Mapping[str, Any]:
    """The body in the bytes. Raises ``UndecodableError``."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UndecodableError(f"the message is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise UndecodableError(f"the message is not a JSON object but {type(body).__name__}")
    return body


def trace_parent(body: Mapping[str, Any]) -> str:
    """The body's own ``traceparent``, or a new one that is not sampled.

    Source: W3C Trace Context, 3.2: version, trace id (32 hexadecimal digits,
    not all 0), parent id (16, likewise), flags.
    """
    given = body.get(TRACE_PARENT)
    if isinstance(given, str) and _TRACE_PARENT.fullmatch(given):
        return given
    digits = secrets.token_hex(24)
    # Seen and random enough are the same thing here: 192 zero bits do not come.
    return f"00-{digits[:32]}-{digits[32:]}-00"


def outgoing(broker_queue: str, body: Mapping[str, Any]) -> Outgoing:
    """A new message."""
    return Outgoing("", broker_queue, encode(body), persistent({TRACE_PARENT: trace_parent(body)}))


def handed_back(broker_queue: str, received: Received) -> Outgoing:
    """The same message once more, marked as handed back."""
    headers = dict(received.properties.headers or {})
    headers[HANDED_BACK] = _number(headers.get(HANDED_BACK)) + 1
    return Outgoing("", broker_queue, received.body, persistent(_ours(headers)))


def dead_letter(broker_queue: str, queue: str, reason: str, received: Received) -> Outgoing:
    """The same message for the dead letters."""
    headers = {**(received.properties.headers or {}), QUEUE: queue, REASON: _storable(reason)}
    return Outgoing("", broker_queue, received.body, persistent(_ours(headers)))


def was_delivered_before(received: Received) -> bool:
    """Whether somebody may have seen the message already."""
    return received.redelivered or _number((received.properties.headers or {}).get(HANDED_BACK)) > 0


def letter_of(received: Received, queue_of_broker_queue: Mapping[str, str]) -> tuple[str, Mapping[str, Any], str]:
    """Queue, body and reason of a dead letter.

    One that the broker itself set aside has its reason in ``x-death`` and the
    broker's queue in ``x-first-death-queue`` (source: RabbitMQ, "Dead Letter
    Exchanges"). Bytes that are no message are shown under ``undecodable``.
    """
    headers = received.properties.headers or {}
    try:
        body = decode(received.body)
    except UndecodableError:
        body = {"undecodable": received.body.decode("utf-8", "backslashreplace")}
    if REASON in headers:
        return str(headers.get(QUEUE)), body, str(headers[REASON])
    source = str(headers.get("x-first-death-queue", received.routing_key))
    cause = str(headers.get("x-first-death-reason", "unknown"))
    reason = f"set aside by RabbitMQ: {cause}"
    if cause == "delivery_limit":
        reason += " (its receivers died, or lost their connection, again and again)"
    return queue_of_broker_queue.get(source, source), body, reason


def _ours(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Without the broker's own headers, which would count on for a message that begins anew."""
    return {name: value for name, value in headers.items() if not name.startswith("x-")}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _storable(reason: str) -> str:
    text = reason.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= MAX_REASON_CHARACTERS else text[: MAX_REASON_CHARACTERS - 1] + "…"
