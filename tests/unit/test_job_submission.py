"""The task plugins ``job-submission`` and ``job-monitoring`` on this machine, with jobs of the fork batch system."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from airavata_adapters.batch_systems.fork import Fork
from airavata_adapters.batch_systems.slurm import Slurm
from airavata_plugins.job_monitoring import JobMonitoring, JobMonitoringParameters
from airavata_plugins.job_submission import JobSubmission, JobSubmissionParameters
from airavata_workload.domain import identifiers
from airavata_workload.domain.cluster import BatchQueue, Cluster
from airavata_workload.domain.errors import (
    CommandTimeoutError,
    SubmissionRejectedError,
    SubmissionUncertainError,
    TaskCancelled,
    UnavailableError,
)
from airavata_workload.domain.job import Job
from airavata_workload.domain.outcome import Completed, Deferred, Failed, Outcome, Parked
from airavata_workload.domain.states import JobState, ProcessState
from airavata_workload.ports.batch_system import BatchSystem, exit_code_file
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun

QUEUE = BatchQueue(name="short", max_wall_time_s=3600, max_node_count=2, max_cpu_count=8, max_memory_mib=1024)


class Ground:
    """This machine as a cluster, and runs on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.cluster = replace(local_cluster(directory), default_queue="short", queues=(QUEUE,))
        self.machines = Machines([self.cluster])
        self.work = Path(self.cluster.scratch_directory) / "process"

    def use(self, batch_system: type[BatchSystem], shell: RemoteShell | None = None) -> None:
        """From now on this is the cluster's batch system, and its shell."""
        self.machines = Machines(
            [self.cluster],
            batch_systems={"here": batch_system(self.cluster)},
            shells={"here": shell} if shell else None,
        )

    def run(self, **values: Any) -> RecordedTaskRun[JobSubmissionParameters]:
        parameters = {"directory": str(self.work), "commands": [["true"]], **values}
        return RecordedTaskRun(JobSubmissionParameters.model_validate(parameters), self.directory, self.machines)

    def submit(self, **values: Any) -> Outcome:
        return JobSubmission().execute(self.run(**values))

    def job(self, **values: Any) -> Job:
        outcome = self.submit(**values)
        assert isinstance(outcome, Completed), outcome
        return Job.from_json(outcome.outputs["job"])

    def ended(self, job: Job) -> Any:
        """The report of the job's end."""
        system, shell = Fork(self.cluster), self.machines.shell("here")
        end_s = time.monotonic() + 30
        while time.monotonic() < end_s:
            report = system.parse_status([job], shell.run(system.status_script([job]))).get(job.job_id)
            if report is not None and report.state is not JobState.ACTIVE:
                return report
            time.sleep(0.01)
        raise AssertionError("the job did not end")


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    made.machines.close()


# -- submitting -----------------------------------------------------------------------------


def test_a_job_is_submitted_and_runs(ground: Ground) -> None:
    job = ground.job(commands=[["sh", "-c", 'echo "$GREETING"']], environment={"GREETING": "it's me"}, stdout="out")
    assert ground.ended(job).state is JobState.COMPLETE
    assert (ground.work / "out").read_text() == "it's me\n"
    assert (ground.work / exit_code_file(job.job_name)).exists()


def test_the_intent_is_announced_before_anything_is_sent(ground: Ground) -> None:
    run = ground.run()
    run.recording.announcing_refused = True
    with pytest.raises(TaskCancelled):
        JobSubmission().execute(run)
    assert not run.recording.uses
    assert not ground.work.exists()


def test_one_round_trip_is_enough(ground: Ground) -> None:
    run = ground.run()
    JobSubmission().execute(run)
    assert run.recording.uses == [("run", "here")]


def test_the_name_is_that_of_the_attempt_that_announced_it(ground: Ground) -> None:
    first = ground.run()
    outcome = JobSubmission().execute(first)
    second = JobSubmission().recover(first.next_attempt().next_attempt())
    assert isinstance(outcome, Completed)
    assert isinstance(second, Completed)
    assert outcome.outputs["job_name"] == identifiers.job_name(first.task_id, 1)
    assert second.outputs["job_id"] == outcome.outputs["job_id"]


def test_outputs_are_for_the_monitoring_task(ground: Ground) -> None:
    outcome = ground.submit()
    assert isinstance(outcome, Completed)
    assert set(outcome.outputs) == {"job", "job_id", "job_name"}
    parameters = JobMonitoringParameters(job=outcome.outputs["job"])
    parked = JobMonitoring().execute(RecordedTaskRun(parameters, ground.directory, ground.machines))
    assert isinstance(parked, Parked)
    assert parked.job == Job.from_json(outcome.outputs["job"])


