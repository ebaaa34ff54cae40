"""The event bus over RabbitMQ: one stream (RabbitMQ 3.9 or newer) that all processes write to and read from."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from airavata_adapters.event_buses.rabbitmq_listeners import Listeners
from airavata_adapters.event_buses.rabbitmq_message import Incoming, mark, packed, selected, sequence_at
from airavata_adapters.event_buses.rabbitmq_stream import EventStream
from airavata_adapters.event_buses.rabbitmq_window import View, Window
from airavata_adapters.rabbitmq.options import CONNECTION_DEFAULTS, BrokerOptions
from airavata_workload.domain.change import Event
from airavata_workload.domain.errors import SettingsError, StoreUnavailableError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.event_bus import EventBus

MIB = 1024 * 1024
MAX_NAME_BYTES = 255
"""Source: AMQP 0-9-1: the name of a queue is a short string."""

DEFAULTS: Mapping[str, Any] = {
    **CONNECTION_DEFAULTS,
    "answer_timeout_s": 5,
    "stream": "airavata-workload.events",
    "max_age_h": 168,
    "max_size_mib": 1024,
}

_MARK_S = 2.0
"""A mark that has not come back by then was lost with a connection, or fell before the place where reading began."""
_LOOK_BACK = 64
_JOIN_S = 10.0


class RabbitMqEventBus(EventBus):
    """Events in a stream of RabbitMQ.

    ``publish`` returns when the broker has confirmed, which it does when the
    message is with most of the stream's replicas. If the connection breaks
    before, the call publishes again within its time: an event may come twice,
    it is not lost unless the call raises.

    What another process had confirmed is not yet visible everywhere: a reader
    is served by the replica on the node that it is connected to, and the
    message count that the broker tells is some seconds old (Source: RabbitMQ,
    ``rabbit_stream_queue.erl``: ``consume`` takes the local replica, ``stat``
    reads ``queue_coarse_metrics``). ``latest``, ``subscribe`` and ``since``
    without a wait therefore write a *mark* and wait until it comes back.
    ``since`` with a wait writes nothing after the first time.

    Every method raises ``StoreUnavailableError`` when no broker answers within
    ``limit_s``.
    """

    def __init__(self, stream: EventStream, window: Window, limit_s: float) -> None:
        self._stream = stream
        self._window = window
        self._limit_s = limit_s
        self._listeners = Listeners(window, self._older)
        self._up_to_date_once = False
        self._closed = threading.Event()

    def publish(self, events: Sequence[Event]) -> None:
        """As ``EventBus.publish``. Events of one call stay together and in order."""
        messages = list(packed(events))
        if messages:
            self._stream.publish(messages, time.monotonic() + self._limit_s)

    def since(
        self, sequence: int, *, experiment_id: str | None = None, limit: int = 1000, wait_s: float = 0.0
    ) -> list[Event]:
        """As ``EventBus.since``.

        A broker that goes away during the wait is waited for. Raises
        ``StoreUnavailableError`` if it is away when the wait is over.
        """
        deadline = time.monotonic() + wait_s
        if wait_s <= 0 or not self._up_to_date_once:
            self._catch_up()
        while True:
            view = self._window.after(sequence)
            with contextlib.closing(self._older(view)) as older:
                found = selected(itertools.chain(older, view.messages), sequence, experiment_id, limit)
            remaining_s = deadline - time.monotonic()
            if found or self._closed.is_set():
                return found
            if remaining_s <= 0:
                self._stream.check()
                return []
            if view.messages:
                sequence = max(sequence, view.messages[-1].last_sequence)
            self._window.wait(view.changes, remaining_s)

    def latest(self) -> int:
        """As ``EventBus.latest``: not older than any event that was confirmed to any process before the call."""
        self._catch_up()
        newest = self._window.newest
        if newest is None:
            newest = self._look_back()
            self._window.learn(newest)
            # Leaves a mark that knows it, so that the next one need not look as far back.
            self._catch_up()
        return newest

    def subscribe(self, listener: Callable[[Event], None], *, topics: Sequence[str]) -> Callable[[], None]:
        """As ``EventBus.subscribe``. When the returned function has returned, the listener is not called any more.

        While no broker answers nothing is heard; afterwards the listener hears
        what was published meanwhile, as far as the stream still keeps it.
        """
        return self._listeners.add(listener, frozenset(topics), sequence_at(self._catch_up(), 0))

    def close(self) -> None:
        """As ``EventBus.close``."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._listeners.close(_JOIN_S)
        self._stream.close()
        self._window.wake()

    # -- reading ------------------------------------------------------------------
    def _older(self, view: View) -> Generator[Incoming]:
        """What of a view the window does not keep, read from the stream."""
        if view.older_from < view.older_until:
            yield from self._stream.read(view.older_from, view.older_until)

    def _catch_up(self) -> int:
        """Wait until everything is in the window that was confirmed before; the offset of the mark that shows it."""
        deadline = time.monotonic() + self._limit_s
        while True:
            self._stream.follow(deadline)
            mark_id = uuid.uuid4().hex
            self._window.expect(mark_id)
            try:
                newest, until = self._window.known
                self._stream.publish([mark(mark_id, newest, until)], deadline)
                offset = self._window.wait_for(mark_id, min(_MARK_S, max(0.0, deadline - time.monotonic())))
            finally:
                self._window.forget(mark_id)
            if offset is not None:
                self._up_to_date_once = True
                return offset
            if time.monotonic() >= deadline:
                raise StoreUnavailableError(
                    f"the event stream '{self._stream.name}' takes events and delivers none.",
                    remedy="See 'rabbitmq-streams stream_status' on the broker.",
                )

    def _look_back(self) -> int:
        """The newest event before the window. The marks found on the way say where to look; 0 if none is kept."""
        floor = self._window.floor or 0
        distance = _LOOK_BACK
        newest, begin = 0, floor
        while not newest and begin > 0:
            begin = max(0, floor - distance)
            kept_from = floor
            for message in self._stream.read(begin, floor):
                kept_from = min(kept_from, message.offset)
                if len(message):
                    newest = message.last_sequence
                elif message.known is not None and message.known[1] + 1 >= begin:
                    newest = max(newest, message.known[0])
            if kept_from > begin:
                break
            distance *= 8
        return newest


