"""Who owns which experiments, as last seen, kept up to date by watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from kazoo.exceptions import NoNodeError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol.states import EventType, WatchedEvent

from airavata_adapters.recovery_nodes.zookeeper_client import Requests, demand, listing, reading
from airavata_adapters.recovery_nodes.zookeeper_paths import Paths, unquoted
from airavata_adapters.recovery_nodes.zookeeper_records import Owner

FULL_READ_S = 30.0
"""A watch that is lost is missed no longer than that."""
_ROUNDS = 5
"""How often lists that change while others are read are read again, before they are taken as they are."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What one epoch of one session owns."""

    session: str
    epoch: str
    experiment_ids: tuple[str, ...]


class Picture:
    """The lists of owned experiments, of which only those that have changed are read again.

    Every read leaves a watch. A watch that fires marks its list (in kazoo's
    thread, which must not wait), and the next ``current`` reads what is
    marked. After a disconnection, and every ``full_read_s``, all is read.

    An experiment that changes its owner moves from list to list. Were one
    read before and the other after the move, it could be in none: so lists
    that changed during a read are read again, until all stand side by side.
    """

    def __init__(self, paths: Paths, full_read_s: float = FULL_READ_S) -> None:
        self._paths = paths
        self._full_read_s = full_read_s
        self._reading = threading.Lock()
        self._sessions: dict[str, str] = {}
        """By epoch; they do not change, so they are read once."""
        self._lists: dict[str, dict[str, tuple[str, ...]]] = {}
        """Experiments by path of their list, by epoch."""
        self._full_read_at_s = 0.0
        self._read_turn = -1
        self._marks = threading.Lock()
        self._turn = 0
        """Counts the reasons to trust nothing of it."""
        self._changed: set[str] = set()

    def invalidate(self) -> None:
        """Trust nothing: the watches are gone. Does not wait."""
        with self._marks:
            self._turn += 1

    def current(self, requests: Requests) -> list[Holding]:
        """What all epochs own, no older than this call. Raises what ``Requests`` raises."""
        if not self._reading.acquire(timeout=requests.left_s):
            raise KazooTimeoutError
        try:
            requests.catch_up()
            try:
                self._read(requests)
            except BaseException:
                self.invalidate()
                raise
            return [
                Holding(self._sessions[epoch], epoch, tuple(one for names in lists.values() for one in names))
                for epoch, lists in self._lists.items()
            ]
        finally:
            self._reading.release()

    def _read(self, requests: Requests) -> None:
        started_s = time.monotonic()
        with self._marks:
            turn = self._turn
        if turn != self._read_turn or started_s - self._full_read_at_s > self._full_read_s:
            self._take_marks()
            self._read_epochs(requests)
            self._read_lists(requests, [path for lists in self._lists.values() for path in lists])
            self._full_read_at_s, self._read_turn = started_s, turn
            requests.await_watches()
        for _ in range(_ROUNDS):
            changed = self._take_marks()
            if not changed:
                return
            new = self._read_epochs(requests) if self._paths.owned in changed else []
            self._read_lists(requests, changed.union(new) - {self._paths.owned})
            requests.await_watches()

    def _take_marks(self) -> set[str]:
        with self._marks:
            changed, self._changed = self._changed, set()
        return changed

    def _read_epochs(self, requests: Requests) -> list[str]:
        """Forget the epochs that are gone; the lists of those that are new."""
        epochs = requests.answer(listing(self._paths.owned, self._mark))
        for gone in self._sessions.keys() - set(epochs):
            del self._sessions[gone], self._lists[gone]
        new = [epoch for epoch in epochs if epoch not in self._sessions]
        answers = requests.answers(reading(self._paths.owner(epoch)) for epoch in new)
        demand(answers, NoNodeError)
        for epoch, answer in zip(new, answers, strict=True):
            if not isinstance(answer, NoNodeError):
                self._sessions[epoch] = Owner.from_bytes(answer[0]).session
                self._lists[epoch] = dict.fromkeys(self._paths.owned_lists(epoch), ())
        return [path for epoch in new if epoch in self._lists for path in self._lists[epoch]]

    def _read_lists(self, requests: Requests, paths: Iterable[str]) -> None:
        ordered = sorted(paths)
        answers = requests.answers(listing(path, self._mark) for path in ordered)
        demand(answers, NoNodeError)
        for path, answer in zip(ordered, answers, strict=True):
            epoch = path.split("/")[-2]
            if epoch in self._lists:
                # A list that is gone is empty: only then it may be deleted.
                names = () if isinstance(answer, NoNodeError) else answer
                self._lists[epoch][path] = tuple(unquoted(name) for name in names)

    def _mark(self, event: WatchedEvent) -> None:
        # Events of type NONE tell of a disconnection, which ``invalidate`` covers.
        if event.type != EventType.NONE:
            with self._marks:
                self._changed.add(event.path)
