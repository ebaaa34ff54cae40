"""The distributed engine, every stage a process, with all servers on this machine, beside the floors of each server.

Run by ``tox -e bench``; prints one JSON line a figure. Arguments choose among
the functions by name; without any, all run. It needs the servers that
``tests/services/services.sh install rabbitmq zookeeper neo4j mariadb`` installs.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import noop_task
import pika
from bench_engine import FORK_DAG, experiment, run_all
from figures import figure
from kazoo.client import KazooClient
from neo4j import GraphDatabase
from round_trips import Tracer
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).parents[1]))

from services.distributed import Namespace, distributed_namespace
from services.servers import Servers

from airavata_workload.bootstrap import Installation
from airavata_workload.documents.dag_directory import parameter_models
from airavata_workload.documents.dag_file import parse_dag
from airavata_workload.domain.states import TaskState
from airavata_workload.ports.registry import ExperimentFilter
from airavata_workload.settings import load_settings

PROGRAM = Path(sys.executable).with_name("airavata-workload")
ALL_STAGES = (("orchestrator",), ("scheduler",), ("worker",), ("monitor",))
READY_WITHIN_S = 60.0
FLOOR_ROUNDS = 200
WAITING_TASKS = 40
WAITING_DAG = "application_type: waiting\ndescription: tasks that wait 100 ms, side by side\ntasks:\n" + "".join(
    f"  wait-{number}: {{kind: wait-100-ms}}\n" for number in range(WAITING_TASKS)
)
SINGLE_DAG = """
application_type: single
description: one task that does nothing
tasks:
  one: {kind: no-op}
