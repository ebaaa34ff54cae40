"""One connection for all, however the server and the network behave."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airavata_adapters.remote_shells.ssh import SshShell, SshShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import (
    AuthenticationError,
    CommandTimeoutError,
    DeniedError,
    HostKeyError,
    HostUnreachableError,
    NotFoundError,
)
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.credential_store import Credential
from airavata_workload.testing.machines import NoCredentials
from airavata_workload.testing.ssh_server import SshServer, free_port, make_key

pytestmark = pytest.mark.server


class OneCredential(NoCredentials):
    """A store that holds one credential."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def credential(self, token: str) -> Credential:
        if token != self._credential.token:
            raise NotFoundError(f"There is no credential {token}.")
        return self._credential


def open_shell(cluster: Cluster, credential: Credential | None = None) -> SshShell:
    shell = SshShellFactory().open(cluster, OneCredential(credential) if credential else NoCredentials())
    assert isinstance(shell, SshShell)
    return shell


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "sshd") as running:
        yield running


# -- sharing ---------------------------------------------------------------------------
def test_twenty_threads_and_several_shells_share_one_login(server: SshServer) -> None:
    store = NoCredentials()
    shells = [SshShellFactory().open(server.cluster(), store) for _ in range(4)]
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda n: shells[n % 4].run(f"echo {n}").stdout, range(200)))
    assert answers == [b"%d\n" % n for n in range(200)]
    assert server.logins() == 1
    for shell in shells[1:]:
        shell.close()
    shells[0].run("true")
    assert server.logins() == 1  # a closed shell does not take the connection away from the others
    shells[0].close()
    shells[0].run("true")
    assert server.logins() == 2
    shells[0].close()


def test_max_sessions_2_opens_more_connections_and_no_error(tmp_path: Path) -> None:
    with SshServer(tmp_path, ["MaxSessions 2"]) as server:
        shell = open_shell(server.cluster(max_channels=6))
        rendezvous = tmp_path / "rendezvous"
        rendezvous.mkdir()
        # Six commands that end only when all six are under way at once... minus the two places kept for streams.
        script = f": >{rendezvous}/$$; until [ $(ls {rendezvous} | wc -l) -ge 4 ]; do sleep 0.05; done"
        with ThreadPoolExecutor(4) as threads:
            codes = [result.exit_code for result in threads.map(lambda _: shell.run(script, timeout_s=60), range(4))]
        assert codes == [0] * 4
        assert server.logins() >= 2
        shell.close()


def test_max_sessions_1_queues(tmp_path: Path) -> None:
    with SshServer(tmp_path, ["MaxSessions 1"]) as server:
        shell = open_shell(server.cluster(max_channels=1))
        with ThreadPoolExecutor(8) as threads:
            # Input of that size goes by a channel of its own, for which an idle shell must make room.
            results = threads.map(lambda n: shell.run("wc -c", stdin=b"x" * (200_000 * (n % 2))), range(16))
            assert [int(result.text) for result in results] == [0, 200_000] * 8
        assert server.logins() == 1
        shell.close()


def test_idle_connections_are_closed(server: SshServer) -> None:
    shell = open_shell(server.cluster(idle_timeout_s=0.2))
    shell.run("true")
    wait_for(lambda: standing(shell) == 0)
    assert shell.run("echo again").stdout == b"again\n"
    assert server.logins() == 2
    shell.close()


# -- dying -------------------------------------------------------------------------------
def test_a_server_that_restarts_is_found_again_by_one_login(server: SshServer) -> None:
    shell = open_shell(server.cluster(connect_timeout_s=20))
    shell.run("true")
    server.stop()
    wait_for(lambda: standing(shell) == 0)
    restart = threading.Timer(0.5, server.start)
    restart.start()
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda n: shell.run(f"echo {n}").stdout, range(10)))
    restart.join()
    assert answers == [b"%d\n" % n for n in range(10)]
    assert server.logins() == 2
    shell.close()


def test_a_connection_that_dies_in_the_middle_of_a_command_is_reported_and_replaced(
    server: SshServer, tmp_path: Path
) -> None:
    shell = open_shell(server.cluster())
    began = tmp_path / "began"
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(shell.run, f": >{began}; sleep 30")
        wait_for(began.exists)
        server.stop()
        with pytest.raises(HostUnreachableError) as caught:
            running.result(20)
    assert caught.value.transient
    server.start()
    assert shell.run("echo back").stdout == b"back\n"
    shell.close()


