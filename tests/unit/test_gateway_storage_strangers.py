"""What somebody can do to the storage who has not logged in: next to nothing."""

from __future__ import annotations

import inspect
import select
import socket
import struct
import threading
import time
from pathlib import Path

import paramiko
import pytest
import storage_site
from paramiko.packet import Packetizer
from storage_site import PATIENCE_S, StorageSite
from stranger import rest

from airavata_adapters.gateway_storage.packets import BoundedPacketizer

VERSION = b"SSH-2.0-stranger\r\n"


def stranger(site: StorageSite) -> socket.socket:
    return socket.create_connection(site.address, timeout=PATIENCE_S)


def is_cut_while_sending(connection: socket.socket, content: bytes) -> bool:
    """Send the same again and again, far more than sockets hold."""
    try:
        for _ in range(100_000_000 // len(content)):
            connection.sendall(content)
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


@pytest.mark.parametrize("size", [300_000, 0x7FFFFFF4, 0xFFFFFFF4], ids=["too long", "two gigabytes", "four"])
def test_a_packet_beyond_all_use_is_not_waited_for(tmp_path: Path, size: int) -> None:
    with StorageSite(tmp_path) as site, stranger(site) as connection:
        connection.sendall(VERSION + struct.pack(">I", size) + bytes(1000))
        begun_s = time.monotonic()
        assert rest(connection).startswith(b"SSH-2.0-")
        assert time.monotonic() - begun_s < PATIENCE_S / 2, "it was cut because of the packet, not of the time"
        assert site.sftp().listdir("/") == []


def test_a_version_without_end_is_not_read_to_it(tmp_path: Path) -> None:
    with StorageSite(tmp_path) as site, stranger(site) as connection:
        connection.settimeout(PATIENCE_S / 2)
        assert is_cut_while_sending(connection, b"v" * 4096)
        assert site.sftp().listdir("/") == []


def test_a_greeting_of_many_lines_is_one_without_end(tmp_path: Path) -> None:
    with StorageSite(tmp_path) as site, stranger(site) as connection:
        connection.settimeout(PATIENCE_S / 2)
        assert is_cut_while_sending(connection, (b"v" * 510 + b"\r\n") * 8)


def test_what_is_overridden_of_paramiko_is_there() -> None:
    for name in ("read_all", "_read_timeout"):
        theirs = inspect.signature(getattr(Packetizer, name)).parameters
        assert list(inspect.signature(getattr(BoundedPacketizer, name)).parameters) == list(theirs)
    assert "self._read_timeout(" in inspect.getsource(Packetizer.readline)
    assert "self.read_all(" in inspect.getsource(Packetizer.read_message)


def test_bytes_now_and_then_win_no_time(tmp_path: Path) -> None:
    with StorageSite(tmp_path, login_time_s=0.5) as site, stranger(site) as connection:
        begun_s = time.monotonic()
        while not _has_ended(connection):
            assert time.monotonic() - begun_s < PATIENCE_S / 2, "it was let go on"


def _has_ended(connection: socket.socket) -> bool:
    """Send a byte, and wait a little for the end."""
    try:
        connection.sendall(b"S")
        return bool(select.select([connection], [], [], 0.05)[0]) and not connection.recv(65536)
    except OSError:
        return True


def test_silent_strangers_keep_nobody_out_who_can_log_in(tmp_path: Path) -> None:
    with StorageSite(tmp_path, sessions=3) as site:
        ada = site.sftp()
        silent = [stranger(site) for _ in range(6)]
        for each in silent:
            assert each.recv(8) == b"SSH-2.0-", "each had its turn"
        assert site.sftp("bob").listdir("/") == []
        assert ada.listdir("/") == [], "and who has logged in stays"
        for each in silent:
            each.close()


def test_a_login_that_takes_its_time_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, gate = threading.Event(), threading.Event()
    real = storage_site.authenticate

    def slow(access_token: str, claims: dict[str, str]) -> object:
        if claims["userName"] == "slow":
            asked.set()
            assert gate.wait(PATIENCE_S)
        return real(access_token, claims)

    monkeypatch.setattr(storage_site, "authenticate", slow)
    with StorageSite(tmp_path, login_time_s=0.5) as site:
        waiting = threading.Thread(target=_refused, args=[site])
        waiting.start()
        assert asked.wait(PATIENCE_S)
        assert site.sftp().listdir("/") == []
        waiting.join(PATIENCE_S)
        assert not waiting.is_alive(), "it was cut off while its login was still looked at"
        assert site.sftp("bob").listdir("/") == []
        gate.set()


def _refused(site: StorageSite) -> None:
    with pytest.raises((paramiko.SSHException, EOFError, OSError)):
        site.transport("slow")


def test_nothing_opens_before_a_login(tmp_path: Path) -> None:
    with StorageSite(tmp_path) as site:
        transport = paramiko.Transport(site.address)
        try:
            transport.start_client(timeout=PATIENCE_S)
            with pytest.raises((paramiko.SSHException, EOFError)):
                transport.open_session(timeout=PATIENCE_S)
            with pytest.raises((paramiko.SSHException, EOFError)):
                transport.request_port_forward("127.0.0.1", 0)
        finally:
            transport.close()
        assert not (site.root / "portal").exists()


def test_wrong_passwords_are_counted(tmp_path: Path) -> None:
    with StorageSite(tmp_path) as site:
        transport = paramiko.Transport(site.address)
        try:
            transport.start_client(timeout=PATIENCE_S)
            for _ in range(30):
                with pytest.raises((paramiko.SSHException, EOFError)):
                    transport.auth_password("ada", "guessed", fallback=False)
                if not transport.is_active():
                    break
            assert not transport.is_active(), "it may be guessed for ever"
        finally:
            transport.close()
