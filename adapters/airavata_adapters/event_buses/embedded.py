"""The event bus of the one-process mode: a table in the shared SQLite file, read by whoever listens."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal_column, select

from airavata_adapters.sqlite.database import Database, open_database
from airavata_adapters.sqlite.prepared import Prepared, from_text, to_text
from airavata_adapters.sqlite.tables import events
from airavata_adapters.sqlite.writer import Safety
from airavata_workload.domain.change import Event
from airavata_workload.domain.errors import WorkloadError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.event_bus import EventBus

KEPT_EVENTS = 100_000
TRIM_EVERY = 500
_MAX_IN_FLIGHT = 64
_TOPIC = "events"
_CHECK_S = 1.0

_columns = (events.c.sequence, events.c.topic, events.c.experiment_id, events.c.body, events.c.at_us)
_PUBLISH = Prepared(insert(events))
_LATEST = Prepared(select(func.coalesce(func.max(events.c.sequence), literal_column("0"))))
_SINCE = Prepared(
    select(*_columns)
    .where(events.c.sequence > bindparam("after"))
    .order_by(events.c.sequence)
    .limit(bindparam("at_most"))
)
_SINCE_OF_EXPERIMENT = Prepared(
    select(*_columns)
    .where(events.c.experiment_id == bindparam("of_experiment"), events.c.sequence > bindparam("after"))
    .order_by(events.c.sequence)
    .limit(bindparam("at_most"))
)
_SINCE_ON_TOPIC = Prepared(
    select(*_columns)
    .where(events.c.topic == bindparam("on_topic"), events.c.sequence > bindparam("after"))
    .order_by(events.c.sequence)
)
_TRIM = Prepared(delete(events).where(events.c.sequence <= bindparam("up_to")))

Listener = Callable[[Event], None]
_Row = tuple[int, str, str, str, int]
_log = logging.getLogger(__name__)


class EmbeddedEventBus(EventBus):
    """Events in SQLite; the newest 100,000 are kept.

    ``publish`` does not wait for the disk, since nothing depends on an event,
    but what this bus has published it also shows. An event that could not be
    stored is reported by the next call. Every method may raise what
    ``Database`` raises.
    """

    def __init__(self, database: Database, kept: int = KEPT_EVENTS) -> None:
        self._database = database
        self._kept = kept
        self._lock = threading.Lock()
        self._in_flight: deque[Future[None]] = deque()
        self._listeners: list[tuple[Listener, frozenset[str]]] = []
        self._calling = threading.RLock()
        self._dispatcher: threading.Thread | None = None
        self._dispatched = 0
        self._closed = threading.Event()
        self._close_topic = f"events/close/{id(self)}"
        self._change_topic = f"events/listeners/{id(self)}"

    def publish(self, events: Sequence[Event]) -> None:
        """As ``EventBus.publish``."""
        rows = [
            {
                "sequence": None,
                "topic": event.topic,
                "experiment_id": event.experiment_id,
                "body": to_text(event.body),
                "at_us": event.at_us,
            }
            for event in events
        ]
        if not rows:
            return
        with self._lock:
            signals = {_TOPIC, *(_signal(event.topic) for event in events)}
            self._in_flight.append(
                self._database.submit(lambda connection: self._store(connection, rows), *signals, safety=Safety.VISIBLE)
            )
            oldest = self._in_flight.popleft() if len(self._in_flight) > _MAX_IN_FLIGHT else None
        if oldest is not None:
            self._database.settled(oldest)

    def _store(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        _PUBLISH.run_many(connection, rows)
        (newest,) = _LATEST.run(connection).fetchone()
        if newest // TRIM_EVERY != (newest - len(rows)) // TRIM_EVERY:
            _TRIM.run(connection, up_to=newest - self._kept)

    def _flush(self) -> None:
        """Wait until what this bus has published is stored."""
        while True:
            with self._lock:
                if not self._in_flight:
                    return
                future = self._in_flight.popleft()
            self._database.settled(future)

    def since(
        self, sequence: int, *, experiment_id: str | None = None, limit: int = 1000, wait_s: float = 0.0
    ) -> list[Event]:
        """As ``EventBus.since``."""
        self._flush()
        deadline = time.monotonic() + wait_s
        found = self._read(sequence, experiment_id, limit)
        if found or wait_s <= 0:
            return found
        with self._database.signals.listening((_TOPIC, self._close_topic)) as waiter:
            while True:
                waiter.reset()
                found = self._read(sequence, experiment_id, limit)
                remaining_s = deadline - time.monotonic()
                if found or remaining_s <= 0 or waiter.interrupted or self._closed.is_set():
                    return found
                waiter.wait(remaining_s)

    def _read(self, sequence: int, experiment_id: str | None, limit: int) -> list[Event]:
        def find(connection: Connection) -> list[_Row]:
            if experiment_id is None:
                return _SINCE.run(connection, after=sequence, at_most=limit).fetchall()
            return _SINCE_OF_EXPERIMENT.run(
                connection, of_experiment=experiment_id, after=sequence, at_most=limit
            ).fetchall()

        return [_event(*row) for row in self._database.read(find)]

    def latest(self) -> int:
        """As ``EventBus.latest``."""
        self._flush()
        (newest,) = self._database.read(lambda connection: _LATEST.run(connection).fetchone())
        return int(newest)

    def subscribe(self, listener: Callable[[Event], None], *, topics: Sequence[str]) -> Callable[[], None]:
        """As ``EventBus.subscribe``. When the returned function has returned, the listener is not called any more."""
        entry = (listener, frozenset(topics))
        with self._calling:
            newest = self.latest()
            if self._dispatcher is None:
                self._dispatched = newest
                self._dispatcher = threading.Thread(target=self._dispatch, name="workload-events", daemon=True)
                self._dispatcher.start()
            else:
                # Events before this moment are for the earlier listeners only.
                self._call_listeners(self._read(self._dispatched, None, newest - self._dispatched))
            self._listeners.append(entry)
        # The dispatcher may be waiting for other topics.
        self._database.signals.notify({self._change_topic})

        def stop() -> None:
            with self._calling, contextlib.suppress(ValueError):
                self._listeners.remove(entry)

        return stop

    def _dispatch(self) -> None:
        while not self._closed.is_set():
            try:
                # Woken by events of the wanted topics only: most events are of others, and there are many.
                signals = (*(_signal(topic) for topic in self._wanted_topics()), self._change_topic, self._close_topic)
                with self._database.signals.listening(signals) as waiter:
                    waiter.reset()
                    if self._deliver() == 0 and not self._closed.is_set():
                        waiter.wait(_CHECK_S)
            except WorkloadError as error:
                _log.warning("events are not delivered for now: %s", error)
                self._closed.wait(_CHECK_S)

    def _wanted_topics(self) -> frozenset[str]:
        return frozenset(topic for _, wanted in tuple(self._listeners) for topic in wanted)

    def _deliver(self) -> int:
        """Call the listeners for what is new on their topics; how many events that were."""

        def find(connection: Connection) -> tuple[int, list[_Row]]:
            (newest,) = _LATEST.run(connection).fetchone()
            rows: list[_Row] = []
            for topic in self._wanted_topics():
                rows += _SINCE_ON_TOPIC.run(connection, on_topic=topic, after=self._dispatched).fetchall()
            return int(newest), sorted(rows)

        with self._calling:
            newest, rows = self._database.read(find)
            self._call_listeners(_event(*row) for row in rows)
            # The other topics count as seen, too, so that they are not looked through again.
            self._dispatched = max(self._dispatched, newest)
        return len(rows)

    def _call_listeners(self, found: Any) -> None:
        for event in found:
            self._dispatched = event.sequence
            for listener, topics in tuple(self._listeners):
                if event.topic in topics:
                    _call(listener, event)

    def close(self) -> None:
        """As ``EventBus.close``; events that have been published are stored first."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._database.signals.interrupt(self._close_topic)
        if self._dispatcher is not None and self._dispatcher is not threading.current_thread():
            self._dispatcher.join(_CHECK_S * 10)
        try:
            self._flush()
        finally:
            self._database.close()


def _signal(topic: str) -> str:
    """What wakes those who wait for events of one topic."""
    return f"{_TOPIC}/{topic}"


def _event(number: int, topic: str, experiment_id: str, body: str, at_us: int) -> Event:
    return Event(topic=topic, experiment_id=experiment_id, body=from_text(body), at_us=at_us, sequence=number)


def _call(listener: Listener, event: Event) -> None:
    try:
        listener(event)
    except Exception:  # noqa: BLE001 - one broken listener must not silence the others
        _log.exception("a listener of the event stream raised an error at event %d", event.sequence)


def open_event_bus(context: BackingContext) -> EventBus:
    """Entry point ``embedded``; the option ``kept_events`` says how many events are kept (100,000).

    Raises ``SettingsError``, ``DeniedError``, ``StoreUnavailableError`` and ``DocumentError``.
    """
    kept = context.settled_options(kept_events=KEPT_EVENTS)["kept_events"]
    return EmbeddedEventBus(open_database(context.home), kept)