def test_a_server_that_stays_away_is_unreachable(server: SshServer) -> None:
    shell = open_shell(server.cluster(connect_timeout_s=1))
    shell.run("true")
    server.stop()
    wait_for(lambda: standing(shell) == 0)
    for _ in range(2):
        with pytest.raises(HostUnreachableError, match="refused"):
            shell.run("true")
    server.start()
    assert shell.run("echo back").stdout == b"back\n"
    shell.close()


def test_nobody_listens() -> None:
    shell = open_shell(Cluster(name="none", host="127.0.0.1", port=free_port(), use_agent=False))
    with pytest.raises(HostUnreachableError, match="refused") as caught:
        shell.check()
    assert caught.value.transient


def test_a_name_that_does_not_resolve() -> None:
    with pytest.raises(HostUnreachableError, match="no-such-host"):
        open_shell(Cluster(name="none", host="no-such-host.invalid", use_agent=False)).check()


@pytest.mark.parametrize("greeting", [b"", b"220 this is not SSH\r\n"])
def test_something_else_answers(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)
                connection.settimeout(5)
                while connection.recv(1000):
                    pass

        threading.Thread(target=answer, daemon=True).start()
        shell = open_shell(Cluster(name="odd", host="127.0.0.1", port=port, use_agent=False, connect_timeout_s=0.5))
        with pytest.raises(HostUnreachableError, match=str(port)):
            shell.check()


def test_time_out_ends_the_command_over_there(server: SshServer) -> None:
    shell = open_shell(server.cluster())
    shell.run("true")
    with pytest.raises(CommandTimeoutError):
        shell.run("sleep 4712", timeout_s=0.3)
    wait_for(lambda: subprocess.run(["pgrep", "-fx", "sleep 4712"], capture_output=True).returncode != 0)
    shell.close()


# -- who is there ----------------------------------------------------------------------
def test_an_unknown_host_key_is_refused_with_the_command_that_accepts_it(server: SshServer, tmp_path: Path) -> None:
    file = tmp_path / "known hosts"
    shell = open_shell(server.cluster(known_hosts_file=str(file)))
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", str(server.host_key)], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    with pytest.raises(HostKeyError) as caught:
        shell.check()
    assert fingerprint in str(caught.value)
    assert server.logins() == 0
    command = str(caught.value.remedy).partition("accept it with: ")[2]
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=60)
    assert shell.run("echo in").stdout == b"in\n"
    shell.close()


def test_a_changed_host_key_is_refused_with_both_fingerprints(server: SshServer) -> None:
    def fingerprint() -> str:
        shown = subprocess.run(["ssh-keygen", "-lf", str(server.host_key)], capture_output=True, text=True, check=True)
        return shown.stdout.split()[1]

    old = fingerprint()
    server.stop()
    make_key(server.host_key)
    server.start()
    shell = open_shell(server.cluster())
    with pytest.raises(HostKeyError, match="changed") as caught:
        shell.check()
    assert old in str(caught.value)
    assert fingerprint() in str(caught.value)
    command = str(caught.value.remedy).partition("accept it with: ")[2]
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=60)
    assert shell.run("echo in").stdout == b"in\n"
    shell.close()


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_the_key_type_that_is_known_is_asked_for(tmp_path: Path, kind: str) -> None:
    other = make_key(tmp_path / "other_host_key", kind=kind)
    server = SshServer(tmp_path / "sshd", [f"HostKey {other}"])
    public = other.with_name(other.name + ".pub").read_text()
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public}")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(server.known_hosts)], check=True, capture_output=True)
    with server:
        shell = open_shell(server.cluster())
        assert shell.run("echo in").stdout == b"in\n"
        shell.close()


# -- who we are ---------------------------------------------------------------------------
def test_a_refused_login_says_what_was_tried(server: SshServer, tmp_path: Path) -> None:
    stranger = make_key(tmp_path / "stranger")
    shell = open_shell(server.cluster(identity_file=str(stranger)))
    with pytest.raises(AuthenticationError) as caught:
        shell.check()
    assert f"{server.user}@127.0.0.1:{server.port}" in str(caught.value)
    assert str(stranger) in str(caught.value)
    assert stranger.read_text().split("\n")[1] not in str(caught.value)


