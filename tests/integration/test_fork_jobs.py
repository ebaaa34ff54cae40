"""Jobs of the fork batch system: real ones, on this machine and behind a real OpenSSH server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.job import Job, ResourceRequest
from airavata_workload.domain.states import JobState
from airavata_workload.ports.batch_system import BatchSystem, exit_code_file
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.live_batch_system_suite import LiveBatchSystemSuite
from airavata_workload.testing.machines import Machines, local_cluster

pytestmark = pytest.mark.server


class ForkJobs(LiveBatchSystemSuite):
    """The suite, and what is particular to jobs without a batch system."""

    end_timeout_s = 30.0
    machines: Machines
    name: str
    scratch: str

    def shell(self) -> RemoteShell:
        return self.machines.shell(self.name)

    def batch_system(self) -> BatchSystem:
        return self.machines.batch_system(self.name)

    def directory(self) -> str:
        return self.scratch

    def leader(self, job: Job) -> int:
        """The process id of the job's leader."""
        return int(job.job_id.split(".")[-2])

    def test_the_wall_time_ends_a_job(self) -> None:
        job = self.submit(["sleep", "600"], resources=ResourceRequest(wall_time_s=1))
        report = self.until(job, JobState.FAILED)
        assert report.reason == "it was stopped after its wall time"
        assert report.native_state == "time"

    def test_the_wall_time_ends_a_job_that_does_not_listen(self) -> None:
        deaf = 'trap "" TERM; while :; do sleep 1; done'
        job = self.submit(["sh", "-c", deaf], resources=ResourceRequest(wall_time_s=1))
        assert self.until(job, JobState.FAILED).native_state == "time"

    def test_a_job_within_its_wall_time_leaves_no_process_behind(self) -> None:
        job = self.submit(["sh", "-c", "sleep 500 & echo done"], resources=ResourceRequest(wall_time_s=500))
        self.until(job, JobState.COMPLETE)
        end_s = time.monotonic() + 10
        while self.shell().run(f"kill -s 0 -- -{self.leader(job)}").exit_code == 0:
            assert time.monotonic() < end_s, "the watcher of the wall time, or what the command left, goes on"
            time.sleep(0.05)

    def test_a_job_that_does_not_listen_is_cancelled_all_the_same(self) -> None:
        job = self.submit(["sh", "-c", 'trap "" TERM; echo >deaf; while :; do sleep 1; done'])
        self.wait_for_file(job, "deaf")
        self.act(self.batch_system().cancel_script([job]))
        assert self.reports([job])[job.job_id].state is JobState.ACTIVE, "asked to end, and not over yet"
        assert self.until(job, JobState.CANCELED).native_state == "cancelled"

    def test_a_leader_that_is_killed_leaves_a_failed_job(self) -> None:
        job = self.submit(["sleep", "600"])
        self.until(job, JobState.ACTIVE)
        self.act(f"kill -s KILL -- -{self.leader(job)}")
        report = self.until(job, JobState.FAILED)
        assert report.native_state == "gone"
        assert "killed" in report.reason

    def test_a_held_job_is_suspended_and_goes_on_when_released(self) -> None:
        job = self.submit(["sh", "-c", "echo >started; sleep 0.3; echo on"])
        self.wait_for_file(job, "started")
        self.act(self.batch_system().hold_script([job]))
        self.until(job, JobState.SUSPENDED)
        self.act(self.batch_system().release_script([job]))
        self.until(job, JobState.COMPLETE)
        assert self.text(job, "out file") == "on\n"

    def test_a_suspended_job_can_be_cancelled(self) -> None:
        job = self.submit(["sleep", "600"])
        self.act(self.batch_system().hold_script([job]))
        self.until(job, JobState.SUSPENDED)
        self.act(self.batch_system().cancel_script([job]))
        self.until(job, JobState.CANCELED)

    def test_a_job_survives_the_connection(self) -> None:
        job = self.submit(["sh", "-c", "until [ -e 'go on' ]; do sleep 0.05; done"])
        self.shell().close()
        self.until(job, JobState.ACTIVE)
        self.act(f'echo >"{job.working_directory}/go on"')
        self.until(job, JobState.COMPLETE)

    def test_many_jobs_are_cancelled_by_one_command(self) -> None:
        jobs = [self.submit(["sleep", "600"]) for _ in range(10)]
        self.act(self.batch_system().cancel_script(jobs))
        for job in jobs:
            self.until(job, JobState.CANCELED)

    def wait_for_file(self, job: Job, name: str) -> None:
        """Wait until the job has made a file."""
        script = f'until [ -e "{job.working_directory}/{name}" ]; do sleep 0.02; done'
        self.shell().run(script, timeout_s=30).require_success(f"Waiting for {name}")


class TestForkHere(ForkJobs):
    """On this machine, without SSH."""

    @pytest.fixture(autouse=True)
    def _machine(self, tmp_path: Path) -> Iterator[None]:
        cluster = local_cluster(tmp_path)
        self.machines, self.name, self.scratch = Machines([cluster]), cluster.name, cluster.scratch_directory
        yield
        self.machines.close()


class TestForkOverSsh(ForkJobs):
    """Behind a real OpenSSH server."""

    @pytest.fixture(autouse=True)
    def _machine(self, ssh_cluster: Cluster) -> Iterator[None]:
        self.machines, self.name = Machines([ssh_cluster]), ssh_cluster.name
        self.scratch = f"{ssh_cluster.scratch_directory}/fork-{uuid.uuid4().hex}"
        self.act(f"mkdir -- '{self.scratch}'")
        yield
        self.act(f"until rm -rf -- '{self.scratch}'; do sleep 0.2; done")  # jobs may still write there
        self.machines.close()


SUBMITTER = """
import sys
from pathlib import Path
from airavata_plugins.job_submission import JobSubmission, JobSubmissionParameters
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun

directory = Path(sys.argv[1])
machines = Machines([local_cluster(directory)])
parameters = JobSubmissionParameters(
    directory=str(directory / "work"), commands=[["sh", "-c", "until [ -e 'go on' ]; do sleep 0.05; done"]]
)
print(JobSubmission().execute(RecordedTaskRun(parameters, directory, machines)).outputs["job_id"], flush=True)
sys.stdin.read()
"""


def test_a_job_survives_the_death_of_the_whole_engine(tmp_path: Path) -> None:
    engine = subprocess.Popen(
        [sys.executable, "-c", SUBMITTER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert engine.stdout is not None
    job_id = engine.stdout.readline().strip()
    os.killpg(engine.pid, signal.SIGKILL)
    engine.communicate()
    (process_file,) = (tmp_path / "work").glob(".*.process")
    name = process_file.name.split(".")[1]
    job = Job(job_id=job_id, job_name=name, cluster="here", working_directory=str(tmp_path / "work"))
    machines = Machines([local_cluster(tmp_path)])
    with contextlib.closing(machines):
        system, shell = machines.batch_system("here"), machines.shell("here")

        def state() -> JobState:
            return system.parse_status([job], shell.run(system.status_script([job])))[job_id].state

        assert state() is JobState.ACTIVE
        (tmp_path / "work" / "go on").touch()
        end_s = time.monotonic() + 30
        while state() is JobState.ACTIVE:
            assert time.monotonic() < end_s
            time.sleep(0.02)
        assert state() is JobState.COMPLETE
    assert (tmp_path / "work" / exit_code_file(name)).read_text().split() == ["0", "exit"]
