"""Calls the listeners of the event stream, from one thread and in order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from airavata_adapters.event_buses.rabbitmq_message import Incoming
from airavata_adapters.event_buses.rabbitmq_window import View, Window
from airavata_workload.domain.change import Event
from airavata_workload.domain.errors import WorkloadError

Listener = Callable[[Event], None]
ReadOlder = Callable[[View], Iterator[Incoming]]

_CHECK_S = 10.0
_LOOK_AFTER = 1024
"""So many messages that concern nobody, and the thread looks all the same: it must not fall behind the window."""
_AGAIN_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Entry:
    listener: Listener
    topics: frozenset[str]
    after: int
    life: int


class Listeners:
    """Those who subscribed, and the thread that calls them; it starts with the first.

    The thread has its own place in the stream: what came while the connection
    was lost, or while a listener was slow, is read from the stream by
    ``read_older`` (``WorkloadError``: tried again after a second).
    """

    def __init__(self, window: Window, read_older: ReadOlder) -> None:
        self._window = window
        self._read_older = read_older
        self._calling = threading.RLock()
        self._entries: list[_Entry] = []
        self._place = 0
        self._life = window.life
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._due = threading.Event()
        self._wanted: frozenset[str] = frozenset()
        self._passed = 0
        window.watch(self._came)

    def add(self, listener: Listener, topics: frozenset[str], after: int) -> Callable[[], None]:
        """Call the listener for events after a sequence. When the returned function has returned, it is not called."""
        entry = _Entry(listener, topics, after, self._window.life)
        with self._calling:
            if self._thread is None or not self._entries:
                self._place = max(self._place, after)
            self._entries.append(entry)
            self._count_topics()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="workload-events", daemon=True)
                self._thread.start()

        def stop() -> None:
            with self._calling:
                if entry in self._entries:
                    self._entries.remove(entry)
                    self._count_topics()

        # Some of what it wants may have come already, and concerned nobody.
        self._due.set()
        return stop

    def close(self, timeout_s: float) -> None:
        """Call no listener any more."""
        self._closed.set()
        self._due.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    def _count_topics(self) -> None:
        self._wanted = frozenset(topic for entry in self._entries for topic in entry.topics)

    def _came(self, message: Incoming | None) -> None:
        """Most messages concern nobody, and waking a thread costs as much as receiving one."""
        self._passed += 1
        if message is None or self._passed >= _LOOK_AFTER or message.may_concern(self._wanted):
            self._passed = 0
            self._due.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._due.wait(_CHECK_S)
            self._due.clear()
            try:
                view = self._window.after(self._place)
                if view.life != self._life:
                    self._begin_again(view.life)
                    view = self._window.after(self._place)
                for message in self._read_older(view):
                    self._deliver(message)
                for message in view.messages:
                    self._deliver(message)
            except WorkloadError as error:
                _log.warning("events are not delivered for now: %s", error)
                self._closed.wait(_AGAIN_S)
                self._due.set()

    def _begin_again(self, life: int) -> None:
        """The stream was made anew: all that is in it is new to those who subscribed before."""
        with self._calling:
            self._life = life
            self._place = 0
            for entry in self._entries:
                if entry.life != life:
                    entry.after, entry.life = 0, life

    def _deliver(self, message: Incoming) -> None:
        with self._calling:
            if self._closed.is_set() or message.last_sequence <= self._place:
                return
            self._place = message.last_sequence
            if not message.may_concern(self._wanted):
                return
            for event in message.events:
                for entry in tuple(self._entries):
                    # An entry may be removed by the listener before it.
                    if event.topic in entry.topics and event.sequence > entry.after and entry in self._entries:
                        _call(entry.listener, event)


def _call(listener: Listener, event: Event) -> None:
    try:
        listener(event)
    except Exception:  # noqa: BLE001 - one broken listener must not silence the others
        _log.exception("a listener of the event stream raised an error at event %d", event.sequence)
