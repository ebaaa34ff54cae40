"""One Neo4j server or cluster: attempts at transactions, tried again while that may help."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, LiteralString, TypeVar

from neo4j import Driver, GraphDatabase, ManagedTransaction, Query, Record, Result, RoutingControl, unit_of_work
from neo4j.exceptions import ConnectionAcquisitionTimeoutError, DriverError, IncompleteCommit, Neo4jError

from airavata_adapters.neo4j.failures import translated
from airavata_adapters.neo4j.options import Neo4jOptions
from airavata_adapters.neo4j.watch import Watch
from airavata_workload.domain.errors import SettingsError, StoreUnavailableError

T = TypeVar("T")
Rows = list[Record]
"""What one statement returns."""

_FIRST_DELAY_S = 0.02
"""After a deadlock the other transaction ends within milliseconds."""
_MAX_DELAY_S = 1.0


@dataclass(frozen=True, slots=True)
class Call:
    """A statement and its parameters."""

    text: LiteralString
    parameters: dict[str, Any]


class CommitUncertain(Exception):
    """The connection broke while a transaction committed; ``rows`` is what it had read by then."""

    def __init__(self, rows: list[Rows]) -> None:
        super().__init__("The connection broke during a commit.")
        self.rows = rows


class Server:
    """A driver, and the limits of every call.

    Reads go to the member of a cluster that takes writes, like writes: a
    follower lags, and whoever takes an experiment over must see what its last
    owner has stored. One bookmark manager serves all sessions, so that even
    after a change of leader nobody reads what is older than what was written
    here. Every method raises what ``translated`` makes of the driver's errors.
    """

    def __init__(self, options: Neo4jOptions) -> None:
        self.options = options
        self._bookmarks = GraphDatabase.bookmark_manager()
        self._watch = Watch()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        try:
            self._driver = self._new_driver()
        except (DriverError, Neo4jError, ValueError, OSError) as error:
            # ``OSError`` and ``ValueError``: certificates that cannot be read, URLs that the driver does not like.
            raise SettingsError(f"The graph store at {options.url} cannot be used: {error}", key="url") from None

    def require(self) -> None:
        """Raise ``StoreUnavailableError``, at once, unless the server answers and lets us in."""
        try:
            self._guarded(Driver.verify_connectivity)
        except (DriverError, Neo4jError) as error:
            raise translated(error, self.options) from error

    def read(self, text: LiteralString, **parameters: Any) -> Rows:
        """The rows of one statement."""
        (rows,) = self.transact([Call(text, parameters)])
        return rows

    def transact(self, calls: Sequence[Call], *, patient: bool = True) -> list[Rows]:
        """Run the statements in one transaction, while errors are transient again and again; the rows of each.

        Raises ``CommitUncertain`` when it is not known whether the transaction
        has happened. All else that is raised says that it has not.
        """
        limit_s = self.options.retry_time_limit_s if patient else 0.0
        give_up_at = time.monotonic() + limit_s
        delay_s = _FIRST_DELAY_S
        while True:
            attempt = _Attempt(calls, self.options.transaction_time_limit_s)
            used = self._driver
            try:
                return self._guarded(partial(self._carry_out, attempt))
            except IncompleteCommit:
                raise CommitUncertain(attempt.rows) from None
            except (DriverError, Neo4jError) as error:
                # A driver that another thread found hanging was closed under this call, too.
                again = error.is_retryable() or used is not self._driver
                again = again or isinstance(error, ConnectionAcquisitionTimeoutError)
                if not again or time.monotonic() + delay_s > give_up_at:
                    raise translated(error, self.options) from error
            if self._closing.wait(random.uniform(delay_s / 2, delay_s)):  # noqa: S311 - jitter, no secret
                raise StoreUnavailableError(
                    f"The graph store at {self.options.url} has been closed.", remedy="Open it again."
                )
            delay_s = min(_MAX_DELAY_S, delay_s * 2)

    def close(self) -> None:
        """Close all connections; calls that run fail."""
        self._closing.set()
        self._driver.close()

    # -- one attempt -------------------------------------------------------------
    def _new_driver(self) -> Driver:
        url, settings = self.options.driver_configuration()
        return GraphDatabase.driver(url, **settings)

    def _guarded(self, call: Callable[[Driver], T]) -> T:
        driver = self._driver
        with self._watch.guard(self.options.call_time_limit_s + 1.0, lambda: self._replace(driver)):
            return call(driver)

    def _replace(self, hanging: Driver) -> None:
        """Close a driver, which ends calls that wait for an answer, and go on with a new one."""
        with self._lock:
            if self._driver is hanging and not self._closing.is_set():
                self._driver = self._new_driver()
        hanging.close()

    def _carry_out(self, attempt: _Attempt, driver: Driver) -> list[Rows]:
        database = self.options.database or None
        if len(attempt.calls) == 1:  # in this form the driver sends the beginning along with the statement
            (call,) = attempt.calls
            return driver.execute_query(
                Query(call.text, timeout=attempt.time_limit_s),
                call.parameters,
                routing_=RoutingControl.WRITE,
                database_=database,
                bookmark_manager_=self._bookmarks,
                result_transformer_=attempt.keep,
            )
        with driver.session(database=database, bookmark_manager=self._bookmarks) as session:
            return session.execute_write(unit_of_work(timeout=attempt.time_limit_s)(attempt.run))


class _Attempt:
    """What one attempt has read, kept in case its commit breaks off."""

    def __init__(self, calls: Sequence[Call], time_limit_s: float) -> None:
        self.calls = calls
        self.time_limit_s = time_limit_s
        self.rows: list[Rows] = []

    def keep(self, result: Result) -> list[Rows]:
        """The rows of the only statement."""
        self.rows = [list(result)]
        return self.rows

    def run(self, transaction: ManagedTransaction) -> list[Rows]:
        """The rows of every statement."""
        self.rows = [list(transaction.run(call.text, call.parameters)) for call in self.calls]
        return self.rows