def test_a_task_that_waits_for_its_job_is_parked(ground: Ground) -> None:
    outcome = ground.submit(wait=True)
    assert isinstance(outcome, Parked)
    assert outcome.outputs["job_id"] == outcome.job.job_id


def test_the_job_is_on_the_cluster_that_was_announced(ground: Ground) -> None:
    there = replace(local_cluster(ground.directory, "there"))
    machines = Machines([ground.cluster, there])
    first = ground.run()
    JobSubmission().execute(first)
    moved = RecordedTaskRun(first.parameters, ground.directory, machines, resource="there", intent=first.intent)
    outcome = JobSubmission().recover(moved)
    machines.close()
    assert isinstance(outcome, Completed)
    assert outcome.outputs["job"]["cluster"] == "here"


# -- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"wall_time_s": 3601}, "3601 seconds of wall time, and queue 'short' of here allows 3600"),
        ({"node_count": 3}, "3 nodes"),
        ({"cpu_count": 9}, "9 processors"),
        ({"memory_mib": 1025}, "1025 MiB of memory per node"),
    ],
)
def test_more_than_the_queue_allows_is_refused_before_it_is_sent(
    ground: Ground, asked: dict[str, int], said: str
) -> None:
    run = ground.run(resources=asked)
    outcome = JobSubmission().execute(run)
    assert isinstance(outcome, Failed)
    assert said in outcome.user_message
    assert not run.recording.uses


def test_what_the_queue_allows_is_submitted(ground: Ground) -> None:
    allowed = {"wall_time_s": 3600, "node_count": 2, "cpu_count": 8, "memory_mib": 1024}
    assert isinstance(ground.submit(resources=allowed), Completed)


def test_a_queue_without_declared_limits_is_left_to_the_batch_system(ground: Ground) -> None:
    assert isinstance(ground.submit(resources={"queue": "other", "wall_time_s": 10**6}), Completed)


@pytest.mark.parametrize("name", ["queue", "allocation", "quality_of_service", "reservation"])
def test_a_name_that_would_bring_a_directive_is_refused(ground: Ground, name: str) -> None:
    ground.use(Slurm)
    run = ground.run(resources={name: "a\n#SBATCH --uid=0"})
    outcome = JobSubmission().execute(run)
    assert isinstance(outcome, Failed)
    assert name.replace("_", " ") in outcome.user_message
    assert not run.recording.uses


