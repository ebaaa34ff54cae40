"""Callers who come while a transaction runs share the next one; an error stays with its caller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from airavata_adapters.neo4j import group_commit
from airavata_adapters.neo4j.group_commit import Answers, GroupCommit, Work
from airavata_adapters.neo4j.statements import APPLY
from airavata_workload.domain.errors import ConflictError, StoreUnavailableError

LIMIT_S = 20.0


def work(*names: str) -> Work:
    return Work(APPLY, [{"name": name} for name in names])


def names(works: Sequence[Work]) -> list[str]:
    return [row["name"] for work in works for row in work.rows]


class Recorder:
    """Stands in for the transactions: answers each row with itself, and holds the first batch until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.entered = threading.Event()
        self.go = threading.Event()
        self.raises: Callable[[Sequence[Work]], Exception | None] = lambda _works: None

    def commit(self, works: Sequence[Work]) -> list[Answers]:
        self.batches.append(names(works))
        self.entered.set()
        assert self.go.wait(LIMIT_S)
        error = self.raises(works)
        if error is not None:
            raise error
        return [list(work.rows) for work in works]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def group(recorder: Recorder) -> GroupCommit:
    return GroupCommit(recorder.commit, "The store", LIMIT_S)


def gathered(
    recorder: Recorder, group: GroupCommit, threads: ThreadPoolExecutor, *callers: Work
) -> list[Future[Answers]]:
    """Futures of callers who came, in this order, while a first transaction ran; they have all begun to wait."""
    first = threads.submit(group.submit, work("first"))
    assert recorder.entered.wait(LIMIT_S)
    futures = []
    for number, caller in enumerate(callers, 1):
        futures.append(threads.submit(group.submit, caller))
        wait_until(lambda number=number: len(group._waiting) == number)
    recorder.go.set()
    assert first.result(LIMIT_S) == [{"name": "first"}]
    return futures


def wait_until(condition: Callable[[], bool]) -> None:
    ticks = threading.Event()
    for _ in range(int(LIMIT_S * 1000)):
        if condition():
            return
        ticks.wait(0.001)
    raise AssertionError("it did not happen in time")


def test_a_lone_caller_has_a_transaction_at_once(recorder: Recorder, group: GroupCommit) -> None:
    recorder.go.set()
    assert group.submit(work("a", "b")) == [{"name": "a"}, {"name": "b"}]
    assert group.submit(work("c")) == [{"name": "c"}]
    assert recorder.batches == [["a", "b"], ["c"]]


def test_all_who_wait_share_the_next_transaction(recorder: Recorder, group: GroupCommit) -> None:
    with ThreadPoolExecutor(8) as threads:
        futures = gathered(recorder, group, threads, work("a"), work("b", "c"), work("d"))
        assert [future.result(LIMIT_S) for future in futures] == [
            [{"name": "a"}],
            [{"name": "b"}, {"name": "c"}],
            [{"name": "d"}],
        ]
    assert recorder.batches == [["first"], ["a", "b", "c", "d"]]


