"""One transaction: carries out steps, and repeats them all if the database has undone them because of another one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from airavata_adapters.record_stores.connections import Connections
from airavata_workload.domain.errors import InputError, StoreUnavailableError

T = TypeVar("T")
Step = Callable[[Connection], Any]

_REPEATS = 6
_FIRST_DELAY_S = 0.005


class Session:
    """A transaction of one thread.

    Every step and what it gave is kept. When the server undoes the transaction
    (a deadlock, or a row that stayed locked), all steps are carried out again;
    if one of them gives something else now, the block cannot go on from there,
    and ``StoreUnavailableError`` says so. After any error but a taken id
    nothing of the transaction can be stored any more, even if the block goes on.
    """

    def __init__(self, connections: Connections, *, writing: bool) -> None:
        self.writing = writing
        self.server = connections.server
        self.seen: dict[Any, Any] = {}
        """What a session that only reads has read by id."""
        self._connections = connections
        self._steps: list[tuple[Step, Any]] = []
        self._repeats = 0
        self._savepoints = 0
        self._failure: Exception | None = None
        self._connection: Connection | None = None
        self._begin()

    def run(self, step: Callable[[Connection], T]) -> T:
        """What the step gives: plain values, which can be compared.

        Raises ``StoreUnavailableError``, and ``InputError`` for text that is none.
        """
        result = self._settled(step)
        self._steps.append((step, result))
        return result

    @contextmanager
    def part(self) -> Iterator[None]:
        """A block whose steps are undone if it raises."""
        self._savepoints += 1
        name, count = f"part_{self._savepoints}", len(self._steps)
        self.run(lambda connection: _tell(connection, f"SAVEPOINT {name}"))
        try:
            yield
        except BaseException:
            if self._failure is None:
                self._settled(lambda connection: _tell(connection, f"ROLLBACK TO SAVEPOINT {name}"))
                del self._steps[count:]
            raise

    def commit(self) -> None:
        """Make everything durable. Raises ``StoreUnavailableError``."""
        if self._failure is not None:
            self.end()
            raise StoreUnavailableError(
                "nothing of this transaction is stored, because one of its steps failed.", remedy="Try it again."
            ) from self._failure
        while True:
            connection, self._connection = self._connection, None
            try:
                if connection is not None:
                    self._connections.end(connection, commit=True)
            except DBAPIError as error:
                self._repeat_or_fail(error)
            else:
                return

    def end(self) -> None:
        """Undo whatever is not durable."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._connections.end(connection, commit=False)

    def _begin(self) -> Connection:
        try:
            self._connection = self._connections.begin(writing=self.writing)
        except (DBAPIError, PoolTimeoutError) as error:
            raise self._failed(error) from error
        return self._connection

    def _settled(self, step: Callable[[Connection], T]) -> T:
        if self._failure is not None:
            raise StoreUnavailableError("an earlier step of this transaction failed.") from self._failure
        while True:
            try:
                return step(self._connection or self._begin())
            except DBAPIError as error:
                self._repeat_or_fail(error)
            except UnicodeEncodeError as error:
                raise InputError(f"this text cannot be stored: {error.object[error.start :][:20]!r}.") from None

    def _repeat_or_fail(self, error: DBAPIError) -> None:
        """Bring the transaction to where it was before the step that failed, or raise what it failed with."""
        while True:
            if self._repeats >= _REPEATS or not self._connections.asks_to_try_again(error):
                raise self._failed(error) from error
            self._repeats += 1
            self.end()
            # Two that hinder one another should not come back at the same time.
            time.sleep(random.uniform(0, _FIRST_DELAY_S * 2**self._repeats))  # noqa: S311 - nobody need be kept from guessing it
            try:
                self._repeat(self._begin())
            except DBAPIError as again:
                error = again
            else:
                return

    def _repeat(self, connection: Connection) -> None:
        for step, result in self._steps:
            if step(connection) != result:
                self._failure = StoreUnavailableError(
                    "another transaction has changed what this one had read.", remedy="Try it again."
                )
                raise self._failure

    def _failed(self, error: Exception) -> Exception:
        self._failure = self._connections.translated(error)
        return self._failure


def _tell(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