"""


LAUNCH_IS = "three messages, two Neo4j transactions, two SQL commits and a ZooKeeper node, each by itself"


class Floors:
    """What each server does by itself, one operation after the other, in operations per second."""

    def __init__(self, namespace: Namespace) -> None:
        self.publish_confirm_ack_per_s = self._rabbitmq(namespace)
        self.graph_transactions_per_s = self._neo4j(namespace)
        self.sql_commits_per_s = self._sql(namespace)
        self.zookeeper_creates_and_deletes_per_s = self._zookeeper(namespace)

    @property
    def launch_ms(self) -> float:
        """What a launch cannot do without until its first task begins, bare, one after the other: ``LAUNCH_IS``."""
        each_per_s = (
            *(self.publish_confirm_ack_per_s,) * 3,
            *(self.graph_transactions_per_s,) * 2,
            *(self.sql_commits_per_s,) * 2,
            self.zookeeper_creates_and_deletes_per_s,
        )
        return 1000 * sum(1 / per_s for per_s in each_per_s)

    def named(self) -> dict[str, float]:
        """Each floor with what it is."""
        return {
            "publish with confirm, get and ack": self.publish_confirm_ack_per_s,
            "a Neo4j transaction": self.graph_transactions_per_s,
            "an SQL commit": self.sql_commits_per_s,
            "a ZooKeeper create and delete": self.zookeeper_creates_and_deletes_per_s,
        }

    @staticmethod
    def _rabbitmq(namespace: Namespace) -> float:
        connection = pika.BlockingConnection(pika.URLParameters(namespace.amqp_url))
        channel = connection.channel()
        name = f"floor-{uuid4().hex}"
        channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum"})
        channel.confirm_delivery()

        def once() -> None:
            channel.basic_publish("", name, b"x" * 500, pika.BasicProperties(delivery_mode=2), mandatory=True)
            method, _, _ = channel.basic_get(name)
            channel.basic_ack(method.delivery_tag)

        rate = _rate(once)
        channel.queue_delete(name)
        connection.close()
        return rate

    @staticmethod
    def _neo4j(namespace: Namespace) -> float:
        server = namespace.neo4j
        with (
            GraphDatabase.driver(server["uri"], auth=(server["user"], server["password"])) as driver,
            driver.session() as session,
        ):
            session.run("CREATE (n:Floor {n: 0})").consume()
            rate = _rate(
                lambda: session.execute_write(lambda tx: tx.run("MATCH (n:Floor) SET n.n = n.n + 1").consume())
            )
            session.run("MATCH (n:Floor) DELETE n").consume()
        return rate

    @staticmethod
    def _sql(namespace: Namespace) -> float:
        engine = create_engine(namespace.registry_url)
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE floor (n INT)"))

            def once() -> None:
                connection.execute(text("INSERT INTO floor VALUES (1)"))
                connection.commit()

            rate = _rate(once)
            connection.execute(text("DROP TABLE floor"))
        engine.dispose()
        return rate

    @staticmethod
    def _zookeeper(namespace: Namespace) -> float:
        client = KazooClient(namespace.zookeeper_hosts)
        client.start(timeout=15)

        def once() -> None:
            client.create("/floor", b"")
            client.delete("/floor")

        rate = _rate(once)
        client.stop()
        client.close()
        return rate


def _rate(once: Callable[[], object]) -> float:
    for _ in range(20):
        once()
    began_s = time.perf_counter()
    for _ in range(FLOOR_ROUNDS):
        once()
    return FLOOR_ROUNDS / (time.perf_counter() - began_s)


@contextlib.contextmanager
def services(directory: Path, namespace: Namespace, stages: Sequence[Sequence[str]]) -> Iterator[Installation]:
    """Running service processes, and the installation to speak to them."""
    home = directory / "home"
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(namespace.settings())
    environment = {
        **os.environ,
        "AIRAVATA_WORKLOAD_HOME": str(home),
        "AIRAVATA_WORKLOAD_LOG_LEVEL": "warning",
        "PYTHONPATH": str(directory / "plugin"),
    }
    running = [
        subprocess.Popen([PROGRAM, "service", *words], env=environment, stdout=subprocess.DEVNULL) for words in stages
    ]
    try:
        with Installation(load_settings(home=home), service="bench") as installation:
            for dag in (noop_task.DAG, FORK_DAG, WAITING_DAG, SINGLE_DAG):
                installation.graph.save_abstract(parse_dag(dag, Path("bench.yaml"), parameter_models()))
            _wait_until_ready(installation, len(running))
            yield installation
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(60)


def _wait_until_ready(installation: Installation, count: int) -> None:
    end_s = time.monotonic() + READY_WITHIN_S
    while sum(map(_is_ready, installation.nodes.members())) < count:
        if time.monotonic() > end_s:
            raise TimeoutError(f"not all of {count} services are ready after {READY_WITHIN_S} s")
        time.sleep(0.1)


def _is_ready(member: object) -> bool:
    url = member.capabilities.get("health")  # type: ignore[attr-defined]
    try:
        return bool(url) and urllib.request.urlopen(f"{url}/ready", timeout=5).status == 200  # noqa: S310 - our own
    except OSError:
        return False


def tasks_per_s(directory: Path, namespace: Namespace) -> None:
    """Throughput of no-op tasks, and how long it takes from an outcome to the start of the next task.

    Measured after as much again to warm up: Neo4j plans its queries anew while
    its first thousand nodes come, and its Java machine compiles what is used.
    """
    floors = Floors(namespace)
    with services(directory, namespace, ALL_STAGES) as installation:
        one = experiment(directory, "no-op")
        count = 300
        run_all(installation, one, count)
        took_s = run_all(installation, one, count)
        rate = count * 5 / took_s
        for what, floor in floors.named().items():
            figure("distributed_no_op", rate, "tasks/s", ">= 150", floor, what)
        gaps_ms: list[float] = []
        for _ in range(40):
            run_all(installation, one, 1)
            newest = installation.workload().experiments(ExperimentFilter(), limit=1)[0]
            gaps_ms += _gaps_ms(installation, newest.experiment_id)
        ordered = sorted(gaps_ms)
        figure("distributed_outcome_to_next_start_p50", statistics.median(ordered), "ms", "<= 15")
        figure("distributed_outcome_to_next_start_p99", ordered[int(len(ordered) * 0.99)], "ms", "-")


def _gaps_ms(installation: Installation, experiment_id: str) -> list[float]:
    """Milliseconds between the end of each task and the start of the one after it."""
    tasks = installation.graph.tasks(experiment_id)
    ends = [next(line.at_us for line in task.history if line.state is TaskState.COMPLETED) for task in tasks]
    starts = [next(line.at_us for line in task.history if line.state is TaskState.EXECUTING) for task in tasks]
    return [(start - end) / 1000 for end, start in zip(ends, starts[1:], strict=False)]


def fork_experiments_per_s(directory: Path, namespace: Namespace) -> None:
    """Experiments with set-up, staging, a job and its output."""
    with services(directory, namespace, ALL_STAGES) as installation:
        one = experiment(directory, "fork-bench")
        run_all(installation, one, 5)
        count = 100
        figure("distributed_fork", count / run_all(installation, one, count), "experiments/s", "-")


def scaling(directory: Path, namespace: Namespace) -> None:
    """Throughput with 1, 2 and 4 workers on tasks that wait 100 ms.

    Each worker has two slots, so that they, and not the two processors of a
    small machine, are the limit: 20 tasks a second a worker. An experiment
    has 40 such tasks side by side: what a launch costs is another figure.
    """
    rates = {}
    for workers in (1, 2, 4):
        stages = [("orchestrator",), ("scheduler",), ("monitor",), *[("worker", "--slots", "2")] * workers]
        with services(directory, namespace, stages) as installation:
            one = experiment(directory, "waiting")
            run_all(installation, one, workers)
            count = 8 * workers  # twenty seconds: how it begins and ends is a small part of that
            rates[workers] = count * WAITING_TASKS / run_all(installation, one, count)
    for workers, rate in rates.items():
        figure(f"distributed_waiting_{workers}_workers", rate, "tasks/s", "-", workers * 20, "slots that never idle")
    figure("distributed_scaling_1_to_4_workers", rates[4] / rates[1], "times", ">= 3.5")


def round_trips(directory: Path, namespace: Namespace) -> None:
    """How many calls to the backing systems follow one another between the end of a task and the next; with a trace.

    All stages in one process, over the same adapters: each makes the same calls as in a process of its own.
    """
    home = directory / "home"
    home.mkdir()
    (home / "config.toml").write_text(namespace.settings())
    with Installation(load_settings(home=home), service="bench") as installation:
        tracer = Tracer(installation)
        installation.graph.save_abstract(parse_dag(noop_task.DAG, Path("bench.yaml"), parameter_models()))
        engine = installation.engine(adopt_orphans=False)
        engine.start()
        one = experiment(directory, "no-op")
        run_all(installation, one, 10)
        paths = []
        for _ in range(10):
            tracer.trips.clear()
            run_all(installation, one, 1)
            newest = installation.workload().experiments(ExperimentFilter(), limit=1)[0]
            tasks = installation.graph.tasks(newest.experiment_id)
            paths += [tracer.between(before, after) for before, after in itertools.pairwise(tasks)]
        engine.stop(10.0)
    ordered = sorted(paths, key=len)
    middle = ordered[len(ordered) // 2]
    for trip in middle:
        ms = [(at_us - middle[0].begin_us) / 1000 for at_us in (trip.begin_us, trip.end_us)]
        print(json.dumps({"trace": trip.call, "by": trip.thread, "begin_ms": ms[0], "end_ms": ms[1]}), flush=True)
    figure("distributed_round_trips", len(middle), "calls/task", "<= 3")
    waited_for = sum(trip.call != "queue.publish" for trip in middle)
    figure("distributed_round_trips_without_messages", waited_for, "calls/task", "-")


def queued_10000(directory: Path, namespace: Namespace) -> None:
    """Time per experiment of one task with 10,000 queued at once over that with 1,000, and the memory it takes."""
    with services(directory, namespace, ALL_STAGES) as installation:
        one = experiment(directory, "single")
        run_all(installation, one, 200)
        few_s = run_all(installation, one, 1000) / 1000
        many_s = run_all(installation, one, 10_000, timeout_s=600) / 10_000
        figure("distributed_queued_10000", 1000 * many_s, "ms/experiment", "-", 1000 * few_s, "ms with 1,000 queued")
        for member in installation.nodes.members():
            figure(f"distributed_memory_{member.service}", _peak_mib(member.pid), "MiB", "< 250")


def _peak_mib(pid: int) -> float:
    """The most memory that a process has had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


