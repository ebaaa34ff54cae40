"""One thread writes for all: errors stay with their caller, and one commit serves a batch."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from sqlalchemy import Connection

from airavata_adapters.sqlite import database as database_module
from airavata_adapters.sqlite import writer as writer_module
from airavata_adapters.sqlite.database import Database, open_database
from airavata_adapters.sqlite.prepared import driver
from airavata_adapters.sqlite.writer import Safety
from airavata_workload.domain.errors import ConflictError, StoreUnavailableError, WorkloadError

LIMIT_S = 20.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


def insert(connection: Connection, name: str) -> str:
    driver(connection).execute("INSERT INTO recovery_nodes VALUES (?, '')", (name,))
    return name


def stored(database: Database) -> list[str]:
    rows = database.read(lambda connection: driver(connection).execute("SELECT * FROM recovery_nodes").fetchall())
    return sorted(name for name, _owner in rows)


class Gate:
    """Keeps the writing thread busy, so that everything submitted meanwhile becomes one batch."""

    def __init__(self, database: Database) -> None:
        self._open = threading.Event()
        self._entered = threading.Event()
        self._passed: Future[None] = database.submit(self._hold)
        assert self._entered.wait(LIMIT_S)

    def _hold(self, _connection: Connection) -> None:
        self._entered.set()
        assert self._open.wait(LIMIT_S)

    def open(self) -> None:
        self._open.set()
        self._passed.result(LIMIT_S)


def test_an_error_undoes_only_the_work_of_its_caller(database: Database) -> None:
    def fail(connection: Connection) -> None:
        insert(connection, "undone")
        raise ValueError("broken")

    gate = Gate(database)
    before = database.submit(lambda connection: insert(connection, "before"))
    failing = database.submit(fail)
    after = database.submit(lambda connection: insert(connection, "after"))
    gate.open()
    assert (before.result(LIMIT_S), after.result(LIMIT_S)) == ("before", "after")
    with pytest.raises(ValueError, match="broken"):
        failing.result(LIMIT_S)
    assert stored(database) == ["after", "before"]


def test_an_error_of_a_lone_write_undoes_it(database: Database) -> None:
    def fail(connection: Connection) -> None:
        insert(connection, "undone")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        database.write(fail)
    assert stored(database) == []


def test_a_constraint_is_a_conflict(database: Database) -> None:
    database.write(lambda connection: insert(connection, "same"))
    with pytest.raises(ConflictError, match=r"workload\.db"):
        database.write(lambda connection: insert(connection, "same"))


def test_one_commit_serves_all_who_wait(database: Database) -> None:
    statements: list[str] = []
    database.write(lambda connection: driver(connection).set_trace_callback(statements.append))
    gate = Gate(database)
    futures = [database.submit(lambda connection, n=n: insert(connection, f"row {n}")) for n in range(50)]
    statements.clear()
    gate.open()
    for future in futures:
        future.result(LIMIT_S)
    assert statements.count("COMMIT") == 2  # the gate's own and one for all the others
    assert len(stored(database)) == 50


def test_topics_are_announced_after_success_only(database: Database) -> None:
    def fail(_connection: Connection) -> None:
        raise ValueError("broken")

    with database.signals.listening(["good"]) as good, database.signals.listening(["bad"]) as bad:
        with pytest.raises(ValueError, match="broken"):
            database.write(fail, "bad")
        database.write(lambda connection: insert(connection, "row"), "good")
        assert good.wait(LIMIT_S)
        assert not bad.wait(0)


def test_a_full_disk_is_reported_and_work_goes_on_when_there_is_space(database: Database) -> None:
    def fill(connection: Connection) -> None:
        for number in range(200):
            insert(connection, f"{number:04}" + "x" * 4000)

    def limit_pages(connection: Connection, pages: int) -> None:
        driver(connection).execute(f"PRAGMA max_page_count={pages}")

    database.write(lambda connection: limit_pages(connection, 60))
    gate = Gate(database)
    neighbour = database.submit(lambda connection: insert(connection, "neighbour"))
    filling = database.submit(fill)
    gate.open()
    with pytest.raises(StoreUnavailableError, match="full"):
        filling.result(LIMIT_S)
    # Either both or neither: what a caller was told is what is stored.
    told = neighbour.exception(LIMIT_S) is None
    assert stored(database) == (["neighbour"] if told else [])
    database.write(lambda connection: limit_pages(connection, 1_000_000))
    database.write(fill)
    assert len(stored(database)) == 200 + told


def test_a_transaction_that_sqlite_ends_fails_all_of_its_callers(database: Database) -> None:
    def end_it(connection: Connection) -> None:
        # What SQLite does by itself for some errors of the disk (https://www.sqlite.org/lang_transaction.html, 4).
        driver(connection).execute("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    gate = Gate(database)
    before = database.submit(lambda connection: insert(connection, "before"))
    ending = database.submit(end_it)
    after = database.submit(lambda connection: insert(connection, "after"))
    gate.open()
    for future in (before, ending, after):
        assert future.exception(LIMIT_S) is not None
    assert stored(database) == []
    database.write(lambda connection: insert(connection, "later"))
    assert stored(database) == ["later"]


def test_a_write_waits_for_another_process(database: Database) -> None:
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = database.submit(lambda connection: insert(connection, "row"))
    with pytest.raises(TimeoutError):
        waiting.result(0.05)
    other.execute("COMMIT")
    assert waiting.result(LIMIT_S) == "row"
    other.close()


def test_a_database_that_stays_locked_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.01)
    monkeypatch.setattr(writer_module, "LOCK_LIMIT_S", 0.05)
    database = open_database(tmp_path)
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        database.write(lambda connection: insert(connection, "row"))
    other.execute("ROLLBACK")
    assert database.write(lambda connection: insert(connection, "row")) == "row"
    other.close()
    database.close()


def test_a_write_that_hangs_is_reported_in_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "WRITE_TIMEOUT_S", 0.05)
    gate = Gate(database)
    with pytest.raises(StoreUnavailableError, match="has not taken a write"):
        database.write(lambda connection: insert(connection, "given up"))
    gate.open()
    database.settled(database.submit(lambda connection: insert(connection, "row")))
    assert stored(database) == ["row"]  # what was given up before it began does not happen later


def test_an_own_time_out_of_the_work_is_not_taken_for_a_hanging_disk(database: Database) -> None:
    def fail(_connection: Connection) -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        database.write(fail)


def test_all_that_one_read_sees_is_of_one_instant(database: Database) -> None:
    def read_twice(connection: Connection) -> tuple[int, int]:
        (before,) = driver(connection).execute("SELECT count(*) FROM recovery_nodes").fetchone()
        database.write(lambda writing: insert(writing, "between"))
        (after,) = driver(connection).execute("SELECT count(*) FROM recovery_nodes").fetchone()
        return before, after

    assert database.read(read_twice) == (0, 0)
    assert stored(database) == ["between"]


def test_a_reader_cannot_write(database: Database) -> None:
    from airavata_workload.domain.errors import DeniedError

    with pytest.raises(DeniedError, match="cannot be written"):
        database.read(lambda connection: insert(connection, "row"))


def test_an_early_write_is_answered_before_its_commit_and_durable_with_the_next(database: Database) -> None:
    gate = Gate(database)
    hangs, entered = threading.Event(), threading.Event()

    def hang(_connection: Connection) -> None:
        entered.set()
        assert hangs.wait(LIMIT_S)

    early = database.submit(lambda connection: insert(connection, "early"), safety=Safety.DONE)
    hanging = database.submit(hang)
    gate.open()
    assert entered.wait(LIMIT_S)
    assert early.result(LIMIT_S) == "early"
    assert stored(database) == []  # the transaction of both is still open
    hangs.set()
    hanging.result(LIMIT_S)
    assert stored(database) == ["early"]


def test_a_commit_waits_for_the_disk_if_one_of_its_callers_does(database: Database) -> None:
    def synchronous(connection: Connection) -> int:
        # Source: https://www.sqlite.org/pragma.html#pragma_synchronous: 1 is NORMAL, 2 is FULL.
        return int(driver(connection).execute("PRAGMA synchronous").fetchone()[0])

    assert [database.write(synchronous, safety=each) for each in (Safety.VISIBLE, Safety.DONE)] == [1, 1]
    assert database.write(synchronous) == 2
    gate = Gate(database)
    mixed = [database.submit(synchronous, safety=each) for each in (Safety.DONE, Safety.DURABLE, Safety.VISIBLE)]
    gate.open()
    assert [each.result(LIMIT_S) for each in mixed] == [2, 2, 2]
    assert database.write(synchronous, safety=Safety.VISIBLE) == 1


def test_a_visible_write_is_seen_by_reads_and_announced(database: Database) -> None:
    with database.signals.listening(["topic"]) as waiter:
        database.write(lambda connection: insert(connection, "row"), "topic", safety=Safety.VISIBLE)
        assert stored(database) == ["row"]
        assert waiter.wait(LIMIT_S)


def test_an_error_of_an_early_write_reaches_its_caller(database: Database) -> None:
    def fail(connection: Connection) -> None:
        insert(connection, "undone")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        database.write_early(fail)
    assert stored(database) == []


def test_an_early_write_that_cannot_be_committed_is_not_reported_as_stored(database: Database) -> None:
    def breaks_at_commit(connection: Connection) -> None:
        for statement in (
            "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
            "CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO children VALUES (1)",  # without its parent: noticed at the commit
        ):
            driver(connection).execute(statement)

    with pytest.raises(WorkloadError):
        database.write_early(breaks_at_commit)
    database.write_early(lambda connection: insert(connection, "next"))
    assert stored(database) == ["next"]


def test_closing_stores_what_nobody_waited_for(tmp_path: Path) -> None:
    for number in range(20):
        database = open_database(tmp_path)
        # The same batch may hold the last write and the notice to stop.
        database.submit(lambda connection, n=number: insert(connection, f"row {n:02}"), safety=Safety.DONE)
        database.close()
    database = open_database(tmp_path)
    assert stored(database) == [f"row {number:02}" for number in range(20)]
    database.close()


def test_a_closed_database_refuses(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    database.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        database.write(lambda connection: insert(connection, "row"))
