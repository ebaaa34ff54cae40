"""The suite of the port on a real Slurm behind a real OpenSSH server, and what is particular to Slurm."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping

import pytest

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import SubmissionRejectedError
from airavata_workload.domain.job import Job, JobDescription, JobReport, ResourceRequest
from airavata_workload.domain.states import JobState
from airavata_workload.ports.batch_system import BatchSystem, exit_code_file
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.live_batch_system_suite import LiveBatchSystemSuite, new_job_name
from airavata_workload.testing.machines import Machines

pytestmark = pytest.mark.server


class TestSlurmOverSsh(LiveBatchSystemSuite):
    end_timeout_s = 60.0

    @pytest.fixture(autouse=True)
    def _machine(self, slurm_cluster: Cluster, servers: Mapping[str, str]) -> Iterator[None]:
        self._machines = Machines([slurm_cluster])
        self._name = slurm_cluster.name
        self._scratch = f"{slurm_cluster.scratch_directory}/slurm-{uuid.uuid4().hex}"
        self._servers = servers
        self.act(f"mkdir -- '{self._scratch}'")
        yield
        self.act(f"until rm -rf -- '{self._scratch}'; do sleep 0.2; done")  # jobs may still write there
        self._machines.close()

    def shell(self) -> RemoteShell:
        return self._machines.shell(self._name)

    def batch_system(self) -> BatchSystem:
        return self._machines.batch_system(self._name)

    def directory(self) -> str:
        return self._scratch

    def as_administrator(self, *command: str) -> None:
        """Run a command of Slurm as this user, who started Slurm and is its administrator."""
        environment = {**os.environ, "SLURM_CONF": self._servers["SLURM_CONF"]}
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)

    def by_accounting(self, job: Job, *states: JobState) -> JobReport:
        """Wait until accounting, which lags behind, reports the job in one of the states."""
        system = self.batch_system()
        script = system.accounting_script([job])
        assert script is not None
        end_s = time.monotonic() + self.end_timeout_s
        while True:
            report = system.parse_accounting([job], self.shell().run(script)).get(job.job_id)
            if report is not None and report.state in states:
                return report
            assert time.monotonic() < end_s, f"accounting last said {report}"
            time.sleep(0.2)

    def wait_for_file(self, job: Job, name: str) -> None:
        """Wait until the job has made a file."""
        script = f'until [ -e "{job.working_directory}/{name}" ]; do sleep 0.1; done'
        self.shell().run(script, timeout_s=60).require_success(f"Waiting for {name}")

    def test_accounting_agrees_with_the_queue(self) -> None:
        job = self.submit(["sh", "-c", "exit 3"])
        assert self.until(job, JobState.FAILED).exit_code == 3
        assert self.by_accounting(job, JobState.FAILED).exit_code == 3

    def test_the_exit_code_file_speaks_for_a_job_that_the_queue_has_forgotten(self) -> None:
        """Slurm forgets jobs after minutes; a job that it never knew under this id stands for one."""
        job = self.submit(["sh", "-c", "exit 4"])
        self.until(job, JobState.FAILED)
        forgotten = Job(
            job_id="99999999",
            job_name=job.job_name,
            cluster=job.cluster,
            working_directory=job.working_directory,
        )
        report = self.reports([forgotten, job])[forgotten.job_id]
        assert (report.state, report.exit_code) == (JobState.FAILED, 4)

    def test_an_administrator_cancels_a_job(self) -> None:
        job = self.submit(["sh", "-c", "touch started; sleep 600"])
        self.wait_for_file(job, "started")
        self.as_administrator("scancel", job.job_id)
        self.until(job, JobState.CANCELED)
        assert self.by_accounting(job, JobState.CANCELED).reason == "by the administrator (user 0)"

    @pytest.mark.slow
    @pytest.mark.timeout(240)
    def test_a_job_is_stopped_after_its_wall_time(self) -> None:
        """A minute is the shortest that Slurm knows, so its administrator shortens the time of a running job."""
        job = self.submit(["sleep", "600"], resources=ResourceRequest(wall_time_s=600))
        self.until(job, JobState.ACTIVE)
        self.as_administrator("scontrol", "update", f"JobId={job.job_id}", "TimeLimit=0-00:00:01")
        end_s = time.monotonic() + 180
        while (report := self.reports([job])[job.job_id]).state is JobState.ACTIVE:
            assert time.monotonic() < end_s, report
            time.sleep(0.5)
        assert report.state is JobState.FAILED
        assert report.reason.startswith("it was stopped after its wall time")
        assert self.text(job, exit_code_file(job.job_name)).split() == ["143", "TERM"]

    def test_a_pending_job_says_why_it_waits(self) -> None:
        job = self.submit(["true"], directives=("--begin=now+1hour",))
        assert self.until(job, JobState.QUEUED).reason == "its earliest start time is not reached (BeginTime)"
        self.act(self.batch_system().cancel_script([job]))
        self.until_cancelled(job)

    def test_a_pending_job_is_held_and_released(self) -> None:
        job = self.submit(["true"], directives=("--hold",))
        assert self.until(job, JobState.QUEUED).reason == "it is held (JobHeldUser)"
        self.act(self.batch_system().release_script([job]))
        self.until(job, JobState.COMPLETE)
        self.act(self.batch_system().release_script([job]))

    def test_a_job_is_queued_again_and_runs_again(self) -> None:
        job = self.submit(["sh", "-c", "if [ -e again ]; then exit 0; fi; touch again; sleep 600"])
        self.until(job, JobState.ACTIVE)
        self.wait_for_file(job, "again")
        self.as_administrator("scontrol", "requeue", job.job_id)
        self.until(job, JobState.QUEUED)  # Slurm has it wait for two minutes now
        # Sooner than in the next second, Slurm takes the second run for the first, which it has revoked.
        self.as_administrator("scontrol", "update", f"JobId={job.job_id}", "StartTime=now+2")
        assert self.until(job, JobState.COMPLETE).exit_code == 0

    def test_a_second_job_of_the_same_name_does_nothing(self) -> None:
        """Should one ever be submitted twice, by whatever way: the first to start is the job."""
        job = self.submit(["sh", "-c", "echo ran >>ran"])
        self.until(job, JobState.COMPLETE)
        system = self.batch_system()
        path = f"{job.working_directory}/{job.job_name}{system.script_suffix}"
        second = system.parse_job_id(self.shell().run(system.submit_script(job.job_name, path)))
        assert second != job.job_id
        end_s = time.monotonic() + 30
        while "Nothing is done" not in self.text(job, "err file"):
            assert time.monotonic() < end_s
            time.sleep(0.2)
        assert self.text(job, "ran") == "ran\n"
        assert self.found(job) == job.job_id
        assert self.reports([job])[job.job_id].state is JobState.COMPLETE

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"queue": "nosuch"}, "Invalid partition name"),
            ({"memory_mib": 99_999_999}, "node configuration is not available"),
            ({"reservation": "nosuch"}, "Requested reservation is invalid"),
        ],
    )
    def test_a_job_that_slurm_rejects(self, asked: dict[str, str | int], said: str) -> None:
        with pytest.raises(SubmissionRejectedError, match=said):
            self.submit(["true"], resources=ResourceRequest(**asked))  # type: ignore[arg-type]

    def test_awkward_file_names_pass_through_slurms_own_parser(self) -> None:
        name = new_job_name()
        directory = f"{self._scratch}/{name}"
        for index, file_name in enumerate(["a b", "100%j", "it's", 'say "hi"', "#1", "ünï", "$(id)", "a;b&c"]):
            one = JobDescription(
                job_name=f"{name}{index}",
                working_directory=directory,
                commands=(("echo", "hello"),),
                stdout=file_name,
                stderr=f"{file_name}.err",
            )
            system = self.batch_system()
            path = f"{directory}/{one.job_name}.slurm"
            script = system.job_script(one).encode()
            self.shell().run(f"mkdir -p '{directory}' && cat >'{path}'", stdin=script).require_success("Writing")
            job_id = system.parse_job_id(self.shell().run(system.submit_script(one.job_name, path)))
            job = Job(job_id=job_id, job_name=one.job_name, cluster=self._name, working_directory=directory)
            self.until(job, JobState.COMPLETE)
            assert self.text(job, file_name) == "hello\n"

    def test_ten_thousand_jobs_are_one_question(self) -> None:
        job = self.submit(["true"])
        self.until(job, JobState.COMPLETE)
        others = [
            Job(job_id=str(10**7 + index), job_name="A", cluster=self._name, working_directory=f"/nowhere/{index}")
            for index in range(10_000)
        ]
        system = self.batch_system()
        result = self.shell().run(system.status_script([*others, job]), timeout_s=60)
        assert set(system.parse_status([*others, job], result)) == {job.job_id}
