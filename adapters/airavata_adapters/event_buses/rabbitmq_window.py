"""The newest messages of the event stream in memory, where all readers of one process meet."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from airavata_adapters.event_buses.rabbitmq_message import Incoming, offset_after

KEPT_MESSAGES = 4096
KEPT_BYTES = 16 * 1024 * 1024

Watcher = Callable[[Incoming | None], None]


@dataclass(frozen=True, slots=True)
class View:
    """What the window knows after a sequence.

    ``messages`` are those that it keeps. What lies before them, from the
    offset ``older_from`` up to ``older_until`` (exclusive), has to be read
    from the stream; both are equal if nothing has. ``changes`` is given to
    ``Window.wait``. ``life`` grows with each ``Window.reset``.
    """

    messages: tuple[Incoming, ...]
    older_from: int
    older_until: int
    changes: int
    life: int


class Window:
    """Filled by the one consumer at the end of the stream, read by any thread.

    The messages from ``floor`` to ``end`` (exclusive) have all been delivered;
    of these the newest 4,096, or 16 MiB, are kept. Both are None until the
    first message has come.
    """

    def __init__(self, kept_messages: int = KEPT_MESSAGES, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_messages = kept_messages
        self._kept_bytes = kept_bytes
        self._changed = threading.Condition()
        self._messages: deque[Incoming] = deque()
        self._bytes = 0
        self._floor: int | None = None
        self._end: int | None = None
        self._newest: int | None = None
        self._life = 0
        self._awaited: dict[str, int | None] = {}
        self._watchers: list[Watcher] = []
        self._changes = 0

    # -- filling ------------------------------------------------------------------
    def add(self, message: Incoming) -> None:
        """Take the next message; one that has been here already, delivered anew after a lost connection, is dropped."""
        with self._changed:
            if self._end is not None and message.offset < self._end:
                return
            if self._floor is None:
                self._floor = message.offset
            self._end = message.offset + 1
            self._keep(message)
            if message.mark_id in self._awaited:
                self._awaited[message.mark_id] = message.offset
            if len(message):
                self._newest = message.last_sequence
            elif self._newest is None and message.known is not None and message.known[1] + 1 >= self._floor:
                self._newest = message.known[0]
            self._notify(message)

    def _keep(self, message: Incoming) -> None:
        self._messages.append(message)
        self._bytes += message.size
        while len(self._messages) > self._kept_messages or (self._bytes > self._kept_bytes and len(self._messages) > 1):
            self._bytes -= self._messages.popleft().size
            self._floor = self._messages[0].offset

    def learn(self, newest: int) -> None:
        """Take what was found in the stream before ``floor`` as the newest event, unless one has come since."""
        with self._changed:
            if self._newest is None:
                self._newest = newest

    def reset(self) -> None:
        """Forget all: the stream has been made anew, and its offsets begin at 0 again."""
        with self._changed:
            self._messages.clear()
            self._bytes = 0
            self._floor = self._end = self._newest = None
            self._life += 1
            self._notify()

    def wake(self) -> None:
        """Make all who wait look again."""
        with self._changed:
            self._notify()

    def watch(self, watcher: Watcher) -> None:
        """Call the watcher, which must be quick, with each message that comes, and with None for ``wake``."""
        self._watchers.append(watcher)

    def _notify(self, message: Incoming | None = None) -> None:
        self._changes += 1
        self._changed.notify_all()
        for watcher in self._watchers:
            watcher(message)

    # -- reading ------------------------------------------------------------------
    @property
    def end(self) -> int | None:
        """The offset after the last message that has come."""
        return self._end

    @property
    def last(self) -> Incoming | None:
        """The last message that has come."""
        with self._changed:
            return self._messages[-1] if self._messages else None

    def at(self, offset: int) -> Incoming | None:
        """The message at an offset, None if it is not kept."""
        with self._changed:
            return next((message for message in reversed(self._messages) if message.offset == offset), None)

    @property
    def life(self) -> int:
        """How often the window was reset."""
        return self._life

    @property
    def floor(self) -> int | None:
        """The offset from which on no message is missing here."""
        return self._floor

    @property
    def newest(self) -> int | None:
        """The sequence of the newest event, None if it is not known."""
        return self._newest

    @property
    def known(self) -> tuple[int | None, int]:
        """The sequence of the newest event as ``newest`` has it, and the offset up to which that holds."""
        with self._changed:
            return self._newest, -1 if self._end is None else self._end - 1

    def after(self, sequence: int) -> View:
        """The messages that can hold events after a sequence."""
        wanted = offset_after(sequence)
        with self._changed:
            if self._floor is None or (self._newest is not None and self._newest <= sequence):
                return View((), wanted, wanted, self._changes, self._life)
            found: list[Incoming] = []
            for message in reversed(self._messages):
                if message.offset < wanted:
                    break
                found.append(message)
            return View(tuple(reversed(found)), wanted, max(wanted, self._floor), self._changes, self._life)

    def wait(self, changes: int, timeout_s: float) -> bool:
        """Wait until something has happened since the view was made; False after ``timeout_s``."""
        with self._changed:
            return self._changed.wait_for(lambda: self._changes != changes, timeout_s)

    # -- marks --------------------------------------------------------------------
    def expect(self, mark_id: str) -> None:
        """From now on look out for this mark."""
        with self._changed:
            self._awaited[mark_id] = None

    def wait_for(self, mark_id: str, timeout_s: float) -> int | None:
        """The offset of an expected mark once it has come; None if it has not within ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self._awaited[mark_id] is not None, timeout_s)
            return self._awaited[mark_id]

    def forget(self, mark_id: str) -> None:
        """Do not look out for it any more."""
        with self._changed:
            self._awaited.pop(mark_id, None)
