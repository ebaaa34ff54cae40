"""The engine's own cost: no-op tasks, fork experiments, latency, a full store, parked jobs.

Run by ``tox -e bench``; prints one JSON line a figure. Arguments choose among
the functions by name; without any, all run.
"""

from __future__ import annotations

import contextlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import noop_task
from figures import durable_commits_per_s, figure, median_s

from airavata_workload.bootstrap import Installation
from airavata_workload.documents.dag_directory import parameter_models
from airavata_workload.documents.dag_file import parse_dag
from airavata_workload.domain.change import StateChange
from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND, now_us
from airavata_workload.domain.experiment import (
    Application,
    DataType,
    Experiment,
    ExperimentInput,
    ExperimentOutput,
)
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState, ProcessState, TaskState
from airavata_workload.domain.transition import Transition
from airavata_workload.journal import history_of
from airavata_workload.orchestrator.ends import ending
from airavata_workload.orchestrator.loading import load
from airavata_workload.ports.registry import ExperimentFilter
from airavata_workload.settings import load_settings
from airavata_workload.testing.ssh_server import SshServer

FORK_DAG = """
application_type: fork-bench
description: environment set-up, staging of one file, a job, output of one file
tasks:
  set-up: {kind: env-setup, parameters: {directory: "${process.working_directory}"}}
  stage-in:
    {kind: input-staging, after: set-up,
     parameters: {files: "${input_files}", directory: "${process.working_directory}"}}
  run:
    kind: job-submission
    after: stage-in
    parameters:
      directory: "${process.working_directory}"
      commands: "${application.commands}"
      stdout: "${application.stdout}"
      stderr: "${application.stderr}"
      wait: true
  stage-out:
    kind: output-staging
    after: run
    parameters:
      outputs: "${outputs}"
      directory: "${process.working_directory}"
      destination: "${experiment.output_directory}"
"""


@contextlib.contextmanager
def engine(directory: Path, dag: str) -> Iterator[Installation]:
    """A running engine with default settings and the given DAG."""
    installation = Installation(load_settings(home=directory / "home"), service="bench", private=True)
    with installation:
        installation.graph.save_abstract(parse_dag(dag, Path("bench.yaml"), parameter_models()))
        running = installation.engine(adopt_orphans=False)
        running.start()
        yield installation
        running.stop(10.0)


def experiment(directory: Path, application_type: str, compute_resource: str = "local") -> Experiment:
    """An experiment that copies one small file."""
    source = directory / "input.txt"
    source.write_text("some input\n")
    forked = application_type == "fork-bench"
    return Experiment(
        experiment_id="",
        name="bench",
        application_type=application_type,
        application=Application(name="copy", commands=(("cp", "input.txt", "output.txt"),)),
        compute_resource=compute_resource,
        user="bench",
        inputs=(ExperimentInput(name="data", type=DataType.URI, value=str(source)),) if forked else (),
        outputs=(ExperimentOutput(name="copy", path="output.txt"),) if forked else (),
    )


def run_all(installation: Installation, one: Experiment, count: int, timeout_s: float = 300.0) -> float:
    """Submit ``count`` experiments at once and wait for the last one. Seconds from the first submission."""
    workload = installation.workload()
    before = _ended(installation)
    begin, begin_us = time.perf_counter(), now_us()
    workload.submit([one] * count)
    while _ended(installation)[0] - before[0] < count:
        if time.perf_counter() - begin > timeout_s:
            raise TimeoutError(f"not all of {count} experiments ended in {timeout_s} s: {workload.statistics()}")
        time.sleep(0.25)  # the engine is what is measured, so nobody looks more often
    newest = workload.experiments(ExperimentFilter(), limit=count)
    took_s = (max(each.updated_at_us for each in newest) - begin_us) / MICROSECONDS_PER_SECOND
    completed = _ended(installation)[1] - before[1]
    if completed != count:
        raise RuntimeError(f"only {completed} of {count} experiments completed")
    return took_s


def _ended(installation: Installation) -> tuple[int, int]:
    """How many experiments have ended, and how many of them COMPLETED."""
    counts = installation.workload().statistics()["experiments"]
    return sum(counts[state] for state in EXPERIMENT_ENDS), counts[ExperimentState.COMPLETED]


def tasks_per_s(directory: Path) -> None:
    """The engine alone."""
    commits = durable_commits_per_s(directory)
    with engine(directory, noop_task.DAG) as installation:
        one = experiment(directory, "no-op")
        run_all(installation, one, 20)
        count = 400
        rate = 5 * count / run_all(installation, one, count)
    figure("engine alone, no-op tasks", rate, "tasks/s", ">= 400", commits, "durable SQLite commits/s")


