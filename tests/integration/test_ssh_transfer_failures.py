"""Transfers that are cut, run out of space, or meet a server that offers less."""

from __future__ import annotations

import hashlib
import os
import random
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import paramiko
import pytest

from airavata_adapters.file_transfers.scp import ScpTransferFactory
from airavata_adapters.file_transfers.sftp import SftpTransferFactory
from airavata_adapters.remote_shells.local import LocalShellFactory
from airavata_adapters.remote_shells.ssh import SshShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import DiskFullError, InputError, TaskCancelled, TransferError, UnavailableError
from airavata_workload.ports.file_transfer import FilePair, FileTransfer
from airavata_workload.testing.machines import NoCredentials
from airavata_workload.testing.ssh_server import SshServer

pytestmark = pytest.mark.server

FACTORIES = {"scp": ScpTransferFactory(), "sftp": SftpTransferFactory()}


MINIMAL_TOOLS = (
    *("sh", "cat", "tar", "xargs", "mv", "rm", "rmdir", "mkdir", "wc", "base64", "which"),
    *("openssl", "tail", "head", "sleep", "uname", "dd"),
)


class CuttingProxy:
    """Carries bytes to a port; cuts each connection for good once ``allowed`` bytes have gone one way."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.allowed: int | None = None
        self.carried = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                with self._lock:
                    self.carried += len(data)
                    cut = self.allowed is not None and self.carried > self.allowed
                if cut:
                    break
                sink.sendall(data)
        for side in (source, sink):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with SshServer(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def proxy(server: SshServer) -> Iterator[CuttingProxy]:
    made = CuttingProxy(server.port)
    yield made
    made.close()


@pytest.fixture(params=sorted(FACTORIES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def open_transfer(kind: str, cluster: Cluster) -> FileTransfer:
    return FACTORIES[kind].open(cluster, SshShellFactory().open(cluster, NoCredentials()))


def through(proxy: CuttingProxy, server: SshServer) -> Cluster:
    known = server.directory / f"known_hosts_{proxy.port}"
    known.write_text(server.known_hosts.read_text().replace(f":{server.port} ", f":{proxy.port} "))
    return server.cluster(port=proxy.port, known_hosts_file=str(known))


# -- cut off ---------------------------------------------------------------------------
def test_a_large_file_resumes_in_both_directions(
    kind: str, server: SshServer, proxy: CuttingProxy, tmp_path: Path
) -> None:
    transfer = open_transfer(kind, through(proxy, server))
    size = 24_000_000
    there = FilePair(local=tmp_path / "source", remote=str(tmp_path / "far" / "it's large"))
    there.local.write_bytes(random.Random(1).randbytes(size))
    back = FilePair(local=tmp_path / "back", remote=there.remote)
    for move, pair, final in ((transfer.put, there, Path(there.remote)), (transfer.get, back, back.local)):
        proxy.carried, proxy.allowed = 0, size * 2 // 3
        with pytest.raises((UnavailableError, TransferError)) as caught:
            move([pair])
        assert caught.value.transient
        assert not final.exists()
        arrived = sum(part.stat().st_size for part in final.parent.glob(".*.part"))
        assert arrived > 0
        proxy.carried, proxy.allowed = 0, None
        receipt = move([pair])[0]
        assert receipt.sha256 == hashlib.sha256(there.local.read_bytes()).hexdigest()
        # What had arrived was not sent again; the margin is for the protocol.
        assert proxy.carried < size - arrived + 1_000_000
        assert final.read_bytes() == there.local.read_bytes()
        assert not list(final.parent.glob(".*.part"))


def test_a_file_is_asked_for_once_though_the_server_is_faster_than_the_asking(
    server: SshServer, proxy: CuttingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = open_transfer("sftp", through(proxy, server))
    size = 3_000_000
    (tmp_path / "there").write_bytes(random.Random(4).randbytes(size))
    send = paramiko.SFTPClient._send_packet

    def send_slowly(client: paramiko.SFTPClient, kind: int, packet: paramiko.Message) -> None:
        send(client, kind, packet)
        time.sleep(0.002)

    monkeypatch.setattr(paramiko.SFTPClient, "_send_packet", send_slowly)
    transfer.get([FilePair(local=tmp_path / "here", remote=str(tmp_path / "there"))])
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()
    assert proxy.carried < size + 500_000


def test_many_small_files_resume_in_both_directions(server: SshServer, proxy: CuttingProxy, tmp_path: Path) -> None:
    transfer = open_transfer("scp", through(proxy, server))
    content = random.Random(2)
    there = []
    for n in range(100):
        (tmp_path / f"{n}").write_bytes(content.randbytes(100_000))
        there.append(FilePair(local=tmp_path / f"{n}", remote=f"{tmp_path}/far/{n}"))
    back = [FilePair(local=tmp_path / "back" / pair.local.name, remote=pair.remote) for pair in there]
    for move, pairs, folder in ((transfer.put, there, tmp_path / "far"), (transfer.get, back, tmp_path / "back")):
        proxy.carried, proxy.allowed = 0, 7_000_000
        with pytest.raises((UnavailableError, TransferError)):
            move(pairs)
        # How much of what was under way had been unpacked when the line was cut, is chance: so it is counted.
        arrived = sum(path.stat().st_size == 100_000 for path in folder.rglob("*"))
        assert arrived > 0
        proxy.carried, proxy.allowed = 0, None
        move(pairs)
        # No whole file that had arrived was sent again; the margin is for the protocol.
        assert proxy.carried < (100 - arrived) * 100_000 + 1_000_000
    assert all(pair.local.read_bytes() == (tmp_path / pair.local.name).read_bytes() for pair in back)
    assert not list(tmp_path.rglob(".*.part"))


@pytest.mark.parametrize("left", [b"something else", b""])
def test_what_is_left_of_another_file_is_not_continued(
    kind: str, server: SshServer, tmp_path: Path, left: bytes
) -> None:
    transfer = open_transfer(kind, server.cluster())
    there = FilePair(local=tmp_path / "source", remote=str(tmp_path / "far" / "file"))
    there.local.write_bytes(random.Random(3).randbytes(6_000_000))
    transfer.put([there])
    Path(there.remote).unlink()
    # The name of the temporary file, learnt from an attempt that was cancelled.
    with pytest.raises(TaskCancelled):
        transfer.put([there], cancelled=lambda: any(path.stat().st_size for path in (tmp_path / "far").iterdir()))
    (part,) = (tmp_path / "far").iterdir()
    part.write_bytes(left * 100)
    transfer.put([there])
    assert Path(there.remote).read_bytes() == there.local.read_bytes()
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["file"]


# -- no space ----------------------------------------------------------------------------
@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "tiny"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(directory)], check=True)
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


@pytest.mark.parametrize("sizes", [[5_000_000], [300_000] * 6], ids=["large", "many"])
def test_a_full_disk_over_there(
    kind: str, server: SshServer, tmp_path: Path, tiny_disk: Path, sizes: list[int]
) -> None:
    transfer = open_transfer(kind, server.cluster())
    pairs = []
    for n, size in enumerate(sizes):
        (tmp_path / f"f{n}").write_bytes(random.Random(n).randbytes(size))
        pairs.append(FilePair(local=tmp_path / f"f{n}", remote=f"{tiny_disk}/f{n}"))
    with pytest.raises(DiskFullError, match="No space") as caught:
        transfer.put(pairs)
    assert caught.value.user_message == "The disk is full."
    assert not caught.value.transient
    if kind == "scp":
        assert not list(tiny_disk.iterdir())  # what nobody can use gives the space back
    assert not [path for path in tiny_disk.iterdir() if not path.name.endswith(".part")]


@pytest.mark.parametrize("content", [b"text\n" * 1000, bytes(range(256)) * 20], ids=["text", "binary"])
def test_a_full_disk_and_a_tiny_file(
    kind: str, server: SshServer, tmp_path: Path, tiny_disk: Path, content: bytes
) -> None:
    transfer = open_transfer(kind, server.cluster())
    with (tiny_disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DiskFullError):
        transfer.put([FilePair(local=tmp_path / "f", remote=f"{tiny_disk}/f")])
    assert not (tiny_disk / "f").exists()


@pytest.mark.parametrize("sizes", [[5_000_000], [300_000] * 6, [60_000] * 1], ids=["large", "many", "tiny"])
def test_a_full_disk_here(kind: str, server: SshServer, tmp_path: Path, tiny_disk: Path, sizes: list[int]) -> None:
    transfer = open_transfer(kind, server.cluster())
    (tiny_disk / "filler").write_bytes(b"x" * 1_000_000)
    pairs = []
    for n, size in enumerate(sizes):
        (tmp_path / f"f{n}").write_bytes(random.Random(n).randbytes(size))
        pairs.append(FilePair(local=tiny_disk / f"f{n}", remote=f"{tmp_path}/f{n}"))
    with pytest.raises(DiskFullError):
        transfer.get(pairs)
    assert [path.name for path in tiny_disk.iterdir()] == ["filler"]


# -- servers that offer less ---------------------------------------------------------------
def test_sftp_without_a_shell(tmp_path: Path) -> None:
    with SshServer(tmp_path / "sshd", ["ForceCommand internal-sftp"]) as server:
        transfer = open_transfer("sftp", server.cluster())
        names = ["plain", "it's", "new\nline"]
        there = []
        for name in names:
            (tmp_path / name).write_bytes(os.fsencode(name) * 30_000)
            there.append(FilePair(local=tmp_path / name, remote=f"{tmp_path}/far/deep/{name}"))
        transfer.put(there)
        assert {key: len(files) for key, files in transfer.list_files(f"{tmp_path}/far", ["*/*", "*"]).items()} == {
            "*/*": 3,
            "*": 0,
        }
        back = [FilePair(local=tmp_path / "back" / pair.local.name, remote=pair.remote) for pair in there]
        receipts = transfer.get(back)
        for sent, receipt in zip(there, receipts, strict=True):
            assert receipt.local.read_bytes() == sent.local.read_bytes()
            assert receipt.sha256 == hashlib.sha256(sent.local.read_bytes()).hexdigest()


LESS_AT_ONCE = """
import struct, subprocess, sys

server = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE)
while head := sys.stdin.buffer.read(4):
    packet = sys.stdin.buffer.read(*struct.unpack(">I", head))
    if packet[0] == 5:  # a request to read ends with how much
        packet = packet[:-4] + struct.pack(">I", min(10_000, *struct.unpack(">I", packet[-4:])))
    server.stdin.write(head + packet)
    server.stdin.flush()
"""


def test_sftp_with_a_server_that_returns_less_than_it_is_asked_for(tmp_path: Path) -> None:
    # A filter before the real server, which itself returns all that it is asked for.
    (tmp_path / "less.py").write_text(LESS_AT_ONCE)
    subsystem = f"Subsystem sftp {sys.executable} {tmp_path}/less.py /usr/lib/openssh/sftp-server"
    with SshServer(tmp_path / "sshd", [subsystem]) as server:
        transfer = open_transfer("sftp", server.cluster())
        (tmp_path / "there").write_bytes(random.Random(5).randbytes(5_000_000))
        transfer.get([FilePair(local=tmp_path / "here", remote=str(tmp_path / "there"))])
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()


def test_scp_needs_neither_sftp_nor_coreutils_sums(tmp_path: Path) -> None:
    # A machine that has openssl only, no stat, a find without -printf, as some systems do, and no SFTP subsystem.
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in MINIMAL_TOOLS:
        found = subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout.strip()
        (tools / tool).symlink_to(found)
    (tools / "find").write_text('#!/bin/sh\ncase "$*" in *-printf*) exit 1;; esac\nexec /usr/bin/find "$@"\n')
    (tools / "find").chmod(0o755)
    with SshServer(tmp_path / "sshd", [f"SetEnv PATH={tools}", "Subsystem sftp /bin/false"]) as server:
        transfer = open_transfer("scp", server.cluster())
        there = []
        for n, size in enumerate((10, 100_000, 5_000_000)):
            (tmp_path / f"{n}").write_bytes(random.Random(n).randbytes(size))
            there.append(FilePair(local=tmp_path / f"{n}", remote=f"{tmp_path}/far/{n}"))
        for batch in (there[:1], there):
            transfer.put(batch)
            back = [FilePair(local=tmp_path / "back" / pair.local.name, remote=pair.remote) for pair in batch]
            transfer.get(back)
            assert all(pair.local.read_bytes() == Path(pair.remote).read_bytes() for pair in back)
        listed = transfer.list_files(f"{tmp_path}/far", ["*", "9"])
        assert [(file.path, file.size_bytes) for file in listed["*"]] == [("0", 10), ("1", 100_000), ("2", 5_000_000)]
        assert listed["9"] == []


def test_a_file_that_changes_on_its_way_is_not_accepted(server: SshServer, tmp_path: Path) -> None:
    # A far side whose tar damages what it unpacks: the checksums must find it, and the name must stay free.
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "tar").write_text(
        '#!/bin/sh\n/bin/tar "$@" || exit\n'
        f"find {shlex.quote(str(tmp_path))}/far -name 3 -exec sh -c 'printf X >\"$1\"' sh {{}} ';'\n"
    )
    (tools / "tar").chmod(0o755)
    with SshServer(tmp_path / "sshd", [f"SetEnv PATH={tools}:/usr/bin:/bin"]) as damaging:
        transfer = open_transfer("scp", damaging.cluster())
        there = []
        for n in range(30):
            (tmp_path / f"{n}").write_bytes(b"%d" % n * 5000)
            there.append(FilePair(local=tmp_path / f"{n}", remote=f"{tmp_path}/far/{n}"))
        with pytest.raises(TransferError, match="/3'") as caught:
            transfer.put(there)
    assert caught.value.transient
    assert not [path for path in (tmp_path / "far").iterdir() if not path.name.endswith(".part")]


def test_sftp_refuses_a_shell_that_is_not_over_ssh() -> None:
    cluster = Cluster(name="here", remote_shell="local", file_transfer="sftp")
    with pytest.raises(InputError, match="remote_shell"):
        SftpTransferFactory().open(cluster, LocalShellFactory().open(cluster, NoCredentials()))
