"""Real servers for the integration tests, started by tests/services/services.sh when they do not run yet."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from airavata_workload.domain.cluster import Cluster

SERVICES = Path(__file__).parents[1] / "services" / "services.sh"


def _services(*arguments: str) -> str:
    done = subprocess.run([str(SERVICES), *arguments], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _environment(*names: str) -> dict[str, str]:
    lines = _services("env", *names).splitlines()
    pairs = (line.removeprefix("export ").split("=", 1) for line in lines if "=" in line)
    return {key: value.strip("\"'") for key, value in pairs}


@pytest.fixture(scope="session")
def servers() -> Iterator[Mapping[str, str]]:
    """Environment of the running OpenSSH servers and of Slurm; stops at the end what it started itself."""
    running = _services("status", "sshd", "slurm")
    started = [name for name in ("slurm", "sshd") if f"{name}: running" not in running and "running" not in running]
    if started:
        _services("start", "slurm", "sshd")
    yield _environment("sshd", "slurm")
    if started and not os.environ.get("KEEP_SERVICES"):
        _services("stop", "sshd", "slurm", "mariadb")


@pytest.fixture(scope="session")
def ssh_cluster(servers: Mapping[str, str]) -> Cluster:
    """A machine behind a real OpenSSH server, with no batch system: jobs are forked."""
    return cluster_of(servers, "delta", "fork")


@pytest.fixture(scope="session")
def slurm_cluster(servers: Mapping[str, str]) -> Cluster:
    """A real Slurm behind a real OpenSSH server."""
    return cluster_of(servers, "alpha", "slurm")


def cluster_of(servers: Mapping[str, str], name: str, batch_system: str) -> Cluster:
    """The cluster that services.sh calls ``name``."""
    services_dir = Path(os.environ.get("SERVICES_DIR", "/tmp/services"))
    return Cluster(
        name=name,
        host=servers[f"SSH_HOST_{name.upper()}"],
        port=int(servers["SSH_PORT"]),
        user=servers["SSH_USER"],
        remote_shell="ssh",
        file_transfer="scp",
        batch_system=batch_system,
        scratch_directory=str(services_dir / "sshd" / name / "scratch"),
        identity_file=servers["SSH_KEY"],
        known_hosts_file=servers["SSH_KNOWN_HOSTS"],
        use_agent=False,
    )