def fork_experiments(directory: Path) -> None:
    """200 fork experiments at once, and the latency of one."""
    floor = 1 / median_s(lambda: subprocess.run(["sh", "-c", "cat /dev/null"], check=True), 50)
    with engine(directory, FORK_DAG) as installation:
        one = experiment(directory, "fork-bench")
        run_all(installation, one, 10)
        latencies = [run_one(installation, one) for _ in range(20)]
        figure(
            "latency of one fork experiment, default settings, p50",
            statistics.median(latencies) * 1000,
            "ms",
            "<= 150",
            1000 / floor,
            "ms of a bare subprocess",
        )
        count = 200
        rate = count / run_all(installation, one, count)
    figure("fork experiments, 200 at once", rate, "experiments/s", ">= 50", floor, "bare subprocesses/s")


def ssh_fork_experiments(directory: Path) -> None:
    """200 fork experiments at once on a machine behind a real OpenSSH server on loopback."""
    with SshServer(directory / "sshd") as server, engine(directory, FORK_DAG) as installation:
        cluster = server.cluster()
        (directory / "home" / "clusters").mkdir()
        (directory / "home" / "clusters" / "bench.toml").write_text(
            f"""
            host = "{cluster.host}"
            port = {cluster.port}
            user = "{cluster.user}"
            batch_system = "fork"
            scratch_directory = "{directory / "scratch"}"
            identity_file = "{cluster.identity_file}"
            known_hosts_file = "{cluster.known_hosts_file}"
            use_agent = false
            """
        )
        shell = installation.resources.shell("bench")
        floor = 1 / median_s(lambda: shell.run(":"), 200)
        one = experiment(directory, "fork-bench", "bench")
        run_all(installation, one, 10)
        rate = 200 / run_all(installation, one, 200)
    figure("fork experiments over SSH, 200 at once", rate, "experiments/s", ">= 30", floor, "SSH commands/s")


def run_one(installation: Installation, one: Experiment) -> float:
    """Seconds from submission to the event of the end."""
    workload = installation.workload()
    begin = time.perf_counter()
    submitted = workload.submit([one])[0]
    ended = workload.wait(submitted.experiment_id, timeout_s=30)
    took_s = time.perf_counter() - begin
    if ended.state is not ExperimentState.COMPLETED:
        raise RuntimeError(f"{ended.state}: {ended.reason}")
    return took_s


def full_store(directory: Path) -> None:
    """Cost per experiment with 50,000 finished ones in the store, over the cost with none."""
    with engine(directory, noop_task.DAG) as installation:
        one = experiment(directory, "no-op")
        run_all(installation, one, 50)
        empty_s = statistics.median(run_all(installation, one, 200) for _ in range(3))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: fill(installation, one, 100), range(500)))
        full_s = statistics.median(run_all(installation, one, 200) for _ in range(3))
    figure("cost per experiment with 50,000 stored over none", full_s / empty_s, "ratio", "<= 1.2")


def fill(installation: Installation, one: Experiment, count: int) -> None:
    """Store ``count`` finished experiments by the calls that the engine makes, without running anything."""
    experiments = installation.workload().create([one] * count)
    dag, cluster = installation.graph.abstract(one.application_type), installation.clusters.cluster("local")
    changes: list[StateChange] = []
    for each in experiments:
        installation.graph.create_loaded(load(dag, each, cluster))
    tasks = [task for each in experiments for task in installation.graph.tasks(each.experiment_id)]
    for expected, target in ((TaskState.CREATED, TaskState.EXECUTING), (TaskState.EXECUTING, TaskState.COMPLETED)):
        installation.graph.apply(
            [
                Transition(
                    task_id=task.task_id,
                    experiment_id=task.experiment_id,
                    attempt=1,
                    expected=expected,
                    target=target,
                    at_us=now_us(),
                    by="filler",
                )
                for task in tasks
            ]
        )
    for each in experiments:
        changes += [change for task in installation.graph.tasks(each.experiment_id) for change in history_of(task)]
        launched = ending(each, ExperimentState.COMPLETED, "filler", now_us(), "stored", "")
        changes += [
            replace(launched[1], state=state) for state in (ExperimentState.LAUNCHED, ExperimentState.EXECUTING)
        ]
        changes += [replace(launched[0], state=ProcessState.STARTED), *launched]
    installation.registry.record(changes)


def help_time(directory: Path) -> None:
    """How long the command line takes to say what it can do."""
    python = median_s(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 11)
    command = [str(Path(sys.executable).parent / "airavata-workload"), "--help"]
    seconds = median_s(lambda: subprocess.run(command, check=True, capture_output=True), 11)
    figure("airavata-workload --help", seconds, "s", "<= 0.3", python, "s of a bare Python")


ALL: dict[str, Callable[[Path], None]] = {
    each.__name__: each for each in (tasks_per_s, fork_experiments, ssh_fork_experiments, help_time, full_store)
}


def main(names: list[str]) -> None:
    """Run the chosen benches, each in a directory of its own."""
    with tempfile.TemporaryDirectory() as plugins:
        noop_task.install(Path(plugins))
        for name in names or ALL:
            with tempfile.TemporaryDirectory() as directory:
                ALL[name](Path(directory))
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main(sys.argv[1:])
