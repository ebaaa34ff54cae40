"""The embedded task queue fulfils its port, and an answer to one delivery does not hit another."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from airavata_adapters.sqlite import database as database_module
from airavata_adapters.sqlite.database import open_database
from airavata_adapters.sqlite.sessions import Sessions
from airavata_adapters.task_queues.embedded import EmbeddedTaskQueue, open_task_queue
from airavata_workload.domain.errors import ConflictError, StoreUnavailableError
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.task_queue import Message, TaskQueue
from airavata_workload.testing.task_queue_suite import SOON_S, OpenQueue, TaskQueueSuite, messages


class TestEmbeddedTaskQueue(TaskQueueSuite):
    @pytest.fixture
    def open_queue(self, tmp_path: Path) -> OpenQueue:
        def open_one(*, session: str | None = None, partition: str = "") -> TaskQueue:
            context = BackingContext(home=tmp_path, session=session or session_id("engine"), partition=partition)
            return open_task_queue(context)

        return open_one


def test_an_answer_to_an_earlier_delivery_does_not_hit_a_later_one(tmp_path: Path) -> None:
    queue = open_task_queue(BackingContext(home=tmp_path, session="engine-1"))
    queue.publish(messages("work", 1))
    first = queue.consume(["work"], 1, SOON_S)
    queue.hand_back(first)
    second = queue.consume(["work"], 1, SOON_S)
    queue.acknowledge(first)
    queue.hand_back(first)
    queue.dead_letter(first[0], "too late")
    assert queue.dead_letters() == []
    assert queue.consume(["work"], 1, 0.0) == []
    queue.hand_back(second)
    assert [one.body for one in queue.consume(["work"], 1, SOON_S)] == [{"n": 1}]
    queue.close()


def test_messages_of_a_claim_that_came_too_late_are_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = BackingContext(home=tmp_path, session="engine-1")
    queue, database = open_task_queue(context), open_database(tmp_path)
    queue.publish(messages("work", 1))
    hangs, entered = threading.Event(), threading.Event()

    def hang(_connection: object) -> None:
        entered.set()
        assert hangs.wait(SOON_S)

    claim = EmbeddedTaskQueue._claim

    def claim_and_hang(self: EmbeddedTaskQueue, *arguments: Any) -> Any:
        rows = claim(self, *arguments)
        hang(None)
        return rows

    monkeypatch.setattr(EmbeddedTaskQueue, "_claim", claim_and_hang)
    monkeypatch.setattr(database_module, "WRITE_TIMEOUT_S", 0.05)
    with pytest.raises(StoreUnavailableError, match="has not taken a write"):
        queue.consume(["work"], 1, SOON_S)
    monkeypatch.undo()
    assert entered.wait(SOON_S)
    hangs.set()
    assert [one.body for one in queue.consume(["work"], 1, SOON_S)] == [{"n": 1}]
    queue.close()
    database.close()


def test_a_closed_queue_refuses(tmp_path: Path) -> None:
    queue = open_task_queue(BackingContext(home=tmp_path, session="engine-1"))
    queue.close()
    assert queue.consume(["work"], 1, SOON_S) == []
    with pytest.raises(StoreUnavailableError, match="closed"):
        queue.publish(messages("work", 1))


def test_a_session_of_another_living_process_is_refused(tmp_path: Path) -> None:
    theirs = Sessions(tmp_path)
    theirs.hold("engine-1")
    with pytest.raises(ConflictError, match="engine-1"):
        open_task_queue(BackingContext(home=tmp_path, session="engine-1"))
    theirs.let_go("engine-1")
    open_task_queue(BackingContext(home=tmp_path, session="engine-1")).close()


def test_what_a_dead_session_left_in_its_own_partition_is_dropped(tmp_path: Path) -> None:
    """Its experiments are recovered from the graph store; its messages would lie there for ever."""

    def opened(session: str, partition: str) -> TaskQueue:
        return open_task_queue(BackingContext(home=tmp_path, session=session, partition=partition))

    message = Message(queue="q", body={"n": 1})
    private = opened("run-1", "session:run-1")
    private.publish([message])
    common = opened("serve-1", "")
    common.publish([message])
    assert private.depths() == {"q": 1}, "its session lives"
    private.close()
    opened("serve-2", "").close()
    late = opened("reader", "session:run-1")
    assert late.depths() == {}
    assert common.depths() == {"q": 1}, "the common partition outlives every session"
    late.close()
    common.close()
