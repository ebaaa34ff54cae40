"""What a portal waits for, with 100,000 experiments stored: single calls, and experiments from launch to end.

The server is ``airavata-workload serve`` in a process of its own, over the
embedded stores, with OpenSSH on this machine as the cluster; the client is the
generated one. Run by ``python tests/bench/bench_thrift_api.py``; prints one
JSON line a figure, beside a floor that was measured in the same run.
``--record-store URL`` keeps the records in that (empty) database instead;
``--distributed`` starts each service in a process of its own, over RabbitMQ,
ZooKeeper, Neo4j and MariaDB of ``tests/services``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench_distributed import LAUNCH_IS, distributed_servers
from bench_distributed import Floors as ServerFloors
from figures import durable_commits_per_s, durations_s, figure, median_s
from services.distributed import Namespace
from sqlalchemy import Engine, create_engine, text
from stored_experiments import fill
from thrift_portal import ADMIN, GATEWAY, BenchPortal, bench_portal

from airavata_adapters.record_stores import embedded, sql
from airavata_adapters.remote_shells.ssh import SshShellFactory
from airavata_thrift.experiments.ttypes import ExperimentSearchFields
from airavata_thrift.groups.ttypes import ResourcePermissionType
from airavata_thrift.statuses.ttypes import ExperimentState
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.change import Subject
from airavata_workload.domain.states import TaskState
from airavata_workload.ports.backing import BackingContext
from airavata_workload.settings import load_settings
from airavata_workload.testing.machines import NoCredentials

EXPERIMENTS = 100_000
USERS = 50
SHARED_PROJECTS = 3
PAGE = 20
TIMES = 100
LAUNCHES = 30
POLL_S = 0.025
PATIENCE_S = 60.0
ME, OTHER = "user07", "user31"
"""Two users; to both, and to the administrator, three projects of others are visible."""

ONE_COMMIT = "one durable SQLite commit"
_ENDS = (ExperimentState.COMPLETED, ExperimentState.FAILED, ExperimentState.CANCELED)


@dataclass(frozen=True)
class Floors:
    """What the same takes without us, in milliseconds."""

    round_trip_ms: float
    commit_ms: float
    ssh_ms: float
    page_ms: float
    launch_ms: float
    launch_is: str


def filled(portal: BenchPortal, url: str) -> tuple[Engine, dict[str, str]]:
    """Store the experiments; the database they are in, and the project of each user."""
    home = portal.server.home / "workload"
    options = {"url": url} if url else {}
    store = (sql if url else embedded).open_record_store(BackingContext(home=home, session="bench", options=options))
    users = [f"user{number:02}" for number in range(USERS)]
    projects = {user: portal.project(user, by=ADMIN) for user in users}
    fill(store, GATEWAY, projects, EXPERIMENTS)
    store.close()
    engine = create_engine(url or f"sqlite:///{home / embedded.FILE_NAME}")
    if url:
        with engine.connect() as connection:
            connection.execute(text("ANALYZE TABLE gateway_experiments, gateway_sharing_sharings"))
    return engine, projects


def floors(portal: BenchPortal, engine: Engine, folder: Path, namespace: Namespace | None) -> Floors:
    """Measure them."""
    commit_ms = 1000 / durable_commits_per_s(folder)
    launch = (commit_ms, ONE_COMMIT) if namespace is None else (ServerFloors(namespace).launch_ms, LAUNCH_IS)
    page = text(
        "SELECT document FROM gateway_experiments WHERE gateway_id = :gateway AND user_name = :user "
        "ORDER BY created_at_ms DESC LIMIT :page"
    ).bindparams(gateway=GATEWAY, user=OTHER, page=PAGE)
    with engine.connect() as connection:
        page_s = median_s(lambda: connection.execute(page).all(), TIMES)
    shell = SshShellFactory().open(portal.machine.cluster(), NoCredentials())
    shell.run("true")
    try:
        ssh_s = median_s(lambda: shell.run("true"), TIMES)
    finally:
        shell.close()
    return Floors(
        round_trip_ms=median_s(lambda: portal.api.getAPIVersion(None), 1000) * 1000,
        commit_ms=commit_ms,
        ssh_ms=ssh_s * 1000,
        page_ms=page_s * 1000,
        launch_ms=launch[0],
        launch_is=launch[1],
    )


def single_calls(portal: BenchPortal, projects: dict[str, str], least: Floors) -> None:
    """Making an experiment, and asking for its state."""
    api, token = portal.api, portal.token(ME)
    request = portal.request(ME, projects[ME])
    experiment = api.createExperiment(token, GATEWAY, request)
    create_ms = p50_ms(lambda: api.createExperiment(token, GATEWAY, request))
    figure("createExperiment, p50", create_ms, "ms", "<= 5", least.commit_ms, ONE_COMMIT)
    status_ms = p50_ms(lambda: api.getExperimentStatus(token, experiment))
    figure("getExperimentStatus, p50", status_ms, "ms", "<= 2", least.round_trip_ms, "getAPIVersion")


def searches(portal: BenchPortal, least: Floors) -> None:
    """A page of twenty, of what each sees."""
    fields = ExperimentSearchFields
    asked: dict[str, tuple[str, dict[int, str]]] = {
        "own and shared": (OTHER, {}),
        "shared only": (ADMIN, {}),
        "by state": (OTHER, {fields.STATUS: "FAILED"}),
        "by name": (OTHER, {fields.EXPERIMENT_NAME: "box 9"}),
        "by a project that nobody has": (OTHER, {fields.PROJECT_ID: "none of them"}),
        "of a time long ago": (OTHER, {fields.FROM_DATE: "1700000000000", fields.TO_DATE: "1700000900000"}),
    }
    for name, (user, filters) in asked.items():
        token = portal.token(user)
        took_ms = p50_ms(lambda: portal.api.searchExperiments(token, GATEWAY, user, filters, PAGE, 0))  # noqa: B023 - called in this very round
        figure(
            f"searchExperiments, {EXPERIMENTS:,} stored, {name}, p50",
            took_ms,
            "ms",
            "<= 10",
            least.page_ms,
            "the page of one user by bare SQL",
        )


def sharing(portal: BenchPortal, projects: dict[str, str], least: Floors) -> None:
    """A project is shared with everybody, and with it what is in it."""
    token, everybody = portal.token(ADMIN), {portal.everybody: ResourcePermissionType.READ}
    for user in [f"user{number:02}" for number in range(1, 1 + SHARED_PROJECTS)]:
        begin_s = time.perf_counter()
        portal.api.shareResourceWithGroups(token, projects[user], everybody)
        took_ms = (time.perf_counter() - begin_s) * 1000
    name = f"shareResourceWithGroups, a project with {EXPERIMENTS // USERS:,} experiments"
    figure(name, took_ms, "ms", "none set", least.commit_ms, ONE_COMMIT)


def launches(portal: BenchPortal, projects: dict[str, str], least: Floors) -> None:
    """One experiment after the other, from the call to the end that a polling client sees."""
    api, token, request = portal.api, portal.token(ME), portal.request(ME, projects[ME])
    launched(portal, api.createExperiment(token, GATEWAY, request))  # connects, and logs in
    calls_ms, starts_ms, ends_ms = [], [], []
    for _ in range(LAUNCHES):
        call_ms, start_ms, end_ms = launched(portal, api.createExperiment(token, GATEWAY, request))
        calls_ms.append(call_ms)
        starts_ms.append(start_ms)
        ends_ms.append(end_ms)
    launch = (least.launch_ms, least.launch_is)
    figure("launchExperiment, the call, p50", statistics.median(calls_ms), "ms", "none set", *launch)
    figure("launchExperiment to first task started, p50", statistics.median(starts_ms), "ms", "<= 30", *launch)
    figure(
        "launchExperiment to COMPLETED seen, echo over SSH with fork, p50",
        statistics.median(ends_ms),
        "ms",
        "<= 300",
        least.ssh_ms,
        "one SSH command on a warm connection",
    )


def launched(portal: BenchPortal, experiment: str) -> tuple[float, float, float]:
    """Milliseconds from the call of launchExperiment to its answer, to the first task's start, to the end as seen."""
    api, token = portal.api, portal.token(ME)
    begin_s = time.time()
    api.launchExperiment(token, experiment, GATEWAY)
    call_ms = (time.time() - begin_s) * 1000
    while (state := api.getExperimentStatus(token, experiment).state) not in _ENDS:
        if time.time() > begin_s + PATIENCE_S:
            raise TimeoutError(f"{experiment} has not ended in {PATIENCE_S} s")
        time.sleep(POLL_S)
    end_ms = (time.time() - begin_s) * 1000
    tree = api.getDetailedExperimentTree(token, experiment)
    if state != ExperimentState.COMPLETED:
        raise RuntimeError(f"{experiment}: {[each.actualErrorMessage for each in tree.errors or []]}")
    return call_ms, first_start_ms(portal, experiment) - begin_s * 1000, end_ms


