"""Wakes threads of this process that wait for something to be stored."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator


class Waiter:
    """One waiting thread. ``interrupted`` is set when it is to stop waiting rather than to look again."""

    __slots__ = ("_event", "interrupted")

    def __init__(self) -> None:
        self._event = threading.Event()
        self.interrupted = False

    def reset(self) -> None:
        """Forget earlier notices; call it before looking, so that none that comes while looking is lost."""
        self._event.clear()

    def wait(self, timeout_s: float) -> bool:
        """Sleep until a notice comes; false after ``timeout_s``."""
        return self._event.wait(timeout_s)

    def notify(self) -> None:
        """Wake the thread."""
        self._event.set()


class Signals:
    """Notices by topic. ``on_first_waiter`` is called when somebody begins to wait where nobody did."""

    def __init__(self, on_first_waiter: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._by_topic: dict[str, set[Waiter]] = {}
        self._on_first_waiter = on_first_waiter

    @property
    def anyone_waits(self) -> bool:
        """Whether anyone waits for anything."""
        return bool(self._by_topic)

    @contextlib.contextmanager
    def listening(self, topics: Iterable[str]) -> Iterator[Waiter]:
        """A waiter that gets the notices of these topics."""
        waiter = Waiter()
        wanted = frozenset(topics)
        with self._lock:
            first = not self._by_topic
            for topic in wanted:
                self._by_topic.setdefault(topic, set()).add(waiter)
        if first:
            self._on_first_waiter()
        try:
            yield waiter
        finally:
            with self._lock:
                for topic in wanted:
                    waiters = self._by_topic[topic]
                    waiters.discard(waiter)
                    if not waiters:
                        del self._by_topic[topic]

    def notify(self, topics: Iterable[str]) -> None:
        """Wake all who wait for one of these topics."""
        with self._lock:
            for topic in topics:
                for waiter in self._by_topic.get(topic, ()):
                    waiter.notify()

    def notify_all(self) -> None:
        """Wake everyone: something has changed, and it is not known what."""
        self.notify(tuple(self._by_topic.copy()))

    def interrupt(self, topic: str) -> None:
        """Make all who wait for this topic stop waiting."""
        with self._lock:
            for waiter in self._by_topic.get(topic, ()):
                waiter.interrupted = True
                waiter.notify()