def test_an_unreadable_key_file_is_named(server: SshServer, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError, match="missing_key"):
        open_shell(server.cluster(identity_file=str(tmp_path / "missing_key"))).check()
    (tmp_path / "garbage").write_text("this is no key")
    with pytest.raises(AuthenticationError, match="garbage"):
        open_shell(server.cluster(identity_file=str(tmp_path / "garbage"))).check()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_an_encrypted_key_needs_its_passphrase(server: SshServer, tmp_path: Path, kind: str) -> None:
    key = make_key(tmp_path / "encrypted", kind=kind, passphrase="open sesame")
    server.authorize(key)
    cluster = server.cluster(identity_file=str(key), credential="t")
    with pytest.raises(AuthenticationError, match="encrypted"):
        open_shell(server.cluster(identity_file=str(key))).check()
    with pytest.raises(AuthenticationError, match="passphrase is wrong") as caught:
        open_shell(cluster, Credential(token="t", passphrase=Secret("shut sesame"))).check()
    assert "sesame" not in str(caught.value)
    shell = open_shell(cluster, Credential(token="t", passphrase=Secret("open sesame")))
    assert shell.run("echo in").stdout == b"in\n"
    shell.close()


def test_a_key_from_the_credential_store(server: SshServer, tmp_path: Path) -> None:
    key = make_key(tmp_path / "stored", passphrase="p")
    server.authorize(key)
    credential = Credential(token="t", private_key=Secret(key.read_text()), passphrase=Secret("p"))
    shell = open_shell(server.cluster(identity_file=None, credential="t"), credential)
    assert shell.run("echo in").stdout == b"in\n"
    shell.close()


def test_a_token_that_is_not_in_the_store(server: SshServer) -> None:
    with pytest.raises(NotFoundError):
        open_shell(server.cluster(credential="lost")).check()


def test_a_wrong_password_is_not_shown(tmp_path: Path) -> None:
    with SshServer(tmp_path, ["PasswordAuthentication yes"]) as server:
        credential = Credential(token="t", password=Secret("hunter2"))
        with pytest.raises(AuthenticationError, match="password of credential 't'") as caught:
            open_shell(server.cluster(identity_file=None, credential="t"), credential).check()
    assert "hunter2" not in str(caught.value)


def test_a_key_in_the_agent(server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_key(tmp_path / "held", passphrase="p")
    server.authorize(key)
    address = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(address)], stdout=subprocess.DEVNULL)
    try:
        wait_for(address.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
        answer = tmp_path / "askpass"
        answer.write_text("#!/bin/sh\necho p\n")
        answer.chmod(0o700)
        environment = {**os.environ, "SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force"}
        subprocess.run(["ssh-add", str(key)], env=environment, check=True, capture_output=True, timeout=30)
        for identity_file in (None, str(key)):
            shell = open_shell(server.cluster(identity_file=identity_file, use_agent=True))
            assert shell.run("echo in").stdout == b"in\n"
            shell.close()
    finally:
        agent.terminate()
        agent.wait()


def test_default_key_files(server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    server.authorize(make_key(home / ".ssh" / "id_ed25519"))
    (home / ".ssh" / "known_hosts").write_text(server.known_hosts.read_text())
    shell = open_shell(server.cluster(identity_file=None, known_hosts_file=None, use_agent=True))
    assert shell.run("echo in").stdout == b"in\n"
    shell.close()


# -- login files ---------------------------------------------------------------------------
def test_a_slow_and_noisy_login_is_paid_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".bashrc").write_text(
        f"echo x >>{home}/logins; sleep 0.3; seq 20000; seq 20000 >&2; printf '\\0%s' \"'\"\n"
    )
    with SshServer(tmp_path / "sshd", [f"SetEnv HOME={home}"]) as server:
        shell = open_shell(server.cluster())
        began = time.monotonic()
        for n in range(30):
            result = shell.run(f"echo {n}; echo {n} >&2")
            assert (result.stdout, result.stderr) == (b"%d\n" % n, b"%d\n" % n)
        assert (home / "logins").read_text().count("x") == 1
        assert time.monotonic() - began < 30 * 0.3
        assert shell.run("wc -c", stdin=b"y" * 300_000).stdout == b"300000\n"
        shell.close()


def test_an_account_without_a_shell(tmp_path: Path) -> None:
    options = ['ForceCommand echo "This account is for other things." >&2; exit 1']
    with SshServer(tmp_path, options) as server, pytest.raises(DeniedError, match="for other things"):
        open_shell(server.cluster()).check()


def standing(shell: SshShell) -> int:
    """How many connections stand; whether an idle one was closed cannot be seen by using the shell."""
    return shell._account.connections.connections


def wait_for(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    give_up_at_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at_s, "it did not happen in time"
        time.sleep(0.02)