def test_a_batch_has_a_limit(recorder: Recorder, group: GroupCommit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MAX_ROWS", 3)
    with ThreadPoolExecutor(8) as threads:
        futures = gathered(recorder, group, threads, work("a"), work("b", "c"), work("d"), work(*"efghi"))
        for future in futures:
            future.result(LIMIT_S)
    assert recorder.batches == [["first"], ["a", "b", "c"], ["d"], [*"efghi"]]


def test_an_error_reaches_only_the_caller_at_fault(recorder: Recorder, group: GroupCommit) -> None:
    recorder.raises = lambda works: ConflictError("broken") if "bad" in names(works) else None
    with ThreadPoolExecutor(8) as threads:
        before, bad, after = gathered(recorder, group, threads, work("before"), work("bad"), work("after"))
        assert before.result(LIMIT_S) == [{"name": "before"}]
        assert after.result(LIMIT_S) == [{"name": "after"}]
        with pytest.raises(ConflictError, match="broken"):
            bad.result(LIMIT_S)
    assert recorder.batches == [["first"], ["before", "bad", "after"], ["before"], ["bad"], ["after"]]


def test_a_store_that_is_away_is_asked_once_for_all(recorder: Recorder, group: GroupCommit) -> None:
    recorder.raises = lambda works: None if "first" in names(works) else StoreUnavailableError("away")
    with ThreadPoolExecutor(8) as threads:
        for future in gathered(recorder, group, threads, work("a"), work("b")):
            with pytest.raises(StoreUnavailableError, match="away"):
                future.result(LIMIT_S)
    assert recorder.batches == [["first"], ["a", "b"]]


def test_work_goes_on_after_an_error(recorder: Recorder, group: GroupCommit) -> None:
    recorder.go.set()
    recorder.raises = lambda works: ValueError("odd") if "bad" in names(works) else None
    with pytest.raises(ValueError, match="odd"):
        group.submit(work("bad"))
    assert group.submit(work("good")) == [{"name": "good"}]


def test_waiting_has_a_limit_and_what_was_given_up_does_not_happen_later(recorder: Recorder) -> None:
    group = GroupCommit(recorder.commit, "The store", wait_limit_s=0.05)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(group.submit, work("first"))
        assert recorder.entered.wait(LIMIT_S)
        with pytest.raises(StoreUnavailableError, match=r"has not taken a write in 0\.05 s"):
            group.submit(work("late"))
        recorder.go.set()
        first.result(LIMIT_S)
    assert group.submit(work("next")) == [{"name": "next"}]
    assert recorder.batches == [["first"], ["next"]]


def test_an_interrupted_leader_leaves_nobody_waiting(recorder: Recorder, group: GroupCommit) -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(works: Sequence[Work]) -> Exception | None:
        if "a" in names(works):
            raise Interrupted
        return None

    recorder.raises = interrupt
    with ThreadPoolExecutor(8) as threads:
        leader, follower = gathered(recorder, group, threads, work("a"), work("b"))
        assert isinstance(leader.exception(LIMIT_S), Interrupted)
        with pytest.raises(StoreUnavailableError, match="interrupted"):
            follower.result(LIMIT_S)
    assert group.submit(work("next")) == [{"name": "next"}]


@pytest.mark.parametrize("named_leader", [False, True])
def test_an_interrupted_waiter_leaves_the_others_their_turn(
    recorder: Recorder, group: GroupCommit, monkeypatch: pytest.MonkeyPatch, named_leader: bool
) -> None:
    class Interrupted(BaseException):
        pass

    waits = threading.Event()
    interrupts = threading.Event()

    class InterruptedEvent(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.set()
            assert interrupts.wait(LIMIT_S)
            raise Interrupted

    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(group.submit, work("first"))
        assert recorder.entered.wait(LIMIT_S)
        with monkeypatch.context() as patched:
            patched.setattr(group_commit._Caller, "__init__", _with_event(InterruptedEvent))
            interrupted = threads.submit(group.submit, work("interrupted"))
            assert waits.wait(LIMIT_S)
        other = threads.submit(group.submit, work("other"))
        wait_until(lambda: len(group._waiting) == 2)
        if not named_leader:
            interrupts.set()
            assert isinstance(interrupted.exception(LIMIT_S), Interrupted)
        recorder.go.set()
        first.result(LIMIT_S)
        if named_leader:
            wait_until(lambda: len(group._waiting) == 1)
            interrupts.set()
            assert isinstance(interrupted.exception(LIMIT_S), Interrupted)
        assert other.result(LIMIT_S) == [{"name": "other"}]
    assert recorder.batches == [["first"], ["other"]]


def _with_event(event: type[threading.Event]) -> Any:
    original = group_commit._Caller.__init__

    def make(self: Any, work: Work) -> None:
        original(self, work, woken=event())

    return make
