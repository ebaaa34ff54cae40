"""The kazoo client as we use it: many requests on their way at once, bounded waits, errors of ours."""

from __future__ import annotations

import functools
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kazoo.client import KazooClient, TransactionRequest
from kazoo.exceptions import (
    AuthFailedError,
    ConnectionLoss,
    InvalidACLError,
    KazooException,
    NoAuthError,
    OperationTimeoutError,
    SessionExpiredError,
    SessionMovedError,
    ZookeeperError,
)
from kazoo.handlers.threading import KazooTimeoutError, SequentialThreadingHandler
from kazoo.protocol.states import Callback, WatchedEvent
from kazoo.security import CREATOR_ALL_ACL, OPEN_ACL_UNSAFE

from airavata_adapters.recovery_nodes.zookeeper_options import ZooKeeperOptions
from airavata_workload.domain.errors import AuthenticationError, StoreUnavailableError, WorkloadError

IN_FLIGHT = 200
"""Requests of one call that are on their way at once."""
IN_TRANSACTION = 50
"""Experiments in one transaction: as fast as a single one, and far below the 1 MiB that a request may have."""
_LONGEST_RETRY_DELAY_S = 1.0

LOST_ANSWERS = (
    ConnectionLoss,
    SessionExpiredError,
    SessionMovedError,
    OperationTimeoutError,
    KazooTimeoutError,
)
"""The request may or may not have been carried out."""
FOREIGN = (KazooException, KazooTimeoutError)
"""All that kazoo raises."""

Request = Callable[[KazooClient], Any]
"""Sends something to ZooKeeper; returns kazoo's promise of the answer."""
Fill = Callable[[TransactionRequest], None]
"""Adds operations to a transaction."""


class _NoDetails(logging.Filter):
    """Keeps kazoo's debug lines back: they show requests, and one of these holds the password."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO


_log = logging.getLogger("airavata_adapters.zookeeper_client")
_log.addFilter(_NoDetails())
# What matters is raised here as an error of ours; without a handler kazoo's copy would go to the terminal.
_log.addHandler(logging.NullHandler())


def new_client(options: ZooKeeperOptions) -> KazooClient:
    """A client that is not started yet and, once it is, connects again and again with short pauses."""
    hosts = options.hosts.count(",") + 1
    handler = SequentialThreadingHandler()
    # All servers have to be tried in what a noticed disconnection leaves of the session: a third of its time-out.
    # Source: kazoo ``ConnectionHandler._connect``: the connection counts as dead after two thirds.
    handler.create_connection = functools.partial(
        _connect_soon, handler.create_connection, max(0.5, options.session_timeout_s / 3 / hosts)
    )
    return KazooClient(
        hosts=options.hosts,
        timeout=options.session_timeout_s,
        handler=handler,
        auth_data=[("digest", f"{options.username}:{options.password}")] if options.username else None,
        default_acl=CREATOR_ALL_ACL if options.username else OPEN_ACL_UNSAFE,
        connection_retry={"max_tries": -1, "delay": 0.1, "backoff": 2, "max_delay": _LONGEST_RETRY_DELAY_S},
        logger=_log,
    )


def _connect_soon(connect: Callable[..., Any], limit_s: float, *arguments: Any, timeout: float, **named: Any) -> Any:
    return connect(*arguments, timeout=min(timeout, limit_s), **named)


def reading(path: str, watch: Callable[[WatchedEvent], None] | None = None) -> Request:
    """Asks for what a node holds, with its stat."""
    return lambda client: client.get_async(path, watch=watch)


def listing(path: str, watch: Callable[[WatchedEvent], None] | None = None) -> Request:
    """Asks for the names of a node's children."""
    return lambda client: client.get_children_async(path, watch=watch)


def found(path: str) -> Request:
    """Asks for a node's stat; the answer is nothing if it is not there."""
    return lambda client: client.exists_async(path)


def made(path: str) -> Request:
    """Makes a lasting node that holds nothing."""
    return lambda client: client.create_async(path)


def synced(path: str) -> Request:
    """Lets the server that we talk to learn what the others know, before it does what is asked next."""
    return lambda client: client.sync_async(path)


