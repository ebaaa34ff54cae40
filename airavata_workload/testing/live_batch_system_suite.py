"""The conformance suite of the port ``BatchSystem`` that submits real jobs.

Derive a class whose name starts with ``Test``, give it what the abstract
methods ask for, and let pytest run it. Needs the extra ``testing`` of this
distribution.
"""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

from airavata_workload.domain.errors import SubmissionRejectedError
from airavata_workload.domain.job import Job, JobDescription, JobReport
from airavata_workload.domain.states import JOB_ENDS, JobState
from airavata_workload.ports.batch_system import BatchSystem, exit_code_file
from airavata_workload.ports.remote_shell import RemoteShell


def new_job_name() -> str:
    """A job name that was never used before, of the length that the engine's have."""
    return "A" + secrets.token_hex(7)


class LiveBatchSystemSuite(ABC):
    """Checks one batch system with real jobs."""

    end_timeout_s: ClassVar[float] = 60.0
    """How long a short job may take to start and to end."""

    @abstractmethod
    def shell(self) -> RemoteShell:
        """A shell on a machine where the batch system answers."""

    @abstractmethod
    def batch_system(self) -> BatchSystem:
        """The batch system, for that machine."""

    @abstractmethod
    def directory(self) -> str:
        """An absolute directory there that exists and may be written to."""

    def test_it_says_how_busy_it_is_or_that_it_cannot(self) -> None:
        script = self.batch_system().load_script()
        if script is not None:
            load = self.batch_system().parse_load(self.shell().run(script))
            assert load.cpu_count > 0
            assert min(load.jobs_running, load.jobs_pending) >= 0

    # -- tools --------------------------------------------------------------------------

    def submit(self, *commands: Sequence[str], **values: Any) -> Job:
        """Submit a job in a directory of its own."""
        name = new_job_name()
        directory = f"{self.directory()}/{name} it's"
        description = JobDescription(
            job_name=name,
            working_directory=directory,
            commands=tuple(tuple(command) for command in commands),
            stdout="out file",
            stderr="err file",
            **values,
        )
        system = self.batch_system()
        path = f"{directory}/{name}{system.script_suffix}"
        quoted = path.replace("'", "'\"'\"'")
        writing = f"mkdir -p -- \"$(dirname -- '{quoted}')\" && cat >'{quoted}'"
        self.shell().run(writing, stdin=system.job_script(description).encode()).require_success("Writing")
        job_id = system.parse_job_id(self.shell().run(system.submit_script(name, path)))
        return Job(
            job_id=job_id,
            job_name=name,
            cluster=system.cluster.name,
            working_directory=directory,
            stdout="out file",
            stderr="err file",
        )

    def reports(self, jobs: Sequence[Job]) -> Mapping[str, JobReport]:
        """What the queue and, for jobs that it does not know, accounting say."""
        system = self.batch_system()
        found = dict(system.parse_status(jobs, self.shell().run(system.status_script(jobs))))
        rest = [job for job in jobs if job.job_id not in found]
        script = system.accounting_script(rest) if rest else None
        if script is not None:
            found |= system.parse_accounting(rest, self.shell().run(script))
        return found

    def until(self, job: Job, *states: JobState) -> JobReport:
        """Wait until the job is in one of the states, and never past the end of the job."""
        end_s = time.monotonic() + self.end_timeout_s
        report = None
        while time.monotonic() < end_s:
            report = self.reports([job]).get(job.job_id)
            if report is not None and report.state in states:
                return report
            assert report is None or report.state not in JOB_ENDS, f"it ended otherwise: {report}"
            time.sleep(0.05)
        raise AssertionError(f"job {job.job_id} was not {states} within {self.end_timeout_s} s; the last was {report}")

    def text(self, job: Job, name: str) -> str:
        """A file in the job's directory."""
        path = f"{job.working_directory}/{name}".replace("'", "'\"'\"'")
        return self.shell().run(f"cat -- '{path}'").require_success(f"Reading {name}").text

    def act(self, script: str | None) -> None:
        """Run a script that must succeed."""
        assert script is not None
        self.shell().run(script).require_success("Acting on jobs")

    def found(self, job: Job) -> str | None:
        """The id under which the job's name is known."""
        system = self.batch_system()
        directory = job.working_directory.replace("'", "'\"'\"'")
        result = self.shell().run(
            f"mkdir -p -- '{directory}' && cd -- '{directory}' && {{ :; }}\n" + system.find_script(job.job_name)
        )
        return system.parse_found(job.job_name, result)

    # -- tests ------------------------------------------------------------------------------

    def test_the_batch_system_answers(self) -> None:
        self.act(self.batch_system().check_script())

    def test_a_job_runs_to_its_end(self) -> None:
        job = self.submit(["sh", "-c", "echo hello; echo problem >&2"], ["printf", "%s", "$(id) ü"])
        report = self.until(job, JobState.COMPLETE)
        assert report.exit_code == 0
        assert self.text(job, "out file") == "hello\n$(id) ü"
        assert self.text(job, "err file") == "problem\n"
        assert self.text(job, exit_code_file(job.job_name)).split()[0] == "0"

    @pytest.mark.parametrize("code", [1, 3, 127, 255])
    def test_a_failed_job_says_its_exit_code(self, code: int) -> None:
        report = self.until(self.submit(["sh", "-c", f"exit {code}"]), JobState.FAILED)
        assert report.exit_code == code

    def test_a_job_whose_program_is_killed_says_so(self) -> None:
        report = self.until(self.submit(["sh", "-c", "kill -9 $$"]), JobState.FAILED)
        assert report.exit_code == 137
        assert "SIGKILL" in report.reason

    def test_a_job_is_found_by_its_name(self) -> None:
        job = self.submit(["sleep", "600"])
        try:
            assert self.found(job) == job.job_id
        finally:
            self.act(self.batch_system().cancel_script([job]))
        self.until(job, JobState.CANCELED)
        assert self.found(job) == job.job_id, "also after its end"

    def test_a_job_that_never_was_is_not_found(self) -> None:
        name = new_job_name()
        job = Job(job_id="", job_name=name, cluster="test", working_directory=f"{self.directory()}/{name}")
        assert self.found(job) is None

    def test_a_running_job_is_active_and_can_be_cancelled(self) -> None:
        job = self.submit(["sh", "-c", "sleep 600"])
        self.until(job, JobState.ACTIVE)
        self.act(self.batch_system().cancel_script([job]))
        report = self.until_cancelled(job)
        assert report.reason

    def until_cancelled(self, job: Job) -> JobReport:
        """Wait until the job is reported as cancelled; it may be active for a while."""
        return self.until(job, JobState.CANCELED)

    def test_cancelling_what_has_ended_is_no_error(self) -> None:
        job = self.submit(["true"])
        self.until(job, JobState.COMPLETE)
        self.act(self.batch_system().cancel_script([job]))
        assert self.reports([job])[job.job_id].state is JobState.COMPLETE

    def test_one_question_is_about_many_jobs(self) -> None:
        jobs = [self.submit(["sh", "-c", f"exit {code}"]) for code in range(5)]
        unknown = Job(job_id="999999999", job_name=new_job_name(), cluster="test", working_directory="/nonexistent")
        for job in jobs:
            self.until(job, JobState.COMPLETE, JobState.FAILED)
        reports = self.reports([*jobs, unknown])
        assert [reports[job.job_id].exit_code for job in jobs] == [0, 1, 2, 3, 4]
        assert unknown.job_id not in reports, "silence is not a result"

    def test_a_script_that_is_not_there_is_refused(self) -> None:
        system = self.batch_system()
        result = self.shell().run(system.submit_script(new_job_name(), f"{self.directory()}/no-such-script"))
        with pytest.raises(SubmissionRejectedError):
            system.parse_job_id(result)
