"""The example's batch system: in the suites of airavata-workload, and with real jobs on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from airavata_workload_example.at_once import AtOnce

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import (
    ParameterError,
    SubmissionRejectedError,
    SubmissionUncertainError,
    UnavailableError,
)
from airavata_workload.domain.job import Job, JobDescription, JobReport, ResourceRequest
from airavata_workload.domain.states import JOB_ENDS, JobState
from airavata_workload.ports.batch_system import exit_code_file
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell
from airavata_workload.testing.batch_system_suite import BatchSystemSuite
from airavata_workload.testing.live_batch_system_suite import LiveBatchSystemSuite
from airavata_workload.testing.machines import Machines, local_cluster

AWKWARD = 'it\'s $(touch ran) \n"ü"'


class TestScripts(BatchSystemSuite):
    batch_system_class = AtOnce
    job_id = "Ajob"


class TestLive(LiveBatchSystemSuite):
    @pytest.fixture(autouse=True)
    def machine(self, tmp_path: Path) -> Iterator[None]:
        self.cluster = replace(local_cluster(tmp_path), batch_system="at-once")
        self.machines = Machines([self.cluster])
        self.folder = tmp_path
        yield
        self.machines.close()

    def shell(self) -> RemoteShell:
        return self.machines.shell("here")

    def batch_system(self) -> AtOnce:
        return AtOnce(self.cluster)

    def directory(self) -> str:
        return str(self.folder)


class Queue:
    """The batch system and the machine on which it runs."""

    def __init__(self, cluster: Cluster, shell: RemoteShell, directory: Path) -> None:
        self.batch_system = AtOnce(cluster)
        self.shell = shell
        self.directory = directory

    def submit(self, name: str, *commands: tuple[str, ...], wall_time_s: int | None = None) -> Job:
        working_directory = self.directory / name
        working_directory.mkdir(exist_ok=True)
        description = JobDescription(
            job_name=name,
            working_directory=str(working_directory),
            commands=commands,
            stdout="job.out",
            stderr="job.err",
            environment={"GREETING": AWKWARD},
            resources=ResourceRequest(wall_time_s=wall_time_s),
        )
        script = working_directory / "job.sh"
        script.write_text(self.batch_system.job_script(description))
        job_id = self.batch_system.parse_job_id(self.shell.run(self.batch_system.submit_script(name, str(script))))
        return Job(job_id=job_id, job_name=name, cluster="here", working_directory=str(working_directory))

    def report(self, job: Job) -> JobReport:
        reports = self.batch_system.parse_status([job], self.shell.run(self.batch_system.status_script([job])))
        return reports[job.job_id]

    def wait_for(self, job: Job, *states: JobState) -> JobReport:
        deadline_s = time.monotonic() + 30
        while time.monotonic() < deadline_s:
            report = self.report(job)
            if report.state in states:
                return report
            time.sleep(0.02)
        raise AssertionError(f"{job.job_name} is {report.state}, not one of {states}")

    def cancel(self, *jobs: Job) -> None:
        assert self.shell.run(self.batch_system.cancel_script(jobs)).exit_code == 0


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    cluster = replace(local_cluster(tmp_path), batch_system="at-once")
    machines = Machines([cluster])
    yield Queue(cluster, machines.shell("here"), tmp_path)
    machines.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Jobs that read the pipe ``gate`` wait until the test opens it."""
    import os

    os.mkfifo(tmp_path / "gate")
    descriptor = os.open(tmp_path / "gate", os.O_RDWR)
    yield lambda: os.write(descriptor, b"go\n") and None
    os.close(descriptor)


def waiting(queue: Queue) -> tuple[str, ...]:
    return ("sh", "-c", 'read -r line <"$1"', "wait", str(queue.directory / "gate"))


def test_a_job_runs_and_leaves_its_output_and_exit_code(queue: Queue) -> None:
    job = queue.submit("Aone", ("printf", "%s", AWKWARD), ("sh", "-c", 'printf %s "$GREETING" >&2'))
    report = queue.wait_for(job, *JOB_ENDS)
    assert (report.state, report.exit_code) == (JobState.COMPLETE, 0)
    assert (queue.directory / "Aone" / "job.out").read_text() == AWKWARD
    assert (queue.directory / "Aone" / "job.err").read_text() == AWKWARD
    assert (queue.directory / "Aone" / exit_code_file("Aone")).read_text() == "0\n"
    assert not list(queue.directory.rglob("ran"))


def test_the_first_command_that_fails_ends_the_job(queue: Queue) -> None:
    job = queue.submit("Aone", ("sh", "-c", "exit 3"), ("touch", "second"))
    report = queue.wait_for(job, *JOB_ENDS)
    assert (report.state, report.exit_code) == (JobState.FAILED, 3)
    assert not (queue.directory / "Aone" / "second").exists()
    assert (queue.directory / "Aone" / exit_code_file("Aone")).read_text() == "3\n"


