"""Our batch systems in the suites that third parties run over theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airavata_adapters.batch_systems.fork import Fork
from airavata_adapters.batch_systems.slurm import Slurm
from airavata_workload.ports.batch_system import BatchSystem
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.batch_system_suite import BatchSystemSuite
from airavata_workload.testing.live_batch_system_suite import LiveBatchSystemSuite
from airavata_workload.testing.machines import Machines, local_cluster


class TestForkScripts(BatchSystemSuite):
    batch_system_class = Fork
    job_id = "host.4711."


class TestSlurmScripts(BatchSystemSuite):
    batch_system_class = Slurm


class TestForkJobs(LiveBatchSystemSuite):
    """Real jobs on this machine."""

    end_timeout_s = 30.0

    @pytest.fixture(autouse=True)
    def machine(self, tmp_path: Path) -> Iterator[None]:
        self._machines = Machines([local_cluster(tmp_path)])
        yield
        self._machines.close()

    def shell(self) -> RemoteShell:
        return self._machines.shell("here")

    def batch_system(self) -> BatchSystem:
        return self._machines.batch_system("here")

    def directory(self) -> str:
        return self._machines.cluster("here").scratch_directory
