"""The task queue of the one-process mode, in the shared SQLite file.

A message that is handed out stays in its row with the session of who has it.
When that session's process is dead, whoever waits for messages gives the row
free again.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection

from airavata_adapters.sqlite import queue_statements as statements
from airavata_adapters.sqlite.database import Database, open_database
from airavata_adapters.sqlite.prepared import from_text, storable, to_text
from airavata_adapters.sqlite.signals import Waiter
from airavata_adapters.sqlite.writer import Safety
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import StoreUnavailableError
from airavata_workload.ports.backing import SESSION_PARTITION, BackingContext
from airavata_workload.ports.task_queue import Delivery, Message, TaskQueue

_RECLAIM_EVERY_S = 1.0
_WAKE_TOPIC = "queues/wake"


_Claimed = tuple[int, int, str, str, int]
"""Rank, number, queue, body, and how often it had been delivered before."""


class _Tag(NamedTuple):
    """Which delivery of which message: an answer to an earlier delivery does not hit a later one."""

    number: int
    delivery: int


class EmbeddedTaskQueue(TaskQueue):
    """Messages in SQLite. Every method may raise what ``Database`` raises."""

    def __init__(self, database: Database, session: str, partition: str) -> None:
        self._database = database
        self._session = session
        self._partition = partition
        self._lock = threading.Lock()
        self._unacknowledged: set[_Tag] = set()
        self._closed = False
        self._close_topic = f"queues/close/{id(self)}"
        self._next_reclaim = 0.0
        database.sessions.hold(session)

    def publish(self, messages: Sequence[Message], *, durable: bool = True) -> None:
        """As ``TaskQueue.publish``."""
        rows = [
            {
                "number": None,
                "partition": self._partition,
                "queue": message.queue,
                "rank": -message.priority,
                "body": to_text(message.body),
                "deliveries": 0,
                "holder": None,
            }
            for message in messages
        ]
        if rows:
            self._write(
                lambda connection: statements.PUBLISH.run_many(connection, rows),
                {message.queue for message in messages},
                Safety.DURABLE if durable else Safety.VISIBLE,
            )

    def consume(self, queues: Sequence[str], limit: int, wait_s: float) -> list[Delivery]:
        """As ``TaskQueue.consume``."""
        if limit <= 0 or not queues:
            return []
        deadline = time.monotonic() + wait_s
        topics = [self._topic(queue) for queue in queues]
        with self._database.signals.listening((*topics, _WAKE_TOPIC, self._close_topic)) as waiter:
            while not self._closed:
                waiter.reset()
                self._reclaim()
                found = self._take(queues, limit)
                if found or not self._wait(waiter, deadline):
                    return found
        return []

    @staticmethod
    def _wait(waiter: Waiter, deadline: float) -> bool:
        """Sleep until there may be something; false when it is time to return."""
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0 or waiter.interrupted:
            return False
        waiter.wait(min(remaining_s, _RECLAIM_EVERY_S))
        return not waiter.interrupted

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """As ``TaskQueue.acknowledge``."""
        tags = {delivery.tag for delivery in deliveries}
        if not tags:
            return
        if self._closed:
            raise StoreUnavailableError("This task queue has been closed.", remedy="Open it again.")
        rows = _rows(tags)
        # Not waited for: an acknowledgement that a crash undoes means a second delivery.
        self._database.submit(lambda connection: statements.ACKNOWLEDGE.run_many(connection, rows), safety=Safety.DONE)
        with self._lock:
            self._unacknowledged -= tags

    def hand_back(self, deliveries: Sequence[Delivery]) -> None:
        """As ``TaskQueue.hand_back``."""
        self._settle(
            deliveries,
            lambda connection, rows: statements.HAND_BACK.run_many(
                connection, [{**row, "nobody": None} for row in rows]
            ),
            {delivery.queue for delivery in deliveries},
        )

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """As ``TaskQueue.dead_letter``."""
        letter = {
            "partition": self._partition,
            "queue": delivery.queue,
            "body": to_text(delivery.body),
            "reason": storable(reason),
            "at_us": now_us(),
        }

        def set_aside(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
            if statements.ACKNOWLEDGE.run(connection, **rows[0]).rowcount == 1:
                statements.SET_ASIDE.run(connection, number=None, **letter)

        self._settle([delivery], set_aside)

    def depths(self) -> dict[str, int]:
        """As ``TaskQueue.depths``."""
        # Asked where it is written: what has been handed out may not be committed yet.
        return dict(
            self._database.write(
                lambda connection: statements.DEPTHS.run(connection, partition=self._partition).fetchall()
            )
        )

    def dead_letters(self) -> list[tuple[str, Mapping[str, Any], str]]:
        """As ``TaskQueue.dead_letters``."""
        rows = self._database.read(
            lambda connection: statements.DEAD_LETTERS.run(connection, partition=self._partition).fetchall()
        )
        return [(queue, from_text(body), reason) for queue, body, reason in rows]

    def wake(self) -> None:
        """As ``TaskQueue.wake``."""
        self._database.signals.interrupt(_WAKE_TOPIC)

    def close(self) -> None:
        """As ``TaskQueue.close``."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._database.signals.interrupt(self._close_topic)
        self._hand_back_all()
        self._database.sessions.let_go(self._session)
        self._database.close()

    # -- handing out ---------------------------------------------------------------
    def _take(self, queues: Sequence[str], limit: int) -> list[Delivery]:
        """Up to ``limit`` messages for this session; looks before it troubles the thread that writes."""
        if not self._database.read(lambda connection: self._any_waiting(connection, queues)):
            return []
        # Early: a claim that a crash undoes means a second delivery, which every reader is prepared for.
        claim = self._database.submit(lambda connection: self._claim(connection, queues, limit), safety=Safety.DONE)
        try:
            rows = self._database.settled(claim)
        except StoreUnavailableError:
            # The disk hangs; if the claim succeeds after all, nobody is there to take the messages.
            claim.add_done_callback(self._return_late)
            raise
        deliveries = [
            Delivery(queue=queue, body=from_text(body), tag=_Tag(number, before + 1), redelivered=before > 0)
            for _rank, number, queue, body, before in rows
        ]
        with self._lock:
            self._unacknowledged.update(delivery.tag for delivery in deliveries)
            closed_meanwhile = self._closed
        if closed_meanwhile:
            self._hand_back_all()
            return []
        return deliveries

    def _return_late(self, claim: Future[list[_Claimed]]) -> None:
        if claim.cancelled() or claim.exception() is not None:
            return
        rows = [{"of_number": row[1], "of_delivery": row[4] + 1, "nobody": None} for row in claim.result()]
        self._database.submit(lambda connection: statements.HAND_BACK.run_many(connection, rows))

    def _any_waiting(self, connection: Connection, queues: Sequence[str]) -> bool:
        return any(
            statements.ANY_WAITING.run(connection, partition=self._partition, queue=queue).fetchone()
            for queue in queues
        )

    def _claim(self, connection: Connection, queues: Sequence[str], limit: int) -> list[_Claimed]:
        """The first of each queue, merged: the index gives each queue's in order, but not those of several."""
        by_queue = (
            statements.FIRST_WAITING.run(connection, partition=self._partition, queue=queue, at_most=limit).fetchall()
            for queue in dict.fromkeys(queues)
        )
        rows = list(islice(heapq.merge(*by_queue), limit))
        statements.CLAIM.run_many(connection, [{"of_number": row[1], "new_holder": self._session} for row in rows])
        return rows

    def _reclaim(self) -> None:
        """Now and then give free what dead sessions hold."""
        now = time.monotonic()
        if now < self._next_reclaim:
            return
        self._next_reclaim = now + _RECLAIM_EVERY_S
        holders = self._database.read(lambda connection: statements.HOLDERS.run(connection).fetchall())
        dead = [holder for (holder,) in holders if not self._database.sessions.alive(holder)]
        if dead:
            rows = [{"dead_holder": holder, "nobody": None} for holder in dead]
            self._database.write(lambda connection: statements.RELEASE.run_many(connection, rows))
            self._database.signals.notify_all()

    # -- settling --------------------------------------------------------------------
    def _settle(
        self,
        deliveries: Sequence[Delivery],
        work: Callable[[Connection, Sequence[Mapping[str, Any]]], object],
        queues: Iterable[str] = (),
    ) -> None:
        tags = {delivery.tag for delivery in deliveries}
        if not tags:
            return
        rows = _rows(tags)
        self._write(lambda connection: work(connection, rows), queues)
        with self._lock:
            self._unacknowledged -= tags

    def _hand_back_all(self) -> None:
        with self._lock:
            tags, self._unacknowledged = self._unacknowledged, set()
        if tags:
            rows = [{**row, "nobody": None} for row in _rows(tags)]
            self._database.write(lambda connection: statements.HAND_BACK.run_many(connection, rows))
            self._database.signals.notify_all()

    def _write(
        self, work: Callable[[Connection], object], queues: Iterable[str], safety: Safety = Safety.DURABLE
    ) -> None:
        if self._closed:
            raise StoreUnavailableError("This task queue has been closed.", remedy="Open it again.")
        self._database.write(work, *(self._topic(queue) for queue in queues), safety=safety)

    def _topic(self, queue: str) -> str:
        return f"queue/{self._partition}/{queue}"


def _rows(tags: Iterable[_Tag]) -> list[dict[str, Any]]:
    return [{"of_number": tag.number, "of_delivery": tag.delivery} for tag in tags]


def open_task_queue(context: BackingContext) -> TaskQueue:
    """Entry point ``embedded``.

    Raises ``DeniedError``, ``StoreUnavailableError``, ``DocumentError``, and
    ``ConflictError`` if another living process has the same session.
    """
    context.settled_options()
    database = open_database(context.home)
    try:
        _drop_partitions_of_dead_sessions(database)
        return EmbeddedTaskQueue(database, context.session, context.partition)
    except BaseException:
        database.close()
        raise


def _drop_partitions_of_dead_sessions(database: Database) -> None:
    """Drop what nobody will read: a killed ``run`` left it, and its experiments are recovered from the graph store."""
    partitions = database.read(lambda connection: statements.PARTITIONS.run(connection).fetchall())
    owners = {partition: partition.removeprefix(SESSION_PARTITION) for (partition,) in partitions}
    dead = [
        {"dead_partition": partition}
        for partition, session in owners.items()
        if session != partition and not database.sessions.alive(session)
    ]
    if dead:
        database.write(lambda connection: statements.DROP_PARTITION.run_many(connection, dead))
