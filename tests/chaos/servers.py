"""The real servers of a run: where they are, a proxy in front of each, what they themselves know."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chaos.proxy import LOOPBACK, Proxy
from services.servers import Servers

BACKING = ("rabbitmq", "neo4j", "mariadb", "zookeeper3")
CLUSTERS = ("slurm", "sshd")
CLUSTER_NAMES = ("alpha", "delta")
"""As services.sh calls its OpenSSH servers: alpha has Slurm, delta has no batch system."""
API_WITHIN_S = 10.0


class Backing:
    """A set of servers, with what the harness needs to know of them."""

    def __init__(self, servers: Servers, *, embedded: bool) -> None:
        self.servers = servers
        self.names = CLUSTERS if embedded else (*BACKING, *CLUSTERS)
        self.env: Mapping[str, str] = {}

    def start_all(self) -> None:
        """Start every server and read how to reach them."""
        self.servers.start(*self.names)
        self.env = self.servers.env(*self.names)

    @property
    def scratch_root(self) -> Path:
        """Where the accounts of the clusters may write; a folder each."""
        return Path(self.env["SSH_KNOWN_HOSTS"]).parent

    def addresses(self, server: str) -> list[tuple[str, int]]:
        """Where the server's nodes listen; of ``sshd`` those of ``CLUSTER_NAMES``."""
        if server == "zookeeper3":
            pairs = [each.rsplit(":", 1) for each in self.env["ZOOKEEPER_ENSEMBLE_HOSTS"].split(",")]
            return [(host, int(port)) for host, port in pairs]
        if server == "sshd":
            return [(self.env[f"SSH_HOST_{name.upper()}"], int(self.env["SSH_PORT"])) for name in CLUSTER_NAMES]
        url = urlsplit(self.env[{"rabbitmq": "AMQP_URL", "neo4j": "NEO4J_URI", "mariadb": "MARIADB_URL"}[server]])
        return [(str(url.hostname), int(url.port or 0))]

    def proxies(self, server: str) -> list[Proxy]:
        """New proxies in front of the server's nodes."""
        return [Proxy(address) for address in self.addresses(server)]

    def queues(self) -> list[dict[str, Any]]:
        """Every queue of RabbitMQ as its management interface describes it (some seconds old). Raises ``OSError``.

        Source: RabbitMQ management HTTP API, ``/api/queues``.
        """
        return self._of_rabbitmq("queues")

    def holders(self) -> list[str]:
        """Every channel that has unacknowledged messages, by the name of its client. Raises ``OSError``.

        Source: RabbitMQ management HTTP API, ``/api/connections`` and ``/api/channels``.
        """
        clients = {
            each["name"]: each.get("client_properties", {}).get("connection_name", "")
            for each in self._of_rabbitmq("connections")
        }
        return [
            f"{clients.get(each['connection_details']['name'], '?')} channel {each['number']}:"
            f" {each['messages_unacknowledged']} unacknowledged of {each['prefetch_count']},"
            f" idle since {each.get('idle_since', 'never')}"
            for each in self._of_rabbitmq("channels")
            if each.get("messages_unacknowledged")
        ]

    def _of_rabbitmq(self, what: str) -> list[dict[str, Any]]:
        url = urlsplit(self.env["RABBITMQ_API"])
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        plain = f"{url.scheme}://{url.hostname}:{url.port}{url.path}/{what}"
        passwords.add_password(None, plain, str(url.username), str(url.password))
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
        with opener.open(plain, timeout=API_WITHIN_S) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def jobs_called(self, names: list[str]) -> list[tuple[str, str]]:
        """Name and id of every job that Slurm has ever accepted under one of these names.

        The controller knows a finished job for MinJobAge (300 s), accounting for good but some seconds late: both are
        asked. Source: squeue(1), sacct(1).
        """
        if not names:
            return []
        environment = {**os.environ, "SLURM_CONF": self.env["SLURM_CONF"]}
        found: set[tuple[str, str]] = set()
        for command in (
            ["squeue", "-h", "-t", "all", "-o", "%j|%A", "--name", ",".join(names)],
            ["sacct", "-a", "-X", "-n", "-P", "-S", "now-1days", "-o", "JobName,JobID", "--name", ",".join(names)],
        ):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
            found |= {(line.partition("|")[0], line.partition("|")[2]) for line in done.stdout.split()}
        return sorted(found)


def through(url: str, proxy: Proxy) -> str:
    """The URL with the proxy's address in place of the server's."""
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{login}{at}{LOOPBACK}:{proxy.port}").geturl()
