"""The SSH connections to one account: one as a rule, more only where the server allows few channels on each.

All threads share them. While a connection is being made, everybody who needs
one waits for that attempt and shares its outcome, so that a restarted server
sees one login and not a storm.
"""

from __future__ import annotations

import contextlib
import copy
import random
import threading
import time
from collections.abc import Callable

import paramiko

from airavata_adapters.remote_shells.connection import WINDOW_BYTES, ChannelRefusedError, Connection
from airavata_adapters.remote_shells.deadline import POLL_INTERVAL_S, Deadline
from airavata_workload.domain.errors import (
    CommandTimeoutError,
    HostUnreachableError,
    TaskCancelled,
    WorkloadError,
)

MAX_CONNECTIONS = 4
_FIRST_BACK_OFF_S = 0.1
_LARGEST_BACK_OFF_S = 10.0
_ENOUGH_FOR_S = 30.0
"""How long no further connection is tried after the server refused one beside those that stand."""


class Lease:
    """One open channel; give it back by ``release``."""

    def __init__(self, pool: ConnectionPool, connection: Connection, channel: paramiko.Channel) -> None:
        self.connection = connection
        self.channel = channel
        self._pool = pool
        self._released = False

    def release(self) -> None:
        """Close the channel and let somebody else have its place; the second time nothing happens."""
        if not self._released:
            self._released = True
            with contextlib.suppress(
                OSError, EOFError, paramiko.SSHException
            ):  # the connection is gone: so is the channel
                self.channel.close()
            self._pool.give_back(self.connection)


