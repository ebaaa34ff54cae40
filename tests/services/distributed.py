"""A distributed installation over the real servers that shares nothing with any other one on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pika
from kazoo.client import KazooClient
from neo4j import GraphDatabase
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from airavata_adapters.task_queues.rabbitmq import open_task_queue
from airavata_workload.ports.backing import BackingContext


@dataclass(frozen=True)
class Namespace:
    """What separates it: the beginning of its queues' names, its root in ZooKeeper, its database, its stream."""

    name: str
    amqp_url: str
    zookeeper_hosts: str
    neo4j: Mapping[str, str]
    registry_url: str

    def settings(self) -> str:
        """The text of a settings file."""
        tables = {
            "graph_store": {"url": self.neo4j["uri"], "user": self.neo4j["user"], "password": self.neo4j["password"]},
            "task_queue": {"urls": [self.amqp_url], "prefix": self.name},
            "recovery_nodes": {"hosts": self.zookeeper_hosts, "root": f"/{self.name}", "session_timeout_s": 6},
            "registry": {"url": self.registry_url},
            "record_store": {"url": self.registry_url},
            "event_bus": {"urls": [self.amqp_url], "stream": f"{self.name}.events"},
        }
        lines = [
            'graph_store = "neo4j"',
            'task_queue = "rabbitmq"',
            'recovery_nodes = "zookeeper"',
            'registry = "sql"',
            'record_store = "sql"',
            'event_bus = "rabbitmq"',
        ]
        for table, options in tables.items():
            lines += [f"[options.{table}]", *(f"{key} = {json.dumps(value)}" for key, value in options.items())]
        return "\n".join(lines) + "\n"


@contextmanager
def distributed_namespace(
    *, amqp_url: str, zookeeper_hosts: str, neo4j: Mapping[str, str], mariadb_url: str
) -> Iterator[Namespace]:
    """A namespace of its own, empty at first; what is left in it is removed at the end."""
    name = f"test-{uuid4().hex[:12]}"
    database = name.replace("-", "_")
    engine = create_engine(mariadb_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {database} CHARACTER SET utf8mb4"))
    _forget_experiments(neo4j)
    url = make_url(mariadb_url).set(database=database)
    yield Namespace(name, amqp_url, zookeeper_hosts, neo4j, url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {database}"))
    engine.dispose()
    _forget_experiments(neo4j)
    _remove_queues(amqp_url, name)
    client = KazooClient(zookeeper_hosts)
    client.start(timeout=15)
    client.delete(f"/{name}", recursive=True)
    client.stop()
    client.close()


def _forget_experiments(neo4j: Mapping[str, str]) -> None:
    """Community Neo4j has one database: what others have left would be driven here."""
    with GraphDatabase.driver(neo4j["uri"], auth=(neo4j["user"], neo4j["password"])) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")


def _remove_queues(amqp_url: str, prefix: str) -> None:
    context = BackingContext(home=Path(), session="cleaning", options={"urls": [amqp_url], "prefix": prefix})
    queue = open_task_queue(context)
    queue.delete_partition()
    queue.close()
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.queue_delete(f"{prefix}.events")
    connection.close()
