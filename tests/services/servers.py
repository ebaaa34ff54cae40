"""The real servers of the tests: sets of them that tests/services/services.sh starts, stops and kills."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.keepers import keeping

SCRIPT = Path(__file__).with_name("services.sh")
_PRIVATE_PORT_BASES = range(11_000, 21_000, 1_000)
"""Below the ports that the system gives to clients, away from the base of services.sh and of .ci/run."""


@dataclass(frozen=True)
class Servers:
    """One set of servers: a folder, a port base; by default those that the environment names."""

    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where everything of this set is."""
        return Path({**os.environ, **self.environment}.get("SERVICES_DIR", "/tmp/services"))

    def start(self, *names: str) -> None:
        """Start services, or nodes as in ``start("zookeeper3", "2")``, and wait until they answer."""
        self._run("start", *names)

    def stop(self, *names: str) -> None:
        """End services, or nodes, in an orderly way; their data stays."""
        self._run("stop", *names)

    def kill(self, name: str, node: int | None = None) -> None:
        """SIGKILL for every process of a service, or of one of its nodes; the data stays."""
        self._run("kill", name, *([] if node is None else [str(node)]))

    def wipe(self, *names: str) -> None:
        """Stop services and delete their data."""
        self._run("wipe", *names)

    def env(self, *names: str) -> dict[str, str]:
        """What clients of these services need to know."""
        lines = self._run("env", *names).splitlines()
        pairs = (line.removeprefix("export ").split("=", 1) for line in lines)
        return {key: value.strip('"') for key, value in pairs}

    def running(self) -> list[str]:
        """The services of which every process runs; one that others need comes before them."""
        rows = (line.split() for line in self._run("status").splitlines())
        return [row[0] for row in rows if row[1] == "running"]

    @contextmanager
    def kept_running(self, *names: str) -> Iterator[dict[str, str]]:
        """The environment of running services. What was started for it is stopped at the end, unless KEEP_SERVICES.

        Several processes may keep services of one set: the last of them stops what any of them has started.
        """
        with keeping(self.folder) as kept:
            with kept.turn():
                before = self.running()
                if not set(names).issubset(before):
                    self.start(*names)
                    # A service starts others that it needs.
                    kept.note_started(name for name in self.running() if name not in before)
            try:
                yield self.env(*names)
            finally:
                with kept.turn():
                    started = kept.left_by_the_last()
                    if started and not os.environ.get("KEEP_SERVICES"):
                        self.stop(*(name for name in self.running() if name in started))

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(SCRIPT), *arguments],
            capture_output=True,
            text=True,
            timeout=600,
            env={**os.environ, **self.environment},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def private_servers() -> Iterator[Servers]:
    """A set that nobody else uses, with nothing started, wiped at the end: for tests that stop and kill servers."""
    for base in _PRIVATE_PORT_BASES:
        # Short: the path of a socket has room for 107 characters.
        folder = Path(f"/tmp/workload-{base // 1000}")
        with _lease(folder) as ours:
            if not ours:
                continue
            servers = Servers(
                {"SERVICES_DIR": str(folder), "SERVICES_PORT_BASE": str(base), "SERVICES_USER": folder.name}
            )
            servers.wipe("all")  # what a killed run left behind
            try:
                yield servers
            finally:
                for name in set(servers.running()) - {"slurm"}:  # Slurm ends its jobs first
                    servers.kill(name)  # quicker than an orderly end, and nobody needs the data
                servers.wipe("all")
                shutil.rmtree(folder, ignore_errors=True)
            return
    raise AssertionError("Every port base for private servers is in use; end other test runs first.")


@contextmanager
def _lease(folder: Path) -> Iterator[bool]:
    """Whether nobody else has this folder and its ports; until the end of the block."""
    lock = folder.with_name(f"{folder.name}.lock")
    descriptor = -1
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours = True
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES, errno.EPERM}:
            raise
        ours = False
    try:
        yield ours
    finally:
        if descriptor >= 0:
            os.close(descriptor)
