"""Real servers for the integration tests, started by tests/services/services.sh when they do not run yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from integration.lane_of_module import turn
from portal_site import PortalServer, portal_server
from services.distributed import Namespace, distributed_namespace
from services.mariadb_registry import changed
from services.servers import Servers, private_servers
from sqlalchemy import create_engine, text

from airavata_workload.domain.cluster import Cluster
from airavata_workload.testing.samples import unique

SHARED = Servers()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """However xdist is asked to deal the tests out: what must not run beside each other stays together."""
    from integration.lanes import Lanes  # where xdist is not used it need not be there

    return Lanes(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first; the rest comes as it is."""
    items.sort(key=lambda item: turn(item.path.stem))


@pytest.fixture(scope="session")
def servers() -> Iterator[Mapping[str, str]]:
    """Environment of the running OpenSSH servers and of Slurm; stops at the end what it started itself."""
    with SHARED.kept_running("slurm", "sshd") as environment:
        yield environment


@pytest.fixture(scope="session")
def zookeeper_hosts() -> Iterator[str]:
    """``host:port`` of one real ZooKeeper."""
    with SHARED.kept_running("zookeeper") as environment:
        yield environment["ZOOKEEPER_HOSTS"]


@pytest.fixture(scope="session")
def zookeeper_ensemble_hosts() -> Iterator[str]:
    """``host:port,...`` of an ensemble of three."""
    with SHARED.kept_running("zookeeper3") as environment:
        yield environment["ZOOKEEPER_ENSEMBLE_HOSTS"]


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[Mapping[str, str]]:
    """Environment of a real RabbitMQ: AMQP_URL, AMQPS_URL, AMQPS_CA, RABBITMQ_API."""
    with SHARED.kept_running("rabbitmq") as environment:
        yield environment


@pytest.fixture(scope="session")
def amqp_url(rabbitmq: Mapping[str, str]) -> str:
    """URL of a real RabbitMQ, without TLS."""
    return rabbitmq["AMQP_URL"]


@pytest.fixture(scope="session")
def amqps(rabbitmq: Mapping[str, str]) -> Mapping[str, str]:
    """``url`` of the same RabbitMQ with TLS, and ``ca``, the file with who signed its certificate."""
    return {"url": rabbitmq["AMQPS_URL"], "ca": rabbitmq["AMQPS_CA"]}


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Mapping[str, str]]:
    """``uri``, ``user`` and ``password`` of a real Neo4j."""
    with SHARED.kept_running("neo4j") as environment:
        yield {key: environment[f"NEO4J_{key.upper()}"] for key in ("uri", "user", "password")}


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Mapping[str, str]]:
    """Environment of a real MariaDB: MARIADB_URL, MARIADB_SOCKET, MARIADB_CA."""
    with SHARED.kept_running("mariadb") as environment:
        yield environment


@pytest.fixture(scope="session")
def mariadb_url(mariadb: Mapping[str, str]) -> str:
    """URL of the database ``app`` on a real MariaDB, of a user who may create other databases."""
    return mariadb["MARIADB_URL"]


@pytest.fixture
def distributed(
    amqp_url: str, zookeeper_hosts: str, neo4j_server: Mapping[str, str], mariadb_url: str
) -> Iterator[Namespace]:
    """A distributed installation for one test, over all real servers; ``settings()`` is its file."""
    with distributed_namespace(
        amqp_url=amqp_url, zookeeper_hosts=zookeeper_hosts, neo4j=neo4j_server, mariadb_url=mariadb_url
    ) as namespace:
        yield namespace


@pytest.fixture(scope="session")
def make_mariadb_database(mariadb_url: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases, and drops them at the end; each call returns the URL of one."""
    engine = create_engine(mariadb_url, isolation_level="AUTOCOMMIT")
    names: list[str] = []

    def make() -> str:
        names.append(unique("registry").replace("-", "_"))
        with engine.connect() as connection:
            # Neither character set nor collation of the server's default may matter.
            connection.execute(text(f"CREATE DATABASE {names[-1]} CHARACTER SET latin1"))
        return changed(mariadb_url, database=names[-1])

    yield make
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name}"))
    engine.dispose()


@pytest.fixture(scope="module")
def mariadb_database(make_mariadb_database: Callable[[], str]) -> str:
    """URL of an empty database, for the tests of a module."""
    return make_mariadb_database()


@pytest.fixture(scope="module")
def private_services() -> Iterator[Servers]:
    """Servers of this module alone, to be started, stopped and killed by its tests; none runs at first."""
    with private_servers() as servers:
        yield servers


@pytest.fixture(scope="module")
def services(private_services: Servers) -> Servers:
    """The same under a shorter name."""
    return private_services


@pytest.fixture(scope="session")
def ssh_cluster(servers: Mapping[str, str]) -> Cluster:
    """A machine behind a real OpenSSH server, with no batch system: jobs are forked."""
    return cluster_of(servers, "delta", "fork")


@pytest.fixture(scope="session")
def slurm_cluster(servers: Mapping[str, str]) -> Cluster:
    """A real Slurm behind a real OpenSSH server."""
    return cluster_of(servers, "alpha", "slurm")


@pytest.fixture(scope="module")
def portal_host(servers: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalServer]:
    """``airavata-workload serve`` for portals whose jobs run on these clusters."""
    with portal_server(tmp_path_factory.mktemp("portals"), servers) as running:
        yield running


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
