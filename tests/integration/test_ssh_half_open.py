"""A connection from which nothing comes any more and of which no error tells, over a real OpenSSH server."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from chaos.proxy import Proxy

from airavata_adapters.file_transfers.scp import ScpTransferFactory
from airavata_adapters.file_transfers.sftp import SftpTransferFactory
from airavata_adapters.remote_shells.ssh import SshShell, SshShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import CommandTimeoutError, HostUnreachableError, TaskCancelled
from airavata_workload.ports.file_transfer import FilePair
from airavata_workload.ports.remote_shell import CommandResult
from airavata_workload.testing.machines import NoCredentials
from airavata_workload.testing.ssh_server import HOST, SshServer

pytestmark = pytest.mark.server

KEEP_ALIVE_S = 0.3
ANSWER_WITHIN_S = 1.0
SEEN_WITHIN_S = KEEP_ALIVE_S + ANSWER_WITHIN_S
MARGIN_S = 3.0
"""For a machine that is busy with other tests; far below every time-out that would end the wait otherwise."""
NEVER_S = 0.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with SshServer(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def proxy(server: SshServer) -> Iterator[Proxy]:
    made = Proxy((HOST, server.port))
    yield made
    made.close()


@pytest.fixture
def open_shell(server: SshServer, proxy: Proxy) -> Iterator[Callable[..., SshShell]]:
    """Opens shells through the proxy; ``values`` are fields of the cluster."""
    known = server.directory / f"known_hosts_{proxy.port}"
    known.write_text(server.known_hosts.read_text().replace(f":{server.port} ", f":{proxy.port} "))
    opened: list[SshShell] = []

    def open_one(**values: Any) -> SshShell:
        fields = {"keep_alive_s": KEEP_ALIVE_S, "connect_timeout_s": ANSWER_WITHIN_S, **values}
        cluster = server.cluster(port=proxy.port, known_hosts_file=str(known), **fields)
        shell = SshShellFactory().open(cluster, NoCredentials())
        assert isinstance(shell, SshShell)
        opened.append(shell)
        return shell

    yield open_one
    for shell in opened:
        shell.close()


def test_a_connection_is_closed_that_was_longer_in_coming_than_it_may_idle(
    proxy: Proxy, open_shell: Callable[..., SshShell]
) -> None:
    shell = open_shell(idle_timeout_s=0.2)
    proxy.delay(0.1)
    shell.run("true")
    wait_for(lambda: shell._account.connections.connections == 0)


# -- while something waits ---------------------------------------------------------------
def test_every_command_that_waits_fails_at_once_and_the_next_connects_anew(
    server: SshServer, proxy: Proxy, open_shell: Callable[..., SshShell], tmp_path: Path
) -> None:
    shell = open_shell()
    before = server.logins()
    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(shell.run, f": >{tmp_path}/{n}; sleep 30") for n in range(3)]
        wait_for(lambda: len(list(tmp_path.iterdir())) == 3)
        proxy.swallow()
        began = time.monotonic()
        for waiting in running:
            assert "silent" in str(failure(waiting, HostUnreachableError))
        assert time.monotonic() - began < SEEN_WITHIN_S + MARGIN_S
    proxy.heal()
    began = time.monotonic()
    assert shell.run("echo back").stdout == b"back\n"
    assert time.monotonic() - began < MARGIN_S
    assert server.logins() == before + 2


def test_a_long_silent_command_on_a_healthy_connection_is_not_cut(
    server: SshServer, proxy: Proxy, open_shell: Callable[..., SshShell]
) -> None:
    shell = open_shell()
    shell.run("true")
    logins, carried = server.logins(), proxy.carried_bytes
    assert shell.run(f"sleep {2 * SEEN_WITHIN_S}; echo done").stdout == b"done\n"
    assert shell.run("echo same").stdout == b"same\n"
    assert server.logins() == logins
    assert proxy.carried_bytes > carried + 500  # it was asked meanwhile


def test_a_slow_connection_is_not_cut(server: SshServer, proxy: Proxy, open_shell: Callable[..., SshShell]) -> None:
    shell = open_shell()
    shell.run("true")
    logins = server.logins()
    proxy.delay(ANSWER_WITHIN_S / 4)  # each way, so an answer needs half of its time
    assert shell.run(f"sleep {SEEN_WITHIN_S}; echo done").stdout == b"done\n"
    assert server.logins() == logins


# -- while nothing waits -----------------------------------------------------------------
def test_an_idle_connection_is_found_dead_and_dropped(
    server: SshServer, proxy: Proxy, open_shell: Callable[..., SshShell]
) -> None:
    shell = open_shell()
    shell.run("true")
    before = server.logins()
    proxy.swallow()
    began = time.monotonic()
    wait_for(lambda: shell._account.connections.connections == 0)
    assert time.monotonic() - began < SEEN_WITHIN_S + MARGIN_S
    with pytest.raises(HostUnreachableError):
        shell.run("true")
    proxy.heal()
    assert shell.run("echo back").stdout == b"back\n"
    assert server.logins() == before + 1


def test_a_command_on_an_idle_connection_that_died_fails_within_the_limit(
    server: SshServer, proxy: Proxy, open_shell: Callable[..., SshShell]
) -> None:
    shell = open_shell()
    shell.run("true")
    before = server.logins()
    proxy.swallow()
    began = time.monotonic()
    with pytest.raises(HostUnreachableError):
        shell.run("true")
    assert time.monotonic() - began < SEEN_WITHIN_S + MARGIN_S
    proxy.heal()
    assert shell.run("echo back").stdout == b"back\n"
    assert server.logins() == before + 1


def test_threads_of_a_closed_connection_end(proxy: Proxy, open_shell: Callable[..., SshShell]) -> None:
    shell = open_shell(keep_alive_s=60.0)
    shell.run("true")
    where = f"{HOST}:{proxy.port}"
    assert [thread for thread in threading.enumerate() if where in thread.name]
    shell.close()
    wait_for(lambda: not [thread for thread in threading.enumerate() if where in thread.name])


# -- at a command's own time-out, without a keep-alive --------------------------------------
@pytest.mark.parametrize("stdin", [b"", b"x" * 200_000], ids=["framed", "own channel"])
def test_a_time_out_on_a_dead_connection_means_unreachable(
    proxy: Proxy, open_shell: Callable[..., SshShell], stdin: bytes
) -> None:
    shell = open_shell(keep_alive_s=NEVER_S)
    shell.run("true")
    proxy.swallow()
    began = time.monotonic()
    with pytest.raises(HostUnreachableError):
        shell.run("cat", stdin=stdin, timeout_s=0.3)
    assert time.monotonic() - began < 0.3 + ANSWER_WITHIN_S + MARGIN_S
    proxy.heal()
    assert shell.run("echo back").stdout == b"back\n"


def test_a_time_out_on_a_connection_that_lives_stays_one(
    server: SshServer, open_shell: Callable[..., SshShell]
) -> None:
    shell = open_shell(keep_alive_s=NEVER_S)
    shell.run("true")
    logins = server.logins()
    with pytest.raises(CommandTimeoutError):
        shell.run("sleep 20", timeout_s=0.3)
    assert shell.run("echo same").stdout == b"same\n"
    assert server.logins() == logins


def test_waiting_in_vain_for_a_place_on_a_dead_connection_means_unreachable(
    proxy: Proxy, open_shell: Callable[..., SshShell], tmp_path: Path
) -> None:
    shell = open_shell(keep_alive_s=NEVER_S, max_channels=1)
    began = tmp_path / "began"
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(shell.run, f": >{began}; sleep 30")
        wait_for(began.exists)
        with pytest.raises(CommandTimeoutError):
            shell.run("true", timeout_s=0.3)  # the machine answers: it is only busy
        proxy.swallow()
        with pytest.raises(HostUnreachableError):
            shell.run("true", timeout_s=0.3)
        failure(first, HostUnreachableError)
    proxy.heal()
    assert shell.run("echo back").stdout == b"back\n"


def test_cancelling_on_a_dead_connection_does_not_wait_for_it(
    proxy: Proxy, open_shell: Callable[..., SshShell], tmp_path: Path
) -> None:
    shell = open_shell(keep_alive_s=NEVER_S)
    began, cancelled = tmp_path / "began", threading.Event()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(shell.run, f": >{began}; sleep 30", cancelled=cancelled.is_set)
        wait_for(began.exists)
        proxy.swallow()
        cancelled.set()
        asked_at_s = time.monotonic()
        failure(running, TaskCancelled)
    assert time.monotonic() - asked_at_s < ANSWER_WITHIN_S + MARGIN_S


# -- transfers -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("factory", "keep_alive_s", "ways"),
    [
        (ScpTransferFactory(), KEEP_ALIVE_S, ("put", "get")),
        (SftpTransferFactory(), KEEP_ALIVE_S, ("get",)),
        (SftpTransferFactory(), NEVER_S, ("put",)),
    ],
    ids=["scp", "sftp", "sftp without keep-alive"],
)
def test_a_transfer_in_the_middle_fails_and_goes_on_later(
    proxy: Proxy,
    open_shell: Callable[..., SshShell],
    tmp_path: Path,
    factory: ScpTransferFactory | SftpTransferFactory,
    keep_alive_s: float,
    ways: tuple[str, ...],
) -> None:
    # Where there is a keep-alive, the time-out for standing still must not be what ends the wait.
    shell = open_shell(keep_alive_s=keep_alive_s, command_timeout_s=30.0 if keep_alive_s else 1.0)
    transfer = factory.open(Cluster(name="half-open"), shell)
    there = FilePair(local=tmp_path / "source", remote=str(tmp_path / "far" / "file"))
    there.local.write_bytes(random.Random(4).randbytes(12_000_000))
    back = FilePair(local=tmp_path / "back", remote=there.remote)

    def swallow_in_the_middle(done: int, total: int) -> None:
        if total / 4 < done < total:
            proxy.swallow()

    for way in ("put", "get"):
        move, pair = (transfer.put, there) if way == "put" else (transfer.get, back)
        if way not in ways:
            move([pair])
            continue
        began = time.monotonic()
        with pytest.raises(HostUnreachableError):
            move([pair], progress=swallow_in_the_middle)
        # Without a keep-alive: the time-out of the write, that of closing the file, and the question.
        assert time.monotonic() - began < SEEN_WITHIN_S + 2.0 + MARGIN_S
        proxy.heal()
        move([pair])
    assert back.local.read_bytes() == there.local.read_bytes()


def failure(waiting: Future[CommandResult], kind: type[Exception]) -> Exception:
    """The error of that kind in which the command ended."""
    with pytest.raises(kind) as caught:
        waiting.result(20)
    return caught.value


def wait_for(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    give_up_at_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at_s, "it did not happen in time"
        time.sleep(0.01)