def first_start_ms(portal: BenchPortal, experiment: str) -> float:
    """When the first task began, in milliseconds since 1970: portals are told the last state alone."""
    with Installation(load_settings(home=portal.server.home / "workload"), service="bench") as installation:
        trail = installation.registry.audit_trail(experiment)
    starts = (each for each in trail if each.subject is Subject.TASK and each.state == TaskState.EXECUTING)
    return min(each.at_us for each in starts) / 1000


def p50_ms(call: Callable[[], object]) -> float:
    """The median of a call's duration, after a few that warm up."""
    durations_s(call, 5)
    return median_s(call, TIMES) * 1000


def main() -> None:
    """Set up a portal, fill its store, and measure."""
    parser = argparse.ArgumentParser()
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--record-store", default="", metavar="URL")
    choice.add_argument("--distributed", action="store_true")
    chosen = parser.parse_args()
    if chosen.record_store:
        os.environ["AIRAVATA_WORKLOAD_RECORD_STORE"] = "sql"
        os.environ["AIRAVATA_WORKLOAD_OPTIONS__RECORD_STORE__URL"] = chosen.record_store
    with (
        tempfile.TemporaryDirectory(prefix="bench-api-") as name,
        _namespace(distributed=chosen.distributed) as namespace,
        bench_portal(Path(name), namespace.settings() if namespace else "") as portal,
    ):
        engine, projects = filled(portal, chosen.record_store or (namespace.registry_url if namespace else ""))
        least = floors(portal, engine, Path(name), namespace)
        engine.dispose()
        single_calls(portal, projects, least)
        sharing(portal, projects, least)
        searches(portal, least)
        launches(portal, projects, least)


@contextmanager
def _namespace(*, distributed: bool) -> Iterator[Namespace | None]:
    """A new distributed installation; ``None`` for the embedded one."""
    if not distributed:
        yield None
        return
    with distributed_servers() as new_namespace, new_namespace() as namespace:
        yield namespace


if __name__ == "__main__":
    main()
