"""A server for portals, as operators start it, and the programs of tests/clients that are portals."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from thrift_site import certificates

PROGRAM = Path(sys.executable).with_name("airavata-workload")
CLIENTS = Path(__file__).with_name("clients")
PATIENCE_S = 60
_RUNS = re.compile(r"the \w+ runs")
WORDS = "pear\napple\nquince\n"
PEOPLE = {"root": ("admin", "user"), "ada": ("user",), "bob": ("user",)}
_THRIFT = ("api", "api_tls", "orchestrator", "credential_store", "profile", "registry", "sharing")
_LISTENERS = (*(f"thrift.listeners.{name}" for name in _THRIFT), "storage", "http")


@dataclass
class PortalServer:
    """``airavata-workload serve`` with free ports and a certificate, beside the servers of tests/services.

    With ``distributed``, the text of settings of such an installation, five services in place of it.
    """

    home: Path
    servers: Mapping[str, str]
    insecure: bool = False
    distributed: str = ""
    listeners: dict[str, str] = field(default_factory=dict)
    log: Callable[[], str] = str

    def __post_init__(self) -> None:
        services = Path(os.environ.get("SERVICES_DIR", "/tmp/services"))
        self.scratch = {name: services / "sshd" / name / "scratch" for name in ("alpha", "delta")}
        self._keys = threading.Lock()
        self.authorized_keys = Path(self.servers["SSH_KEY"]).with_name("authorized_keys")
        self.environment = {
            **os.environ,
            "HOME": str(self.home),
            "AIRAVATA_WORKLOAD_HOME": str(self.home / "workload"),
            "PYTHONIOENCODING": "utf-8",
        }

    def prepare(self) -> None:
        """Settings and a certificate; whom the engine's user knows are the machines of the tests."""
        known = self.home / ".ssh" / "known_hosts"
        known.parent.mkdir(parents=True)
        shutil.copy(self.servers["SSH_KNOWN_HOSTS"], known)
        files = certificates(self.home)
        assert files.peer_ca is not None
        self.authority = files.peer_ca
        settings = ['log_format = "json"']
        settings += [f'thrift.tls.{each} = "{getattr(files, each)}"' for each in ("certificate", "private_key")]
        settings += [f"{name}.port = 0" for name in _LISTENERS]
        workload = self.home / "workload"
        workload.mkdir()
        (workload / "config.toml").write_text("\n".join([*settings, self.distributed]) + "\n", "utf-8")

    def command(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        done = subprocess.run(
            [PROGRAM, *arguments, "--output", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def token(self, user: str, gateway: str, roles: Sequence[str] = ("user",)) -> str:
        """An access token, made as an operator makes it; anything where nobody looks at it."""
        if self.insecure:
            return "anything"
        options = [f"--role={role}" for role in roles]
        return str(self.command("token", "create", "--user", user, "--gateway", gateway, *options)["token"])

    @contextmanager
    def let_in(self, public_key: str) -> Iterator[None]:
        """A key that opens the clusters' account, as long as the block lasts."""
        line = public_key.strip()
        with self._keys:
            before = self.authorized_keys.read_text("utf-8").splitlines()
            self.authorized_keys.write_text("\n".join([*before, line, ""]), "utf-8")
        try:
            yield
        finally:
            with self._keys:
                after = self.authorized_keys.read_text("utf-8").splitlines()
                left = [each for each in after if each != line]
                self.authorized_keys.write_text("\n".join([*left, ""]), "utf-8")

    @contextmanager
    def portal(self, gateway: str, **more: Any) -> Iterator[dict[str, Any]]:
        """What a new portal is told: its server, clusters, people's tokens, and a directory with a file of words."""
        root = self.scratch["delta"] / gateway
        root.mkdir()
        (root / "words.txt").write_text(WORDS, "utf-8")
        shutil.chown(root, self.servers["SSH_USER"])
        told = {
            "gateway": gateway,
            "listeners": self.listeners,
            "secure": [],
            "tokens": {user: self.token(user, gateway, roles) for user, roles in PEOPLE.items()},
            "ssh": {
                "port": int(self.servers["SSH_PORT"]),
                "user": self.servers["SSH_USER"],
                **{name: self.servers[f"SSH_HOST_{name.upper()}"] for name in self.scratch},
            },
            "scratch": {name: str(path) for name, path in self.scratch.items()},
            "storage_root": str(root),
            "second": {"gateway": f"{gateway}-2", "token": self.token("root", f"{gateway}-2", PEOPLE["root"])},
            **more,
        }
        try:
            yield told
        finally:
            shutil.rmtree(root)


@contextmanager
def portal_server(
    home: Path, servers: Mapping[str, str], *, insecure: bool = False, distributed: str = ""
) -> Iterator[PortalServer]:
    """A server that runs, and has ended in an orderly way afterwards."""
    made = PortalServer(home, servers, insecure, distributed)
    made.prepare()
    first = ["service", "api"] if distributed else ["serve"]
    with ExitStack() as stack:
        running, started = stack.enter_context(_running([*first, *(["--insecure"] if insecure else [])], made))
        made.listeners, made.log = started["listeners"], running.errors
        for stage in ("orchestrator", "scheduler", "worker", "monitor") if distributed else ():
            stack.enter_context(_running(["service", stage], made))
        yield made


@contextmanager
def _running(arguments: Sequence[str], site: PortalServer) -> Iterator[tuple[Running, dict[str, Any]]]:
    """A process, and what it said when it was ready."""
    running = Running([PROGRAM, *arguments], site.environment)
    try:
        started = next((each for each in running.said("stderr") if _RUNS.fullmatch(each["event"])), None)
        assert started is not None, running.errors()
        yield running, started
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE_S) == 0, running.errors()
    finally:
        running.close()


class Running:
    """A process that writes lines of JSON; they are read as they come, so that it never waits for us."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            list(map(str, command)), env=dict(environment), stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        self._lines: dict[str, queue.Queue[str]] = {"stdout": queue.Queue(), "stderr": queue.Queue()}
        self._tail: deque[str] = deque(maxlen=60)
        for name in self._lines:
            threading.Thread(target=self._read, args=[name], daemon=True).start()

    def _read(self, name: str) -> None:
        for line in getattr(self.process, name):
            self._lines[name].put(line)
            if name == "stderr":
                self._tail.append(line)
        self._lines[name].put("")

    def said(self, stream: str = "stdout") -> Iterator[dict[str, Any]]:
        """What it says, line by line, to its end; lines of other text are left out."""
        while line := self._next(stream):
            if line.startswith("{"):
                yield json.loads(line)

    def _next(self, stream: str) -> str:
        try:
            return self._lines[stream].get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError(f"It has said nothing for {PATIENCE_S} s.\n{self.errors()}") from None

    def tell(self, text: str) -> None:
        """Write a line for it, or several."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def errors(self) -> str:
        """The end of what it wrote to standard error."""
        return "".join(self._tail)

    def close(self) -> None:
        """Kill it if it still runs."""
        self.process.kill()
        self.process.wait(PATIENCE_S)


def trusting(interpreter: str, authority: Path, folder: Path) -> dict[str, str]:
    """The environment of a Python that finds our authority among those of ``certifi``, as after

        cat ca.crt >> "$(python -m certifi)"

    in its virtual environment; but here in a copy of that package, because the environment serves all tests.
    """
    (package,) = Path(interpreter).parents[1].glob("lib/python3*/site-packages/certifi")
    copy = shutil.copytree(package, folder / "certifi", ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "cacert.pem").open("ab") as bundle:
        bundle.write(authority.read_bytes())
    return {"PYTHONPATH": str(folder)}


def portal_events(
    server: PortalServer,
    command: Sequence[str | Path],
    told: Mapping[str, Any] | str,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Run a portal to its end, let its key into the clusters when it tells it; what it said, by event.

    An event that comes several times is a list. ``told`` is written as a line of JSON, or as the text that it is.
    """
    events: dict[str, Any] = {}
    with ExitStack() as stack:
        clean = {"PYTHONDONTWRITEBYTECODE": "1"}  # our folder is no place for what other interpreters compile
        running = Running(command, {"PATH": os.environ["PATH"], "HOME": str(server.home), **clean, **environment})
        stack.callback(running.close)
        running.tell(told if isinstance(told, str) else json.dumps(told))
        for said in running.said():
            name = said.pop("event")
            events[name] = [*events[name], said] if name in events else [said]
            if name == "credential":
                stack.enter_context(server.let_in(said["public_key"]))
                running.tell('"go"')
        code = running.process.wait(PATIENCE_S)
        assert code == 0, f"{running.errors()}\n{list(events)}\n{server.log()}"
    return {name: said if len(said) > 1 else said[0] for name, said in events.items()}