ALL = (tasks_per_s, fork_experiments_per_s, scaling, round_trips, queued_10000)


@contextlib.contextmanager
def distributed_servers() -> Iterator[Callable[[], contextlib.AbstractContextManager[Namespace]]]:
    """The servers run; each call gives a new namespace on them."""
    with Servers().kept_running("rabbitmq", "zookeeper", "neo4j", "mariadb") as environment:
        neo4j = {key: environment[f"NEO4J_{key.upper()}"] for key in ("uri", "user", "password")}
        yield lambda: distributed_namespace(
            amqp_url=environment["AMQP_URL"],
            zookeeper_hosts=environment["ZOOKEEPER_HOSTS"],
            neo4j=neo4j,
            # All servers are on this machine, so the database is reached as it would be then.
            mariadb_url=f"{environment['MARIADB_URL']}&unix_socket={environment['MARIADB_SOCKET']}",
        )


def main(names: Sequence[str]) -> None:
    """Run the chosen benches, each over a namespace of its own."""
    with distributed_servers() as new_namespace:
        for bench in ALL:
            if names and bench.__name__ not in names:
                continue
            with tempfile.TemporaryDirectory() as directory, new_namespace() as namespace:
                noop_task.install(Path(directory) / "plugin")
                bench(Path(directory), namespace)


if __name__ == "__main__":
    main(sys.argv[1:])
