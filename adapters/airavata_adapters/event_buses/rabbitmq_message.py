"""How events lie in the messages of a RabbitMQ stream, and how they are numbered.

A message holds up to 1,024 events of one ``publish`` call, so that a group of
events costs one confirmation, and one delivery to each reader. The broker
numbers the messages (the *offset*, from 0, the same for all readers and kept
over restarts); the event at ``index`` in the message at ``offset`` has the
sequence ``offset * 1024 + index + 1``: it grows, it has gaps, it is above 0.

A *mark* is a message without events. Whoever has published a mark and sees it
come back has seen everything that was confirmed to anybody before: that is how
a bus knows that it is up to date. A mark tells which event its publisher knew
as the newest, so that a new reader need not search for it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airavata_workload.domain.change import Event

EVENTS_PER_MESSAGE = 1024
MESSAGE_BYTES = 256 * 1024
"""A message is closed when it has grown to this size; larger ones hold a single event."""

_COUNT, _TOPICS, _MARK, _NEWEST, _UNTIL = "events", "topics", "mark", "newest", "until"

_log = logging.getLogger(__name__)


def sequence_at(offset: int, index: int) -> int:
    """The sequence of the event at ``index`` (from 0) in the message at ``offset``."""
    return offset * EVENTS_PER_MESSAGE + index + 1


def offset_after(sequence: int) -> int:
    """The offset of the first message that can hold an event after ``sequence``."""
    return sequence // EVENTS_PER_MESSAGE


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message to be published."""

    body: bytes
    headers: Mapping[str, Any]


def packed(events: Sequence[Event]) -> Iterator[Unsent]:
    """The messages that carry the events, in order."""
    parts: list[str] = []
    topics: set[str] = set()
    size = 0
    for event in events:
        text = json.dumps(
            {
                "topic": event.topic,
                "experiment_id": event.experiment_id,
                "body": dict(event.body),
                "at_us": event.at_us,
            },
            separators=(",", ":"),
        )
        if parts and (len(parts) == EVENTS_PER_MESSAGE or size + len(text) > MESSAGE_BYTES):
            yield _outgoing(parts, topics)
            parts, topics, size = [], set(), 0
        parts.append(text)
        topics.add(event.topic)
        size += len(text)
    if parts:
        yield _outgoing(parts, topics)


def _outgoing(parts: Sequence[str], topics: set[str]) -> Unsent:
    return Unsent(
        body=f"[{','.join(parts)}]".encode(),
        headers={_COUNT: len(parts), _TOPICS: sorted(topics)},
    )


def mark(mark_id: str, newest: int | None, until: int) -> Unsent:
    """A message without events; ``newest`` is the newest sequence up to the offset ``until``, None if not known."""
    known = {} if newest is None else {_NEWEST: newest, _UNTIL: until}
    return Unsent(body=b"[]", headers={_COUNT: 0, _TOPICS: [], _MARK: mark_id, **known})


class Incoming:
    """A message of the stream. Its body is read when its events are first asked for: most readers skip most."""

    def __init__(self, offset: int, body: bytes, headers: Mapping[str, Any], message_id: str = "") -> None:
        self.offset = offset
        self.message_id = message_id
        self.size = len(body)
        self._body = body
        self._count = headers.get(_COUNT)
        self._topics = headers.get(_TOPICS)
        self.mark_id = headers.get(_MARK)
        newest, until = headers.get(_NEWEST), headers.get(_UNTIL)
        self.known = (int(newest), int(until)) if isinstance(newest, int) and isinstance(until, int) else None

    def __len__(self) -> int:
        return self._count if isinstance(self._count, int) else len(self.events)

    @property
    def last_sequence(self) -> int:
        """The sequence of the last event in it; that of the last event before it, or less, if it holds none."""
        return self.offset * EVENTS_PER_MESSAGE + len(self)

    def may_concern(self, topics: frozenset[str]) -> bool:
        """False if none of its events is of these topics."""
        return not isinstance(self._topics, list) or not topics.isdisjoint(self._topics)

    @cached_property
    def events(self) -> Sequence[Event]:
        """The events in it, numbered. A message that is not ours holds none."""
        try:
            return [
                Event(
                    topic=str(one["topic"]),
                    experiment_id=str(one["experiment_id"]),
                    body=one["body"],
                    at_us=int(one["at_us"]),
                    sequence=sequence_at(self.offset, index),
                )
                for index, one in enumerate(json.loads(self._body))
            ]
        except (ValueError, TypeError, KeyError) as error:
            _log.warning("the message at offset %d of the event stream is not ours: %s", self.offset, error)
            return []


def selected(
    messages: Iterator[Incoming] | Sequence[Incoming], after: int, experiment_id: str | None, limit: int
) -> list[Event]:
    """Of the events in the messages the first ``limit`` after a sequence, of one experiment if it is named."""
    found: list[Event] = []
    for message in messages:
        if message.last_sequence <= after:
            continue
        for event in message.events:
            if event.sequence > after and experiment_id in (None, event.experiment_id):
                found.append(event)
                if len(found) >= limit:
                    return found
    return found
