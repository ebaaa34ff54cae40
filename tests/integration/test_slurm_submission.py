"""The plugin ``job-submission`` on a real Slurm behind a real OpenSSH server: one job, whatever happens."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from airavata_plugins.job_submission import JobSubmission, JobSubmissionParameters
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import HostUnreachableError, TaskCancelled
from airavata_workload.domain.outcome import Completed, Deferred, Failed, Parked
from airavata_workload.testing.machines import Machines
from airavata_workload.testing.task_run import RecordedTaskRun

pytestmark = pytest.mark.server


class Site:
    """The cluster, a directory there, and attempts at one task."""

    def __init__(self, cluster: Cluster, tmp_path: Any) -> None:
        self.cluster = cluster
        self.directory = f"{cluster.scratch_directory}/submission {uuid.uuid4().hex}"
        self.task_id = f"TASK_{uuid.uuid4()}"
        self.machines = Machines([cluster])
        self._tmp_path = tmp_path

    def run(self, **values: Any) -> RecordedTaskRun[JobSubmissionParameters]:
        parameters = {"directory": self.directory, "commands": [["sleep", "300"]], **values}
        return RecordedTaskRun(
            JobSubmissionParameters.model_validate(parameters),
            self._tmp_path,
            self.machines,
            resource=self.cluster.name,
            task_id=self.task_id,
        )

    def shell(self, script: str) -> str:
        return self.machines.shell(self.cluster.name).run(script).require_success("A command of the test").text

    def jobs(self, name: str) -> list[str]:
        """The ids of all jobs of that name that Slurm has."""
        return self.shell(f"squeue --noheader --states=all --name={name} --format=%i").split()


@pytest.fixture
def site(slurm_cluster: Cluster, tmp_path: Any) -> Iterator[Site]:
    made = Site(slurm_cluster, tmp_path)
    yield made
    made.shell(
        f"cd '{made.directory}' 2>/dev/null || exit 0; "
        'for script in *.slurm; do scancel --quiet --name="${script%.slurm}"; done; '
        f"cd / && until rm -rf -- '{made.directory}'; do sleep 0.2; done"  # the jobs may still write there
    )
    made.machines.close()


def test_a_job_is_submitted_and_adopted(site: Site) -> None:
    run = site.run()
    first = JobSubmission().execute(run)
    again = JobSubmission().recover(run.next_attempt())
    assert isinstance(first, Completed)
    assert isinstance(again, Completed)
    assert again.outputs["job_id"] == first.outputs["job_id"]
    assert site.jobs(first.outputs["job_name"]) == [first.outputs["job_id"]]


@pytest.mark.parametrize("lost", ["lose_request_at_use", "lose_answer_at_use"])
def test_a_connection_that_breaks_makes_no_second_job(site: Site, lost: str) -> None:
    run = site.run(wait=True)
    setattr(run.recording, lost, 1)
    with pytest.raises(HostUnreachableError):
        JobSubmission().execute(run)
    outcome = JobSubmission().recover(run.next_attempt())
    assert isinstance(outcome, Parked)
    assert site.jobs(outcome.job.job_name) == [outcome.job.job_id]


def test_a_lost_record_is_made_good_by_a_look_up(site: Site) -> None:
    """As after a crash of the login node between sbatch and its record."""
    run = site.run()
    first = JobSubmission().execute(run)
    assert isinstance(first, Completed)
    records = f"'{site.directory}'/.{first.outputs['job_name']}.submit"
    site.shell(f"cd {records} && rm 1.code 1.out && touch 1.out")
    again = JobSubmission().recover(run.next_attempt())
    assert isinstance(again, Completed)
    assert again.outputs["job_id"] == first.outputs["job_id"]
    assert site.shell(f"cat {records}/id").strip() == first.outputs["job_id"]


def test_eight_workers_at_once_submit_one_job(site: Site) -> None:
    first = site.run()
    first.announce(
        {"job_name": f"A{uuid.uuid4().hex[:14]}", "working_directory": site.directory, "cluster": site.cluster.name}
    )
    runs = [first]
    for _ in range(7):
        runs.append(runs[-1].next_attempt())

    def submit(run: RecordedTaskRun[JobSubmissionParameters]) -> str:
        for _ in range(20):
            outcome = JobSubmission().execute(run)
            if isinstance(outcome, Completed):
                return str(outcome.outputs["job_id"])
            assert isinstance(outcome, Deferred), outcome
        raise AssertionError("it never became sure")

    with ThreadPoolExecutor(8) as pool:
        (job_id,) = set(pool.map(submit, runs))
    assert first.intent is not None
    assert site.jobs(first.intent["job_name"]) == [job_id]


def test_slurm_says_why_it_refuses(site: Site) -> None:
    outcome = JobSubmission().execute(site.run(resources={"queue": "nosuch"}))
    assert isinstance(outcome, Failed)
    assert "Invalid partition name specified" in outcome.user_message


def test_a_refused_job_can_be_submitted_when_its_cause_is_mended(site: Site) -> None:
    run = site.run(resources={"memory_mib": 99_999_999})
    assert isinstance(JobSubmission().execute(run), Failed)
    mended = run.next_attempt()
    mended.parameters = site.run().parameters
    outcome = JobSubmission().recover(mended)
    assert isinstance(outcome, Completed)
    assert outcome.outputs["job_id"] in site.jobs(outcome.outputs["job_name"])


def test_cancelling_ends_the_job_and_forbids_another(site: Site) -> None:
    run = site.run()
    outcome = JobSubmission().execute(run)
    assert isinstance(outcome, Completed)
    JobSubmission().cancel(run)
    state = f"squeue --noheader --states=all --jobs={outcome.outputs['job_id']} --format=%T"
    site.shell(f'until [ "$({state})" = CANCELLED ]; do sleep 0.1; done')
    assert site.jobs(outcome.outputs["job_name"]) == [outcome.outputs["job_id"]]


def test_cancelling_before_the_submission_leaves_no_job(site: Site) -> None:
    run = site.run()
    name = f"A{uuid.uuid4().hex[:14]}"
    run.announce({"job_name": name, "working_directory": site.directory, "cluster": site.cluster.name})
    JobSubmission().cancel(run)
    with pytest.raises(TaskCancelled):
        JobSubmission().execute(run)
    assert site.jobs(name) == []
