"""What a run happens on: a home with settings, servers behind proxies, a fleet of services, a small scratch disk."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos import job_processes
from chaos.disk import SmallDisk
from chaos.fleet import Fleet, Program
from chaos.proxy import LOOPBACK, Proxy
from chaos.servers import CLUSTER_NAMES, Backing, through
from chaos.trials import DAGS, HERE

from airavata_workload.bootstrap import Installation
from airavata_workload.settings import load_settings
from airavata_workload.testing.ssh_server import free_port
from airavata_workload.thrift_settings import DEFAULT_PORTS

TESTS = Path(__file__).parents[1]
STAGES = ("orchestrator", "scheduler", "worker", "monitor", "api")
SCRATCH_KIB = 1_024


@dataclass(frozen=True)
class Pace:
    """How long faults last and how quickly what died comes back, in seconds.

    ``session_timeout_s`` is ZooKeeper's; ``pause_s`` for how long a process is stopped, longer than that.
    """

    pause_s: float
    session_timeout_s: int
    hold_s: tuple[float, float]
    rest_s: tuple[float, float]
    restart_after_s: float
    delay_s: float = 5.0


LONG = Pace(pause_s=30.0, session_timeout_s=10, hold_s=(3.0, 25.0), rest_s=(0.5, 12.0), restart_after_s=3.0)
SHORT = Pace(pause_s=8.0, session_timeout_s=4, hold_s=(1.0, 6.0), rest_s=(0.2, 3.0), restart_after_s=1.0)

StepOf = Callable[[str], str]
"""The step at which a service of that name is to die at its next start; '' for none."""


class Site:
    """Everything that a run needs, in ``directory``. ``embedded``: one ``serve`` in place of the services."""

    def __init__(self, directory: Path, servers: Backing | None, pace: Pace, *, embedded: bool) -> None:
        self.directory = directory
        self.home = directory / "home"
        self.servers = servers
        self.pace = pace
        self.embedded = embedded
        self.step_of: StepOf = lambda name: ""
        self.watch_steps = False
        self.job_logs = (servers.scratch_root if servers else directory) / "job-logs"
        self.proxies: dict[str, list[Proxy]] = {}
        self.api_ports = {name: free_port() for name in (("serve-1",) if embedded else ("api-1", "api-2"))}
        (self.home / "clusters").mkdir(parents=True)
        (self.home / "dags").mkdir()
        for name, description in DAGS.items():
            (self.home / "dags" / f"{name}.yaml").write_text(description)
        self.job_logs.mkdir(mode=0o777, exist_ok=True)
        self.job_logs.chmod(0o777)
        (directory / "steps").mkdir()
        (directory / "clocks").mkdir()
        self._configure()
        self.disk = SmallDisk(self.home / "scratch-of-workers", SCRATCH_KIB) if os.geteuid() == 0 else None
        self.fleet = Fleet(self._programs(), directory / "logs", pace.restart_after_s)

    # -- what an operator sets up ----------------------------------------------------
    def _configure(self) -> None:
        general: dict[str, Any] = {
            "host_failure_first_delay_s": 0.5,
            "host_failure_max_delay_s": 5.0,
            "drain_time_s": 20.0,
            "worker_slots": 8,
            "local_resources": True,
            "thrift": {"listeners": {name: {"port": 0} for name in DEFAULT_PORTS}},
            "storage": {"port": 0},
            "http": {"port": 0},
        }
        if self.servers is not None:
            for server in ("sshd",) if self.embedded else ("rabbitmq", "neo4j", "mariadb", "zookeeper3", "sshd"):
                self.proxies[server] = self.servers.proxies(server)
            self._write_clusters(self.servers)
        self._write_cluster(HERE, remote_shell="local", file_transfer="local", batch_system="fork")
        backing = {} if self.embedded else self._backing(through_proxies=True)
        (self.home / "config.toml").write_text(_toml({**general, **backing}))

    def _backing(self, *, through_proxies: bool) -> dict[str, Any]:
        """Settings of the backing systems, by the proxies' addresses or by the servers' own."""
        assert self.servers is not None
        env = self.servers.env
        front = {name: proxies[0] for name, proxies in self.proxies.items()}
        if through_proxies:
            amqp, bolt = through(env["AMQP_URL"], front["rabbitmq"]), through(env["NEO4J_URI"], front["neo4j"])
            sql = through(env["MARIADB_URL"], front["mariadb"])
            hosts = ",".join(f"{LOOPBACK}:{proxy.port}" for proxy in self.proxies["zookeeper3"])
        else:
            amqp, bolt, sql = env["AMQP_URL"], env["NEO4J_URI"], env["MARIADB_URL"]
            hosts = env["ZOOKEEPER_ENSEMBLE_HOSTS"]
        return {
            "task_queue": "rabbitmq",
            "event_bus": "rabbitmq",
            "graph_store": "neo4j",
            "registry": "sql",
            "record_store": "sql",
            "recovery_nodes": "zookeeper",
            "options": {
                "task_queue": {"urls": [amqp]},
                "event_bus": {"urls": [amqp]},
                "graph_store": {"url": bolt, "user": env["NEO4J_USER"], "password": env["NEO4J_PASSWORD"]},
                "registry": {"url": sql},
                "record_store": {"url": sql},
                "recovery_nodes": {"hosts": hosts, "session_timeout_s": self.pace.session_timeout_s},
            },
        }

    def _write_clusters(self, servers: Backing) -> None:
        for name, proxy, (host, port) in zip(
            CLUSTER_NAMES, self.proxies["sshd"], servers.addresses("sshd"), strict=True
        ):
            known = self.home / f"known_hosts_{name}"
            lines = Path(servers.env["SSH_KNOWN_HOSTS"]).read_text()
            known.write_text(lines.replace(f"[{host}]:{port} ", f"[{LOOPBACK}]:{proxy.port} "))
            self._write_cluster(
                name,
                host=LOOPBACK,
                port=proxy.port,
                user=servers.env["SSH_USER"],
                batch_system="slurm" if name == "alpha" else "fork",
                scratch_directory=str(servers.scratch_root / name / "scratch"),
                identity_file=servers.env["SSH_KEY"],
                known_hosts_file=str(known),
                use_agent=False,
                connect_timeout_s=8.0,
                command_timeout_s=30.0,
                keep_alive_s=5.0,
            )

    def _write_cluster(self, name: str, **keys: Any) -> None:
        given = {"scratch_directory": str(self.home / "scratch"), **keys}
        (self.home / "clusters" / f"{name}.toml").write_text(_toml(given))

    # -- the services ----------------------------------------------------------------------
    def _programs(self) -> Sequence[Program]:
        if self.embedded:
            return [self._program("serve-1", None, "serve", "--insecure")]
        programs = []
        for stage in STAGES:
            for number in (1, 2):
                port = free_port()
                words = ("service", stage, "--health-port", str(port), *(("--insecure",) if stage == "api" else ()))
                programs.append(self._program(f"{stage}-{number}", port, *words))
        return programs

    def _program(self, name: str, health_port: int | None, *arguments: str) -> Program:
        def launch() -> tuple[Sequence[str], Mapping[str, str]]:
            environment = {
                "AIRAVATA_WORKLOAD_HOME": str(self.home),
                "PYTHONPATH": os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH", "")))),
                "CHAOS_CLOCK": str(self._clock_of(name)),
            }
            if name in self.api_ports:
                environment["AIRAVATA_WORKLOAD_THRIFT__LISTENERS__API__PORT"] = str(self.api_ports[name])
            if self.watch_steps:
                environment["CHAOS_STEPS"] = str(self.directory / "steps" / name)
                environment["CHAOS_KILL_AT"] = self.step_of(name)
            return [sys.executable, "-m", "chaos.watched_service", *arguments], environment

        return Program(name, launch, health_port)

    def _clock_of(self, name: str) -> Path:
        return self.directory / "clocks" / name

    def set_clock(self, name: str, offset_s: float) -> None:
        """Make the wall clock of a service wrong by so much, from now on and when it is started anew."""
        whole = self._clock_of(name).with_suffix(".new")
        whole.write_text(str(offset_s))
        whole.replace(self._clock_of(name))

    def steps(self) -> dict[str, list[str]]:
        """Every step that each stage has been seen to take, by stage."""
        found: dict[str, list[str]] = {}
        for path in sorted((self.directory / "steps").iterdir()):
            lines = path.read_text().splitlines()
            stage = found.setdefault(path.name.rpartition("-")[0], [])
            stage += [line for line in dict.fromkeys(lines) if line not in stage]
        return found

    # -- looking and asking ------------------------------------------------------------------
    def installation(self, service: str, *, straight: bool) -> Installation:
        """An installation of this process: as users have it, or ``straight`` to the servers, past the proxies."""
        overrides: dict[str, Any] = {"home": self.home}
        if straight and not self.embedded:
            overrides |= self._backing(through_proxies=False)
        return Installation(load_settings(**overrides), service=service)

    def heal(self) -> None:
        """Whatever was done to proxies, disk and clocks is undone."""
        for name in self.fleet.names():
            self.set_clock(name, 0.0)
        for proxies in self.proxies.values():
            for proxy in proxies:
                proxy.heal()
        if self.disk is not None:
            self.disk.free()

    def close(self) -> None:
        """Give everything back; jobs that an engine no longer ends are ended too."""
        self.fleet.kill_all()
        job_processes.end_all(self.job_logs)
        for proxies in self.proxies.values():
            for proxy in proxies:
                proxy.close()
        if self.disk is not None:
            with suppress(OSError):
                self.disk.unmount()


def _toml(values: Mapping[str, Any], prefix: str = "") -> str:
    """Plain values as TOML, tables last."""
    plain = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items() if not isinstance(value, Mapping))
    tables = ""
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner = _toml(value, f"{prefix}{key}.")
            tables += f"\n[{prefix}{key}]\n{inner}" if inner else ""
    return plain + tables