def test_words_of_the_shell_are_words_of_the_command(queue: Queue) -> None:
    for name, command in (("Aif", ("if", "true")), ("Aset", ("A=b", "true")), ("Abrace", ("{", "true"))):
        report = queue.wait_for(queue.submit(name, command), *JOB_ENDS)
        assert report.exit_code == 127, "there is no such program"


def test_one_job_at_a_time(queue: Queue, gate: Callable[[], None]) -> None:
    first = queue.submit("Afirst", waiting(queue))
    queue.wait_for(first, JobState.ACTIVE)
    second = queue.submit("Asecond", ("true",))
    assert queue.report(second).state is JobState.QUEUED
    gate()
    queue.wait_for(first, JobState.COMPLETE)
    queue.wait_for(second, JobState.COMPLETE)


def test_a_job_is_submitted_once_however_often_it_is_tried(queue: Queue) -> None:
    program = ("sh", "-c", "echo ran >>count")
    for _attempt in range(3):
        job = queue.submit("Aone", program)
        queue.wait_for(job, JobState.COMPLETE)
    assert (queue.directory / "Aone" / "count").read_text() == "ran\n"


def test_a_job_is_found_by_its_name(queue: Queue) -> None:
    job = queue.submit("Aone", ("true",))
    look = queue.batch_system.find_script("Aone")
    assert queue.batch_system.parse_found("Aone", queue.shell.run(look)) == job.job_id
    other = queue.batch_system.find_script("Aother")
    assert queue.batch_system.parse_found("Aother", queue.shell.run(other)) is None


def test_running_and_waiting_jobs_can_be_cancelled(queue: Queue, gate: Callable[[], None]) -> None:
    running, pending = queue.submit("Arunning", waiting(queue)), queue.submit("Apending", ("touch", "ran-anyway"))
    queue.wait_for(running, JobState.ACTIVE)
    queue.cancel(pending, running)
    assert queue.wait_for(running, *JOB_ENDS).state is JobState.CANCELED
    assert queue.wait_for(pending, *JOB_ENDS).state is JobState.CANCELED
    queue.cancel(running)  # not an error
    after = queue.submit("Aafter", ("true",))
    queue.wait_for(after, JobState.COMPLETE)
    queue.cancel(after)
    assert queue.report(after).state is JobState.COMPLETE
    assert not list(queue.directory.rglob("ran-anyway"))


def test_a_job_that_takes_too_long_is_killed(queue: Queue) -> None:
    report = queue.wait_for(queue.submit("Aslow", ("sleep", "60"), wall_time_s=1), *JOB_ENDS)
    assert report.state is JobState.FAILED
    assert "wall time" in report.reason


def test_a_job_whose_process_is_gone_is_lost(queue: Queue, gate: Callable[[], None]) -> None:
    job = queue.submit("Aone", waiting(queue))
    queue.wait_for(job, JobState.ACTIVE)
    queue.shell.run(f"kill -s KILL -- -$(cat '{queue.batch_system.cluster.scratch_directory}/.at-once/Aone/process')")
    report = queue.wait_for(job, *JOB_ENDS)
    assert (report.state, report.native_state) == (JobState.FAILED, "LOST")


def test_a_script_that_is_not_there_is_rejected(queue: Queue) -> None:
    result = queue.shell.run(queue.batch_system.submit_script("Aone", "/no/such/script"))
    with pytest.raises(SubmissionRejectedError, match="/no/such/script"):
        queue.batch_system.parse_job_id(result)


def test_silence_is_not_a_result(queue: Queue) -> None:
    unknown = Job(job_id="Aunknown", job_name="Aunknown", cluster="here", working_directory="/")
    result = queue.shell.run(queue.batch_system.status_script([unknown]))
    assert queue.batch_system.parse_status([unknown], result) == {}
    cut_short = CommandResult(exit_code=0, stdout=b"job Aunknown DO", stderr=b"")
    with pytest.raises(UnavailableError):
        queue.batch_system.parse_status([unknown], cut_short)
    with pytest.raises(SubmissionUncertainError):
        queue.batch_system.parse_found("Aunknown", cut_short)
    with pytest.raises(SubmissionUncertainError):
        queue.batch_system.parse_job_id(cut_short)


def test_names_that_would_lead_out_of_the_queue_are_refused(queue: Queue) -> None:
    for name in ("../x", "a b", "", "$(ls)"):
        with pytest.raises(ParameterError):
            queue.batch_system.find_script(name)


def test_it_says_whether_it_works(queue: Queue) -> None:
    assert queue.shell.run(queue.batch_system.check_script()).exit_code == 0
    assert queue.batch_system.job_state("NO SUCH WORD") is JobState.UNKNOWN
