"""An OpenSSH server of a test's own, on this machine, for the account that runs the test."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from airavata_workload.domain.cluster import Cluster

HOST = "127.0.0.1"
_START_WITHIN_S = 20.0


class SshServer:
    """``sshd`` with keys, configuration and log in a directory of the test. Start it, stop it, kill it, start it again.

    ``options`` are lines of sshd_config(5). As a context it is stopped at the end.
    """

    def __init__(self, directory: Path, options: Sequence[str] = (), *, port: int | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.options = list(options)
        self.port = port or free_port()
        self.user = getpass.getuser()
        self.log = directory / "log"
        self.key = make_key(directory / "client_key")
        self.host_key = make_key(directory / "host_key")
        self.known_hosts = directory / "known_hosts"
        self.trust()
        self._authorized = directory / "authorized_keys"
        self._authorized.write_text(_public(self.key))
        self._process: subprocess.Popen[bytes] | None = None

    def trust(self) -> None:
        """Write the present host key, and nothing else, into ``known_hosts``."""
        self.known_hosts.write_text(f"[{HOST}]:{self.port} {_public(self.host_key)}")

    def authorize(self, key: Path) -> None:
        """Let this key log in, too."""
        with self._authorized.open("a") as file:
            file.write(_public(key))

    def start(self) -> SshServer:
        """Start and wait until the port answers."""
        if os.geteuid() == 0:
            # Source: sshd(8), the directory for privilege separation; it must exist.
            Path("/run/sshd").mkdir(mode=0o755, parents=True, exist_ok=True)
        config = self.directory / "sshd_config"
        lines = [
            f"ListenAddress {HOST}:{self.port}",
            f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {self._authorized}",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "LogLevel VERBOSE",
            *self.options,
        ]
        if not any(line.startswith("Subsystem ") for line in self.options):
            lines.append("Subsystem sftp internal-sftp")
        config.write_text("\n".join(lines) + "\n")
        command = [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(config)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)  # noqa: S603 - fixed words
        self._wait_until_it_answers()
        return self

    def stop(self) -> None:
        """End the server and cut every connection. Not running is not an error."""
        if self._process is not None:
            serving = _server_processes_below(self._process.pid)
            self._process.kill()
            self._process.wait()
            self._process = None
            for process_id in serving:
                with suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGKILL)

    def logins(self) -> int:
        """How many logins the server has accepted since it was made."""
        return len(re.findall(r"Accepted \w+ for ", self.log.read_text(errors="replace")))

    def cluster(self, **values: Any) -> Cluster:
        """The server as a resource; ``values`` replace what a test wants otherwise."""
        fields: Mapping[str, Any] = {
            "name": "own-server",
            "host": HOST,
            "port": self.port,
            "user": self.user,
            "identity_file": str(self.key),
            "known_hosts_file": str(self.known_hosts),
            "use_agent": False,
        }
        return Cluster(**{**fields, **values})

    def _wait_until_it_answers(self) -> None:
        process = self._process
        give_up_at_s = time.monotonic() + _START_WITHIN_S
        while time.monotonic() < give_up_at_s and process is not None and process.poll() is None:
            with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as connection:
                if connection.recv(4) == b"SSH-":
                    return
            time.sleep(0.02)
        raise RuntimeError(f"sshd does not answer on port {self.port}: {self.log.read_text(errors='replace')[-2000:]}")

    def __enter__(self) -> SshServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def make_key(path: Path, *, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A key pair at ``path`` and ``path.pub``; one that is there is replaced."""
    for old in (path, _public_path(path)):
        old.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)  # noqa: S603 - fixed words
    return path


def free_port() -> int:
    """A port on which nobody listens at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _server_processes_below(process_id: int) -> list[int]:
    """The server's processes for its connections, each a session of its own; not what they started for the user."""
    command = [shutil.which("ps") or "/bin/ps", "-A", "-o", "pid=,ppid=,comm="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - fixed words
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    found, waiting = [], [process_id]
    while waiting:
        parent = waiting.pop()
        below = [int(pid) for pid, ppid, name in rows if int(ppid) == parent and name.startswith("sshd")]
        found += below
        waiting += below
    return found


def _public_path(key: Path) -> Path:
    return key.with_name(key.name + ".pub")


def _public(key: Path) -> str:
    return _public_path(key).read_text()
