"""The proxy that the fault harness puts in front of every server misbehaves as it is told, and only then."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from chaos.proxy import LOOPBACK, Proxy

SOON_S = 5.0


class Echo:
    """A server that sends back what it gets."""

    def __init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0))
        self.address = (LOOPBACK, int(self._listener.getsockname()[1]))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    @staticmethod
    def _serve(client: socket.socket) -> None:
        with suppress(OSError), client:
            while data := client.recv(65_536):
                client.sendall(data)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    echo = Echo()
    made = Proxy(echo.address)
    yield made
    made.close()
    echo.close()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), timeout=SOON_S)


def echoed(connection: socket.socket, data: bytes) -> bytes:
    connection.sendall(data)
    got = b""
    while len(got) < len(data) and (more := connection.recv(65_536)):
        got += more
    return got


def until_closed(connection: socket.socket) -> None:
    """Read to the end; an orderly end is an error as well as a reset."""
    while connection.recv(65_536):
        pass
    raise ConnectionResetError("closed")


def exchange_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 400)
        if not connection.recv(65_536):
            raise ConnectionResetError("closed")


def test_it_carries_whole_and_in_order(proxy: Proxy) -> None:
    data = bytes(range(256)) * 4_000
    with connect(proxy) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        got = b""
        while len(got) < len(data):
            got += connection.recv(65_536)
        sender.join()
    assert got == data
    assert proxy.carried_bytes == 2 * len(data)


def test_cut_resets_what_is_there_and_takes_new_connections(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert echoed(connection, b"before") == b"before"
        proxy.cut()
        with pytest.raises(ConnectionError):
            until_closed(connection)
    with connect(proxy) as connection:
        assert echoed(connection, b"after") == b"after"


def test_refuse_keeps_the_port_and_heal_listens_again(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert echoed(connection, b"one") == b"one"
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        assert echoed(connection, b"two") == b"two", "a connection that is there goes on"
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((LOOPBACK, proxy.port))
    proxy.heal()
    with connect(proxy) as connection:
        assert echoed(connection, b"three") == b"three"


def test_delay_makes_every_byte_late_in_both_directions(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        proxy.delay(0.3)
        began_s = time.monotonic()
        assert echoed(connection, b"late") == b"late"
        took_s = time.monotonic() - began_s
        assert took_s >= 0.6
        proxy.heal()
        assert echoed(connection, b"soon") == b"soon"


def test_delay_does_not_add_up(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        proxy.delay(0.3)
        began_s = time.monotonic()
        for _ in range(10):
            connection.sendall(b"x")
            time.sleep(0.01)  # so that they are ten chunks
        got = b""
        while len(got) < 10:
            got += connection.recv(10)
        assert time.monotonic() - began_s < 3.0, "ten chunks, each 0.6 s late, are together"


def test_a_swallowed_connection_stays_silent_after_healing_and_new_ones_work(proxy: Proxy) -> None:
    with connect(proxy) as old:
        assert echoed(old, b"before") == b"before"
        proxy.swallow()
        with connect(proxy) as during:
            old.settimeout(0.3)
            during.settimeout(0.3)
            for connection in (old, during):
                connection.sendall(b"lost")
                with pytest.raises(TimeoutError):
                    connection.recv(1)
            proxy.heal()
            for connection in (old, during):
                connection.sendall(b"lost too")
                with pytest.raises(TimeoutError):
                    connection.recv(1)
    with connect(proxy) as connection:
        assert echoed(connection, b"after") == b"after"


def test_a_swallowed_client_is_not_told_that_the_server_has_gone() -> None:
    listener = socket.create_server((LOOPBACK, 0))
    proxy = Proxy((LOOPBACK, int(listener.getsockname()[1])))
    with connect(proxy) as client:
        server, _ = listener.accept()
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        proxy.swallow()
        server.close()
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(1)
    proxy.close()
    listener.close()


def test_nobody_behind_it_is_a_reset() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        address = (LOOPBACK, int(listener.getsockname()[1]))
    proxy = Proxy(address)
    with connect(proxy) as connection, pytest.raises(ConnectionError):
        until_closed(connection)
    proxy.close()


def test_a_connection_is_cut_after_the_allowed_bytes(proxy: Proxy) -> None:
    proxy.allowed_bytes = 1_000
    with connect(proxy) as connection:
        assert echoed(connection, b"x" * 400) == b"x" * 400
        with pytest.raises(ConnectionError):
            exchange_for_ever(connection)