@pytest.mark.parametrize(
    "wrong",
    [
        {"directory": "relative"},
        {"directory": "/a/../b"},
        {"commands": []},
        {"commands": [[]]},
        {"commands": [[""]]},
        {"commands": [["a\0b"]]},
        {"commands": "true"},
        {"stdout": "/absolute"},
        {"stderr": "../outside"},
        {"stdout": "a\nb"},
        {"environment": {"A B": "x"}},
        {"resources": {"wall_time_s": 0}},
        {"resources": {"node_count": -1}},
        {"resources": {"cpus": 4}},
        {"wal_time": 4},
    ],
)
def test_wrong_parameters_are_named(ground: Ground, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        ground.run(**wrong)


def test_a_directory_that_cannot_be_made_is_a_failure_that_names_it(ground: Ground) -> None:
    ground.work.parent.mkdir(parents=True, exist_ok=True)
    ground.work.write_text("a file stands here")
    outcome = ground.submit()
    assert isinstance(outcome, Failed)
    assert str(ground.work) in outcome.user_message


def test_a_full_disk_is_a_failure_that_says_so(ground: Ground) -> None:
    class FullDisk(AnsweringShell):
        answer = CommandResult(exit_code=73, stdout=b"", stderr=b"tee: A.sh: No space left on device\n")

    ground.use(Fork, FullDisk())
    outcome = ground.submit()
    assert isinstance(outcome, Failed)
    assert "disk of here is full" in outcome.user_message


def test_what_the_batch_system_refuses_is_told_to_the_user(ground: Ground) -> None:
    class Refusing(Fork):
        def parse_job_id(self, result: CommandResult) -> str:
            raise SubmissionRejectedError("Slurm refused the job: no", user_message="The batch system refused it: no")

    ground.use(Refusing)
    outcome = ground.submit()
    assert isinstance(outcome, Failed)
    assert outcome.user_message == "The batch system refused it: no"


def test_a_batch_system_that_is_down_defers_the_task(ground: Ground) -> None:
    class Down(Fork):
        def parse_job_id(self, result: CommandResult) -> str:
            raise UnavailableError("Unable to contact the controller")

    ground.use(Down)
    outcome = ground.submit()
    assert isinstance(outcome, Deferred)
    assert "takes no jobs now" in outcome.reason


def test_doubt_defers_the_task_and_is_never_counted_as_a_failure(ground: Ground) -> None:
    class Doubtful(Fork):
        def parse_job_id(self, result: CommandResult) -> str:
            raise SubmissionUncertainError("no answer")

        def parse_found(self, job_name: str, result: CommandResult) -> str | None:
            raise SubmissionUncertainError("nobody knows")

    ground.use(Doubtful)
    assert isinstance(ground.submit(), Deferred)

    class Slow(AnsweringShell):
        def run(self, script: str, **values: Any) -> CommandResult:
            raise CommandTimeoutError("It took too long.")

    ground.use(Fork, Slow())
    assert isinstance(ground.submit(), Deferred)


# -- cancelling ------------------------------------------------------------------------------------


def test_cancelling_a_task_that_waits_ends_its_job(ground: Ground) -> None:
    run = ground.run(commands=[["sleep", "600"]], wait=True)
    outcome = JobSubmission().execute(run)
    assert isinstance(outcome, Parked)
    run.job = outcome.job
    JobSubmission().cancel(run)
    assert ground.ended(outcome.job).state is JobState.CANCELED


def test_cancelling_a_task_whose_end_was_lost_ends_its_job(ground: Ground) -> None:
    run = ground.run(commands=[["sleep", "600"]])
    outcome = JobSubmission().execute(run)
    assert isinstance(outcome, Completed)
    JobSubmission().cancel(run.next_attempt())
    assert ground.ended(Job.from_json(outcome.outputs["job"])).state is JobState.CANCELED


def test_a_cancelled_task_submits_nothing_any_more(ground: Ground) -> None:
    run = ground.run(commands=[["touch", "ran"]])
    run.announce({"job_name": "Acancelled00000", "working_directory": str(ground.work), "cluster": "here"})
    JobSubmission().cancel(run)
    with pytest.raises(TaskCancelled):
        JobSubmission().execute(run)
    assert not (ground.work / "ran").exists()


def test_cancelling_a_monitoring_task_ends_its_job_parked_or_not(ground: Ground) -> None:
    def by_job(run: RecordedTaskRun[Any], job: Job) -> None:
        run.job = job

    def by_parameter(run: RecordedTaskRun[Any], job: Job) -> None:
        del run, job

    parked: Callable[[RecordedTaskRun[Any], Job], None]
    for parked in (by_job, by_parameter):
        job = ground.job(directory=str(ground.work / parked.__name__), commands=[["sleep", "600"]])
        run = RecordedTaskRun(JobMonitoringParameters(job=job.to_json()), ground.directory, ground.machines)
        parked(run, job)
        JobMonitoring().cancel(run)
        assert ground.ended(job).state is JobState.CANCELED


def test_a_batch_system_that_does_not_answer_is_asked_to_cancel_later(ground: Ground) -> None:
    class Silent(AnsweringShell):
        answer = CommandResult(exit_code=75, stdout=b"", stderr=b"Unable to contact slurm controller")

    ground.use(Slurm, Silent())
    job = Job(job_id="5", job_name="A", cluster="here", working_directory="/w")
    run = RecordedTaskRun(JobMonitoringParameters(job=job.to_json()), ground.directory, ground.machines)
    with pytest.raises(UnavailableError, match="Job 5 on here could not be cancelled"):
        JobMonitoring().cancel(run)


@pytest.mark.parametrize("job", [{}, {"job_id": "1"}, {"job_id": "", "job_name": "a", "cluster": "c"}, {"id": 1}])
def test_what_is_no_job_cannot_be_monitored(job: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="job"):
        JobMonitoringParameters(job=job)


def test_states_of_the_process() -> None:
    assert JobSubmission.process_state is ProcessState.EXECUTING
    assert JobMonitoring.process_state is ProcessState.MONITORING


class AnsweringShell(RemoteShell):
    """A machine that always says the same: disks that are full and servers that are down cannot be had to order."""

    answer = CommandResult(exit_code=0, stdout=b"", stderr=b"")

    def run(self, script: str, **values: Any) -> CommandResult:
        return self.answer

    def check(self) -> str:
        return "nothing"

    def close(self) -> None:
        return None


def test_a_cluster_without_queues_has_no_limits(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    ground.cluster = Cluster(
        name="here",
        remote_shell="local",
        file_transfer="local",
        batch_system="fork",
        scratch_directory=ground.cluster.scratch_directory,
    )
    ground.machines = Machines([ground.cluster])
    assert isinstance(ground.submit(resources={"wall_time_s": 10**6}), Completed)
    ground.machines.close()