def open_event_bus(context: BackingContext) -> EventBus:
    """Entry point ``rabbitmq``. The bus is common to all partitions.

    Options besides those of the connection (``CONNECTION_DEFAULTS``; here
    ``answer_timeout_s`` bounds every call, and is 5): ``stream``, the name of
    the stream; ``max_age_h`` and ``max_size_mib``, how long and how much it
    keeps. Old events go by whole segments of a sixteenth of that size, so the
    newest segment stays however old it is.

    Raises ``SettingsError``, ``AuthenticationError``, ``DeniedError`` and ``StoreUnavailableError``.
    """
    options = settled(context)
    window = Window()
    stream = EventStream(
        BrokerOptions.of(options),
        options["stream"],
        retention_arguments(options["max_age_h"], options["max_size_mib"]),
        window,
        client_name=f"airavata-workload events {context.session}",
    )
    stream.open()
    return RabbitMqEventBus(stream, window, float(options["answer_timeout_s"]))


def settled(context: BackingContext) -> dict[str, Any]:
    """The options with the defaults of those that are not given. Raises ``SettingsError``; connects to nothing."""
    options = context.settled_options(**DEFAULTS)
    BrokerOptions.of(options)
    if not 1 <= len(options["stream"].encode()) <= MAX_NAME_BYTES:
        raise SettingsError(f"option 'stream' must have 1 to {MAX_NAME_BYTES} bytes.", key="stream")
    for name in ("max_age_h", "max_size_mib"):
        if options[name] < 1:
            raise SettingsError(f"option '{name}' is {options[name]}; it must be 1 or more.", key=name)
    return options


def retention_arguments(max_age_h: int, max_size_mib: int) -> dict[str, Any]:
    """What a stream is told when it is made.

    Source: RabbitMQ, "Streams", retention: evaluated by whole segments, and
    the newest one is never removed; the default of 500 MB a segment would
    keep the events of a small installation for ever.
    """
    segment_mib = min(64, max(1, max_size_mib // 16))
    return {
        "x-max-age": f"{max_age_h}h",
        "x-max-length-bytes": max_size_mib * MIB,
        "x-stream-max-segment-size-bytes": segment_mib * MIB,
    }
