"""Group commit: while one transaction runs, callers gather, and the next one carries all of them.

No thread of its own: the caller who finds nobody at work leads, and when it is
done the first of those who wait leads the next transaction. A lone write so
costs one transaction and no hand-over, and fifty threads share two.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airavata_adapters.neo4j.statements import Statement
from airavata_workload.domain.errors import StoreUnavailableError, UnavailableError

Answers = list[Mapping[str, Any] | None]
"""What a statement returned for each row of a caller; ``None`` where it returned nothing."""

MAX_ROWS = 500
"""How many rows one transaction takes, unless a single caller has more: its locks are held for tenths of a second."""


@dataclass(frozen=True, slots=True)
class Work:
    """One caller's part of a transaction.

    ``task_ids`` and ``experiment_ids`` name whatever the rows change, so that
    it can be locked first.
    """

    statement: Statement
    rows: Sequence[Mapping[str, Any]]
    task_ids: Sequence[str] = ()
    experiment_ids: Sequence[str] = ()


@dataclass(slots=True, eq=False)
class _Caller:
    work: Work
    woken: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    answers: Answers | None = None
    error: Exception | None = None


class GroupCommit:
    """Hands the work of concurrent callers to ``commit``, which returns the answers for each or raises for all.

    An error that is not transient may be the fault of one caller: then each
    part is tried by itself, and only those at fault get an error.
    """

    def __init__(self, commit: Callable[[Sequence[Work]], list[Answers]], name: str, wait_limit_s: float) -> None:
        self._commit = commit
        self._name = name
        self._wait_limit_s = wait_limit_s
        self._lock = threading.Lock()
        self._waiting: deque[_Caller] = deque()
        self._busy = False

    def submit(self, work: Work) -> Answers:
        """The answers, once they are durable.

        Raises what ``commit`` raises, and ``StoreUnavailableError`` when it
        hangs; then nobody knows yet whether the work is done.
        """
        caller = _Caller(work)
        with self._lock:
            caller.leads = not self._busy
            self._busy = True
            if not caller.leads:
                self._waiting.append(caller)
        if not caller.leads:
            self._wait(caller)
        if caller.leads:
            self._lead(caller)
        if caller.error is not None:
            raise caller.error
        assert caller.answers is not None  # noqa: S101 - narrows the type; a woken caller has one or the other
        return caller.answers

    # -- those who wait ----------------------------------------------------------
    def _wait(self, caller: _Caller) -> None:
        try:
            caller.woken.wait(self._wait_limit_s)
        except BaseException:
            # Interrupted: whoever was named to lead at this moment must not leave the others without a leader.
            if not self._withdrawn(caller) and caller.leads:
                self._hand_on([])
            raise
        if not caller.woken.is_set() and self._withdrawn(caller):
            raise StoreUnavailableError(
                f"{self._name} has not taken a write in {self._wait_limit_s:g} s.",
                remedy="Whether it is stored is not known; doing it again is safe.",
            )

    def _withdrawn(self, caller: _Caller) -> bool:
        """Whether the caller is out; not if it has been woken meanwhile."""
        with self._lock:
            if caller.woken.is_set():
                return False
            if caller in self._waiting:
                self._waiting.remove(caller)
            return True

    # -- the one who leads -------------------------------------------------------
    def _lead(self, caller: _Caller) -> None:
        batch = self._gather(caller)
        try:
            self._settle(batch)
        finally:
            for each in batch:
                if each.answers is None and each.error is None:
                    each.error = StoreUnavailableError(
                        f"A write to {self._name} was interrupted.",
                        remedy="Whether it is stored is not known; doing it again is safe.",
                    )
            self._hand_on(batch)

    def _gather(self, caller: _Caller) -> list[_Caller]:
        """The leader and those who wait, up to the limit."""
        batch = [caller]
        rows = len(caller.work.rows)
        with self._lock:
            while self._waiting and rows + len(self._waiting[0].work.rows) <= MAX_ROWS:
                batch.append(self._waiting.popleft())
                rows += len(batch[-1].work.rows)
        return batch

    def _settle(self, batch: Sequence[_Caller]) -> None:
        try:
            answers = self._commit([caller.work for caller in batch])
        except UnavailableError as error:
            for caller in batch:
                caller.error = error
        except Exception as error:  # noqa: BLE001 - raised again where the caller at fault waits
            if len(batch) == 1:
                batch[0].error = error
                return
            for place, caller in enumerate(batch):
                self._settle([caller])
                if isinstance(caller.error, UnavailableError):
                    for other in batch[place + 1 :]:
                        other.error = caller.error
                    return
        else:
            for caller, mine in zip(batch, answers, strict=True):
                caller.answers = mine

    def _hand_on(self, batch: Sequence[_Caller]) -> None:
        """Wake those who are done, and the next leader."""
        with self._lock:
            for caller in batch:
                caller.woken.set()
            self._busy = bool(self._waiting)
            if self._waiting:
                leader = self._waiting.popleft()
                leader.leads = True
                leader.woken.set()
