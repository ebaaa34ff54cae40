"""The sharing of connections, with connections that are made here; real ones are in tests/integration."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from airavata_adapters.remote_shells.connection import ChannelRefusedError, Connection
from airavata_adapters.remote_shells.connection_pool import ConnectionPool
from airavata_adapters.remote_shells.deadline import Deadline
from airavata_workload.domain.errors import AuthenticationError, CommandTimeoutError, HostUnreachableError


class Channel:
    def close(self) -> None:
        pass


class FakeTransport:
    """A connection whose server allows so many channels."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.active = True
        self.open = 0

    def is_active(self) -> bool:
        return self.active

    def close(self) -> None:
        self.active = False


class FakeConnection(Connection):
    def __init__(self, allowed: int, wanted: int) -> None:
        self.fake = FakeTransport(allowed)
        super().__init__(cast("object", self.fake), "fake", wanted)  # type: ignore[arg-type]

    def open_channel(self, deadline: Deadline, window_bytes: int = 0) -> Channel:  # type: ignore[override]
        del deadline, window_bytes
        if not self.fake.active:
            raise HostUnreachableError("gone")
        if self.channels > self.fake.allowed:
            raise ChannelRefusedError("no more sessions")
        return Channel()


def deadline(timeout_s: float = 10.0) -> Deadline:
    return Deadline("A test", timeout_s)


def pool(connect: object, *, max_channels: int = 8, reconnect_within_s: float = 5.0) -> ConnectionPool:
    return ConnectionPool(
        connect,  # type: ignore[arg-type]
        lambda: False,
        max_channels=max_channels,
        reconnect_within_s=reconnect_within_s,
    )


def test_one_connection_carries_all_channels_that_are_allowed() -> None:
    made = []

    def connect() -> FakeConnection:
        made.append(FakeConnection(10, 8))
        return made[-1]

    shared = pool(connect)
    leases = [shared.open_channel(deadline()) for _ in range(8)]
    assert len(made) == 1
    with pytest.raises(CommandTimeoutError):
        shared.open_channel(deadline(0.2))
    leases[0].release()
    leases[0].release()  # the second time nothing happens
    shared.open_channel(deadline())
    with pytest.raises(CommandTimeoutError):
        shared.open_channel(deadline(0.2))


def test_a_refused_channel_means_another_connection_and_later_waiting() -> None:
    made = []

    def connect() -> FakeConnection:
        made.append(FakeConnection(2, 6))
        return made[-1]

    shared = pool(connect, max_channels=6)
    leases = [shared.open_channel(deadline()) for _ in range(6)]
    assert len(made) == 3
    assert sorted(connection.channels for connection in made) == [2, 2, 2]
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(shared.open_channel, deadline())
        leases[3].release()
        waiting.result(10)


def test_everybody_shares_the_outcome_of_one_attempt() -> None:
    begun, may_end = threading.Event(), threading.Event()
    attempts = []

    def connect() -> FakeConnection:
        attempts.append(1)
        begun.set()
        assert may_end.wait(10)
        raise AuthenticationError("refused")

    shared = pool(connect)
    with ThreadPoolExecutor(10) as threads:
        first = threads.submit(shared.open_channel, deadline())
        assert begun.wait(10)
        waiting = threading.Barrier(10)

        def wait_too() -> None:
            waiting.wait(10)
            shared.open_channel(deadline())

        others = [threads.submit(wait_too) for _ in range(9)]
        waiting.wait(10)
        timer = threading.Timer(0.3, may_end.set)
        timer.start()
        for future in (first, *others):
            with pytest.raises(AuthenticationError):
                future.result(10)
    assert len(attempts) == 1


def test_a_connection_that_stood_is_looked_for_again_with_back_off() -> None:
    made: list[FakeConnection] = []
    failures = 0

    def connect() -> FakeConnection:
        nonlocal failures
        if made and failures < 3:
            failures += 1
            raise HostUnreachableError("restarting")
        made.append(FakeConnection(8, 8))
        return made[-1]

    shared = pool(connect)
    shared.open_channel(deadline())
    made[0].fake.active = False
    shared.open_channel(deadline())
    assert (failures, len(made)) == (3, 2)


def test_a_host_that_never_answered_fails_at_once() -> None:
    attempts = []

    def connect() -> FakeConnection:
        attempts.append(1)
        raise HostUnreachableError("down")

    shared = pool(connect)
    for _ in range(2):
        with pytest.raises(HostUnreachableError):
            shared.open_channel(deadline())
    assert len(attempts) == 2


def test_one_more_connection_that_is_refused_harms_nobody() -> None:
    made: list[FakeConnection] = []

    def connect() -> FakeConnection:
        if made:
            raise HostUnreachableError("too many connections")
        made.append(FakeConnection(1, 4))
        return made[-1]

    shared = pool(connect, max_channels=4, reconnect_within_s=0.1)
    lease = shared.open_channel(deadline())
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(shared.open_channel, deadline())
        timer = threading.Timer(0.3, lease.release)
        timer.start()
        waiting.result(10)