class ConnectionPool:
    """Gives out channels.

    ``connect`` makes a connection, ``reclaim`` is called when all places are
    taken and closes a channel that idles, if one does; returns whether it did.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        reclaim: Callable[[], bool],
        *,
        max_channels: int,
        reconnect_within_s: float,
    ) -> None:
        self._connect = connect
        self._reclaim = reclaim
        self._max_channels = max(1, max_channels)
        self._reconnect_within_s = reconnect_within_s
        self._connections: list[Connection] = []
        self._changed = threading.Condition()
        self._connecting = False
        self._attempts_made = 0
        self._last_error: WorkloadError | None = None
        self._was_connected = False
        self._enough_until_s = 0.0

    def open_channel(self, deadline: Deadline, window_bytes: int = WINDOW_BYTES) -> Lease:
        """A new channel; waits for a place, for the server to allow it, and for the connection to come back.

        Raises ``CommandTimeoutError``, ``TaskCancelled``, what connecting raises,
        and ``HostUnreachableError`` if the wait was in vain because a connection answers nothing.
        """
        refusals = 0
        while True:
            try:
                connection = self._reserve(deadline)
            except CommandTimeoutError as error:
                self.check_answers(error)
                raise
            try:
                return Lease(self, connection, connection.open_channel(deadline, window_bytes))
            except ChannelRefusedError:
                self._refused(connection)
                refusals += 1
                self._pause(refusals, deadline)
            except HostUnreachableError:
                self.give_back(connection)
                if deadline.remaining_s <= 0:
                    raise
            except BaseException:
                self.give_back(connection)
                raise

    def give_back(self, connection: Connection) -> None:
        """A channel of the connection was closed."""
        with self._changed:
            connection.channels -= 1
            connection.idle_since_s = time.monotonic()
            self._changed.notify_all()

    def check_answers(self, error: CommandTimeoutError) -> None:
        """Somebody has waited in vain for others to end: ask whether the connections live that these use.

        Raises ``HostUnreachableError`` if one does not; it is closed.
        """
        with self._changed:
            standing = list(self._connections)
        for connection in standing:
            if not connection.answers():
                raise HostUnreachableError(connection.loss) from error

    def close_idle(self, idle_for_s: float) -> bool:
        """Close connections that have carried no channel for that long; whether any is left."""
        before = time.monotonic() - idle_for_s
        with self._changed:
            self._drop_dead()
            idle = [one for one in self._connections if not one.channels and one.idle_since_s <= before]
            self._connections = [one for one in self._connections if one not in idle]
            left = bool(self._connections)
        for connection in idle:
            connection.close()
        return left

    def close(self) -> None:
        """End all connections; the next channel opens a new one."""
        with self._changed:
            connections, self._connections = self._connections, []
            self._was_connected = False
        for connection in connections:
            connection.close()

    @property
    def connections(self) -> int:
        """How many connections stand."""
        with self._changed:
            self._drop_dead()
            return len(self._connections)

    # -- finding a place -------------------------------------------------------------
    def _reserve(self, deadline: Deadline) -> Connection:
        """A live connection with one more channel counted on it."""
        while True:
            deadline.check()
            with self._changed:
                self._drop_dead()
                connection = self._with_room()
                if connection is not None:
                    connection.channels += 1
                    return connection
                may_connect = self._may_connect()
            if may_connect:
                self._connect_once(deadline)
            elif not self._reclaim():
                with self._changed:
                    self._changed.wait(deadline.slice_s())

    def _with_room(self) -> Connection | None:
        if sum(one.channels for one in self._connections) >= self._max_channels:
            return None
        return next((one for one in self._connections if one.channels < one.limit), None)

    def _may_connect(self) -> bool:
        if not self._connections:
            return True
        in_use = sum(one.channels for one in self._connections)
        return (
            in_use < self._max_channels
            and len(self._connections) < MAX_CONNECTIONS
            and time.monotonic() >= self._enough_until_s
        )

    def _drop_dead(self) -> None:
        self._connections = [one for one in self._connections if one.alive]

    def _refused(self, connection: Connection) -> None:
        with self._changed:
            if connection.channels > 1:
                connection.learn_limit()
            connection.channels -= 1

    def _pause(self, refusals: int, deadline: Deadline) -> None:
        # A place is free once the server, too, has closed the channel: soon, and without a notice to us.
        with self._changed:
            self._changed.wait(min(deadline.slice_s() * min(refusals, 4), deadline.remaining_s))

    # -- connecting ------------------------------------------------------------------
    def _connect_once(self, deadline: Deadline) -> None:
        """Make a connection, or wait while another thread makes one and share what comes of it."""
        with self._changed:
            if self._connecting:
                attempt = self._attempts_made
                while self._connecting and self._attempts_made == attempt:
                    self._changed.wait(deadline.slice_s())
                if self._attempts_made != attempt and self._last_error is not None:
                    raise copy.copy(self._last_error) from self._last_error
                return
            self._connecting = True
        connection, error = None, None
        try:
            connection = self._connect_with_back_off(deadline)
        except WorkloadError as caught:
            error = caught
            if not self.connections:
                raise
        finally:
            with self._changed:
                self._connecting = False
                self._conclude(connection, error)
                self._changed.notify_all()

    def _conclude(self, connection: Connection | None, error: WorkloadError | None) -> None:
        """Note what came of an attempt to connect."""
        if connection is not None:
            self._connections.append(connection)
            self._was_connected = True
        elif self._connections:
            # One more was refused, and there are others to wait for.
            self._enough_until_s = time.monotonic() + _ENOUGH_FOR_S
            error = None
        elif error is None or isinstance(error, CommandTimeoutError | TaskCancelled):
            # Only this caller gave up; that says nothing to those who wait: one of them connects.
            return
        else:
            self._was_connected = False
        self._attempts_made += 1
        self._last_error = error

    def _connect_with_back_off(self, deadline: Deadline) -> Connection:
        """Connect; if a connection stood before, try again for a while: the server may be restarting."""
        give_up_at_s = time.monotonic() + min(self._reconnect_within_s, deadline.remaining_s)
        back_off_s = _FIRST_BACK_OFF_S
        while True:
            try:
                return self._connect()
            except HostUnreachableError:
                wait_s = back_off_s * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
                if not self._was_connected or time.monotonic() + wait_s > give_up_at_s:
                    raise
            wait_until_s = time.monotonic() + wait_s
            while (left_s := wait_until_s - time.monotonic()) > 0:
                deadline.check()
                time.sleep(min(POLL_INTERVAL_S, left_s))
            back_off_s = min(2 * back_off_s, _LARGEST_BACK_OFF_S)