class Requests:
    """Requests to one client that have to be answered before ``deadline_s`` (on the monotonic clock).

    Every method raises what kazoo raises; ``KazooTimeoutError`` when the time is over.
    """

    def __init__(self, client: KazooClient, deadline_s: float) -> None:
        self._client = client
        self.deadline_s = deadline_s

    @property
    def left_s(self) -> float:
        """Time left for answers."""
        return max(0.0, self.deadline_s - time.monotonic())

    def answers(self, requests: Iterable[Request]) -> list[Any]:
        """The answers to asynchronous requests, in their order; errors of ZooKeeper itself stand among them.

        Those that say that an answer was lost are raised.
        """
        waiting: deque[Any] = deque()
        answers: list[Any] = []
        for request in requests:
            if len(waiting) >= IN_FLIGHT:
                answers.append(self._answer(waiting.popleft()))
            waiting.append(request(self._client))
        answers.extend(self._answer(one) for one in waiting)
        return answers

    def answer(self, request: Request) -> Any:
        """The answer to one asynchronous request; any error is raised."""
        return self._wait(request(self._client))

    def commit(self, fill: Fill) -> tuple[int, ZookeeperError] | None:
        """Carry a transaction out: nothing, or the place of the operation that failed (from 0) and why."""
        (failed,) = self.commits([fill])
        return failed

    def commits(self, transactions: Iterable[Fill]) -> list[tuple[int, ZookeeperError] | None]:
        """Carry transactions out, each by itself: as ``commit`` for each."""

        def send(fill: Fill, client: KazooClient) -> Any:
            transaction = client.transaction()
            fill(transaction)
            return transaction.commit_async()

        answers = self.answers(functools.partial(send, fill) for fill in transactions)
        return [_failure(answer) for answer in answers]

    def catch_up(self) -> None:
        """Let us see all that was done before this call, by whomever, and all watches that fired for it.

        The server that we talk to may be behind the others.
        Source: ZooKeeper Programmer's Guide, "Consistency Guarantees".
        """
        self.answer(synced("/"))
        self.await_watches()

    def await_watches(self) -> None:
        """Wait for the watches that fired before the last answer: they are worked off by a thread of kazoo."""
        told = self._client.handler.event_object()
        self._client.handler.dispatch_callback(Callback("watch", told.set, ()))
        if not told.wait(self.left_s):
            raise KazooTimeoutError

    def _wait(self, waiting: Any) -> Any:
        try:
            return waiting.get(timeout=self.left_s)
        except RuntimeError as error:
            # What kazoo says when the answer it reads belongs to another request; it drops the connection then.
            raise ConnectionLoss from error

    def _answer(self, waiting: Any) -> Any:
        try:
            return self._wait(waiting)
        except LOST_ANSWERS:
            raise
        except ZookeeperError as error:
            return error


def demand(answers: Iterable[Any], *harmless: type[ZookeeperError]) -> None:
    """Raise the first error among the answers that is not harmless."""
    for answer in answers:
        if isinstance(answer, ZookeeperError) and not isinstance(answer, harmless):
            raise answer


def _failure(answer: Sequence[Any] | ZookeeperError) -> tuple[int, ZookeeperError] | None:
    """The operation that kept a transaction from being carried out.

    Source: ZooKeeper ``MultiOperationRecord``: those before it answer
    RolledBack (code 0), those after it RuntimeInconsistency.
    """
    if isinstance(answer, ZookeeperError):
        raise answer
    for place, one in enumerate(answer):
        if isinstance(one, ZookeeperError) and one.code != 0:
            return place, one
    return None


def translated(error: Exception, options: ZooKeeperOptions, doing: str) -> WorkloadError:
    """The engine's error for what kazoo raised while we were ``doing`` something."""
    where = f"ZooKeeper ({options.hosts})"
    who = f"user '{options.username}'" if options.username else "somebody without a user name"
    if isinstance(error, NoAuthError | AuthFailedError | InvalidACLError):
        return AuthenticationError(
            f"{where} refuses {who} {doing} below {options.root}.",
            remedy="Set 'username' and 'password' of the recovery nodes to those that made these nodes, or another "
            "'root'.",
        )
    if isinstance(error, LOST_ANSWERS):
        return StoreUnavailableError(
            f"{where} did not answer in time: {doing}.",
            remedy="Work goes on by itself when most of its servers are reachable.",
        )
    return StoreUnavailableError(
        f"{where} could not do it: {doing}: {type(error).__name__} {error}".rstrip() + ".",
        remedy="See the log of the ZooKeeper servers.",
    )
