"""10,000 jobs that wait: what they cost. Run by ``tox -e bench``; prints one JSON line a figure.

Ten thousand real job processes would not fit the machine, so all jobs have
the record of one real process that sleeps. Everything else is as always: ten
thousand experiments, parked in the graph store, watched by the monitor, asked
about by the real status script of the ``fork`` batch system.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench_engine import experiment
from figures import figure

from airavata_workload.bootstrap import Installation
from airavata_workload.documents.dag_directory import parameter_models
from airavata_workload.documents.dag_file import parse_dag
from airavata_workload.resources import Resources
from airavata_workload.settings import load_settings

JOBS = 10_000
INTERVAL_S = 5.0
MODULE = """
from airavata_workload.domain.job import Job
from airavata_workload.domain.outcome import Parked
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin

class ParkParameters(Parameters):
    directory: str
    record: str

class Park(TaskPlugin):
    kind = "park"
    parameters_model = ParkParameters

    def execute(self, run):
        name = "A" + run.task_id[-14:].replace("-", "x")
        with open(f"{run.parameters.directory}/.{name}.process", "w") as file:
            file.write(run.parameters.record)
        return Parked(Job(job_id=run.task_id, job_name=name, cluster="local",
                          working_directory=run.parameters.directory))
"""
DAG = """
application_type: park
description: waits for a job that does not end
tasks:
  wait: {{kind: park, parameters: {{directory: "{directory}", record: "{record}\\n"}}}}
"""


class CountingResources:
    """Counts the commands that go to a cluster."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.commands = 0
        self.seconds: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resources, name)

    def shell(self, name: str) -> Any:
        return _CountingShell(self._resources.shell(name), self)


class _CountingShell:
    def __init__(self, shell: Any, counter: CountingResources) -> None:
        self._shell = shell
        self._counter = counter

    def run(self, *arguments: Any, **keywords: Any) -> Any:
        begin = time.perf_counter()
        result = self._shell.run(*arguments, **keywords)
        self._counter.commands += 1
        self._counter.seconds.append(time.perf_counter() - begin)
        return result


class CountingInstallation(Installation):
    """An installation whose commands are counted."""

    counted: CountingResources | None = None

    @property
    def resources(self) -> Any:
        if self.counted is None:
            self.counted = CountingResources(super().resources)
        return self.counted


def resident_mib() -> float:
    """Memory of this process that is in RAM now. Source: proc(5), /proc/self/statm."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    """Park, watch and count."""
    with tempfile.TemporaryDirectory() as root:
        directory = Path(root)
        info = directory / "plugins" / "park_plugin-1.0.dist-info"
        info.mkdir(parents=True)
        (info.parent / "park_plugin.py").write_text(MODULE)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: park-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[airavata_workload.tasks]\npark = park_plugin:Park\n")
        sys.path.insert(0, str(info.parent))
        sleeper = subprocess.Popen(["sleep", "900"])
        try:
            measure(directory, sleeper.pid)
        finally:
            sleeper.kill()
            sleeper.wait()


def measure(directory: Path, pid: int) -> None:
    """Print the figures."""
    jobs = directory / "jobs"
    jobs.mkdir()
    start = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    host = Path("/proc/sys/kernel/hostname").read_text().strip()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    settings = load_settings(home=directory / "home", monitor_max_poll_interval_s=INTERVAL_S)
    with CountingInstallation(settings, service="bench", private=True) as installation:
        text = DAG.format(directory=jobs, record=f"{host} {boot} {pid} {start}")
        installation.graph.save_abstract(parse_dag(text, Path("bench.yaml"), parameter_models()))
        engine = installation.engine(adopt_orphans=False)
        engine.start()
        before_mib = resident_mib()
        for _ in range(JOBS // 1000):
            installation.workload().submit([experiment(directory, "park")] * 1000)
        end_s = time.monotonic() + 600
        while engine.capabilities()["monitor"]["jobs"] < JOBS:
            if time.monotonic() > end_s:
                raise TimeoutError(f"only {engine.capabilities()['monitor']['jobs']} of {JOBS} jobs are parked")
            threading.Event().wait(0.2)
        threading.Event().wait(8 * INTERVAL_S)  # until the interval has grown to its greatest length
        counted = installation.counted
        commands, begin = counted.commands, time.monotonic()
        threading.Event().wait(4 * INTERVAL_S)
        asked = counted.commands - commands
        took_s = counted.seconds[-1]
        intervals = (time.monotonic() - begin) / (INTERVAL_S + took_s)
        figure(f"{JOBS} parked jobs, memory of the process", resident_mib(), "MiB", "<= 300", before_mib, "MiB before")
        figure(f"{JOBS} parked jobs, status queries an interval", asked / intervals, "queries", "1")
        figure(f"{JOBS} parked jobs, duration of one status query", took_s, "s", "-")
        engine.stop(10.0)


if __name__ == "__main__":
    main()
