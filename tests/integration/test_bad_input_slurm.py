"""Jobs that a real Slurm refuses, kills, cancels or loses with their node."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults.site import Ran, Site, until

from airavata_workload.api.workload import Workload
from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState
from airavata_workload.domain.task import Task
from airavata_workload.ports.registry import JobRecord

pytestmark = pytest.mark.server


class Slurm:
    """The administrator of the cluster; and a directory that account and administrator share."""

    def __init__(self, environment: Mapping[str, str], cluster: Cluster, shared: Path) -> None:
        self._environment = {**os.environ, "SLURM_CONF": environment["SLURM_CONF"]}
        self.cluster = cluster
        self.shared = shared

    def administer(self, *words: str) -> str:
        """Run one of Slurm's commands as root."""
        done = subprocess.run(words, env=self._environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def assert_one_job(self, record: JobRecord) -> None:
        """The job is the only one of its name that Slurm has ever accepted. Its accounts may lag behind a little."""
        name = record.job.job_name
        deadline_s = time.monotonic() + 30
        while True:
            words = ("sacct", "-X", "-n", "-P", "-S", "now-1days", "-o", "JobID", "--name", name)
            found = self.administer(*words).split()
            if found or time.monotonic() > deadline_s:
                assert found == [record.job.job_id]
                return
            time.sleep(0.2)

    def until_state(self, job_id: str, state: str) -> None:
        """Wait until squeue calls the job so."""
        deadline_s = time.monotonic() + 30
        while (found := self.administer("squeue", "--noheader", f"--jobs={job_id}", "--format=%T").strip()) != state:
            assert time.monotonic() < deadline_s, found
            time.sleep(0.2)

    def resume(self, node: str) -> None:
        """Bring a node back, which may come back by itself at any moment, as it answers (ReturnToService)."""
        deadline_s = time.monotonic() + 30
        while "down" in (state := self.administer("sinfo", "--noheader", f"--nodes={node}", "--format=%T")):
            assert time.monotonic() < deadline_s, state
            words = ["scontrol", "update", f"NodeName={node}", "State=RESUME"]
            subprocess.run(words, env=self._environment, capture_output=True, timeout=60)

    def reach(self, site: Site, **keys: object) -> None:
        """Write the cluster file 'alpha'."""
        names = ("host", "port", "user", "identity_file", "known_hosts_file", "scratch_directory")
        given = {name: getattr(self.cluster, name) for name in names}
        fixed = {"remote_shell": "ssh", "file_transfer": "scp", "batch_system": "slurm", "use_agent": False}
        site.cluster("alpha", **{**given, **fixed, "min_poll_interval_s": 0.5, "max_poll_interval_s": 1.0, **keys})


@pytest.fixture(scope="module")
def slurm(servers: Mapping[str, str], slurm_cluster: Cluster) -> Iterator[Slurm]:
    shared = Path(tempfile.mkdtemp(prefix="bad-input-"))  # not below pytest's own, which only root may enter
    shared.chmod(0o777)
    yield Slurm(servers, slurm_cluster, shared)
    shutil.rmtree(shared)


@pytest.fixture
def site(tmp_path: Path, slurm: Slurm) -> Site:
    site = Site(tmp_path)
    slurm.reach(site)
    return site


def job_experiment(site: Site, program: str, **resources: object) -> Path:
    return site.experiment([["sh", "-c", program]], compute_resource="alpha", resources=resources)


def one_job(workload: Workload, submitted: Experiment) -> JobRecord:
    (record,) = workload.jobs(submitted.experiment_id)
    return record


def runs(tasks: list[Task]) -> bool:
    return any(task.parked for task in tasks)


@contextmanager
def failing_once(site: Site, slurm: Slurm, lose: Callable[[str], object]) -> Iterator[tuple[Workload, Experiment]]:
    """An experiment whose job runs until ``lose`` has made it end (it is given the job's id), and would complete when
    it runs a second time; yields it when it has ended for the first time."""
    place = Path(tempfile.mkdtemp(dir=slurm.shared))
    place.chmod(0o777)
    begun, mended = place / "begun", place / "mended"
    os.mkfifo(begun)
    begun.chmod(0o666)
    program = f"echo ran; [ -e {mended} ] || {{ echo >{begun}; exec sleep 300; }}"
    with site.serving() as workload:
        (submitted,) = workload.submit([load_experiment(job_experiment(site, program))])
        until(workload, submitted, runs)
        begun.read_text()
        mended.touch()
        lose(one_job(workload, submitted).job.job_id)
        yield workload, workload.wait(submitted.experiment_id, 60)
    site.assert_nothing_left()


def check_retry(workload: Workload, ended: Experiment, slurm: Slurm) -> None:
    """A retry runs a second job, and the first one is not forgotten."""
    workload.retry(ended.experiment_id)
    until(workload, ended, lambda tasks: all(task.state == "COMPLETED" for task in tasks), timeout_s=60)
    assert workload.wait(ended.experiment_id, 60).state is ExperimentState.COMPLETED
    records = workload.jobs(ended.experiment_id)
    assert len(records) == 2
    for record in records:
        slurm.assert_one_job(record)


# -- killed for its time -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def beyond_its_time(
    slurm: Slurm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Workload, Experiment]]:
    """A job that runs into its limit while the other tests run: Slurm knows no limit below a minute."""
    site = Site(tmp_path_factory.mktemp("time"))
    slurm.reach(site)
    with site.serving() as workload:
        path = job_experiment(site, "echo begun; sleep 300 & sleep 300", wall_time_s=60)
        (submitted,) = workload.submit([load_experiment(path)])
        yield site, workload, submitted
        if workload.experiment(submitted.experiment_id).state not in EXPERIMENT_ENDS:  # its test was not selected
            workload.cancel(submitted.experiment_id)
            workload.wait(submitted.experiment_id, 60)


@pytest.fixture(autouse=True)
def _early(beyond_its_time: object) -> None:
    """Have the slow job begin before the first test."""


# -- refused ---------------------------------------------------------------------------------------


def refused(site: Site, ran: Ran) -> None:
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.states() == {
        "set-up": "COMPLETED",
        "stage-in": "COMPLETED",
        "submit": "FAILED",
        "monitor": "CANCELED",
        "stage-out": "COMPLETED",
    }
    assert ran.task("submit")["failures"] == 0, "it is not tried again"
    assert ran.shown["user_message"].startswith("The batch system refused the job: ")
    assert "task submit failed: Slurm refused the job: " in ran.shown["reason"]
    assert ran.shown["jobs"] == []
    site.assert_nothing_left(ran)


def test_a_partition_that_does_not_exist_fails_the_submission_and_a_retry_with_it_completes(
    site: Site, slurm: Slurm
) -> None:
    partition = f"new-{uuid.uuid4().hex[:8]}"
    ran = site.run(job_experiment(site, "echo ran", queue=partition))
    refused(site, ran)
    assert "invalid partition" in ran.shown["user_message"].lower()
    assert partition in ran.shown["user_message"]
    slurm.administer("scontrol", "create", f"PartitionName={partition}", "Nodes=n1")
    try:
        again = site.retry(ran)
    finally:
        slurm.administer("scontrol", "delete", f"PartitionName={partition}")
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    assert (site.directory / "outputs" / "app.stdout").read_text() == "ran\n"
    site.assert_nothing_left(again)


def test_a_job_that_fits_no_node_fails_the_submission(site: Site, slurm: Slurm) -> None:
    ran = site.run(job_experiment(site, "echo ran", memory_mib=10_000_000))
    refused(site, ran)
    assert "Memory specification can not be satisfied" in ran.shown["user_message"]


def test_a_job_that_slurm_takes_and_will_never_start_waits_says_why_and_goes_on_when_that_is_changed(
    site: Site, slurm: Slurm
) -> None:
    """Slurm takes a job with too many nodes (unless EnforcePartLimits is set) and lets it wait."""
    with site.serving() as workload:
        (submitted,) = workload.submit([load_experiment(job_experiment(site, "echo ran", node_count=50))])
        until(workload, submitted, lambda _tasks: any(job.reason for job in workload.jobs(submitted.experiment_id)))
        (job,) = site.show(submitted.experiment_id)["jobs"]
        assert job["state"] == "QUEUED"
        assert re.fullmatch(
            r"it asks for more (nodes )?than its partition (has|allows); it will not start unless that is changed .*",
            job["reason"],
        )
        slurm.administer("scontrol", "update", f"JobId={job['job_id']}", "NumCPUs=1", "NumNodes=1")
        assert workload.wait(submitted.experiment_id, 60).state is ExperimentState.COMPLETED
        slurm.assert_one_job(one_job(workload, submitted))
    site.assert_nothing_left()


# -- cancelled, lost ---------------------------------------------------------------------------------


def test_a_job_that_the_administrator_cancels_fails_and_a_retry_runs_it_anew(site: Site, slurm: Slurm) -> None:
    with failing_once(site, slurm, lambda job_id: slurm.administer("scancel", job_id)) as (workload, ended):
        record = one_job(workload, ended)
        assert (ended.state, record.state) == (ExperimentState.FAILED, "CANCELED")
        assert ended.user_message == "The job was cancelled on alpha: by the administrator (user 0)"
        assert f"job {record.job.job_id} ({record.job.job_name}) on alpha was cancelled" in ended.reason
        check_retry(workload, ended, slurm)


def lose_node(slurm: Slurm, job_id: str) -> None:
    """Take down the node of a job that has it for itself."""
    node = slurm.administer("squeue", "--noheader", f"--jobs={job_id}", "--format=%N").strip()
    assert re.fullmatch("n[0-9]", node)
    alone = slurm.administer("squeue", "--noheader", f"--nodelist={node}", "--states=R", "--format=%i")
    assert alone.split() == [job_id]
    try:
        slurm.administer("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=a test of node failures")
    finally:
        slurm.resume(node)


def test_a_job_whose_node_fails_fails_and_a_retry_runs_it_anew(site: Site, slurm: Slurm) -> None:
    slurm.reach(site, directives=["--exclusive", "--no-requeue"])
    with failing_once(site, slurm, lambda job_id: lose_node(slurm, job_id)) as (workload, ended):
        record = one_job(workload, ended)
        assert (ended.state, record.native_state) == (ExperimentState.FAILED, "NODE_FAIL")
        # Slurm says so at once; the script, which is ended at that moment, may have left its exit code by then or not.
        said = r"The job on alpha failed: it failed because a node of it failed( \(exit code 143\))?"
        assert re.fullmatch(said, ended.user_message)
        assert record.job.job_id in ended.reason
        check_retry(workload, ended, slurm)


def test_a_job_that_slurm_queues_again_after_its_node_has_failed_completes_as_the_same_job(
    site: Site, slurm: Slurm
) -> None:
    def lose_and_hurry(job_id: str) -> None:
        lose_node(slurm, job_id)
        slurm.until_state(job_id, "PENDING")
        # Slurm keeps it back for two minutes, to be sure that nothing of the first run is left; KillWait is 2 s here.
        slurm.administer("scontrol", "update", f"JobId={job_id}", "StartTime=now+6seconds")

    slurm.reach(site, directives=["--exclusive", "--requeue"])
    with failing_once(site, slurm, lose_and_hurry) as (workload, ended):
        assert ended.state is ExperimentState.COMPLETED, ended.reason
        record = one_job(workload, ended)
        slurm.assert_one_job(record)


# -- memory --------------------------------------------------------------------------------------------

OUT_OF_MEMORY = """#!/bin/sh
# Stands in for {name}: what it says of jobs that have FAILED it says as it does of jobs that used too much memory.
said=$({real} "$@"); code=$?
printf '%s\\n' "$said" | sed 's/|FAILED|/|OUT_OF_MEMORY|/'
exit $code
"""


def test_a_job_that_used_too_much_memory_fails_and_says_so(site: Site, slurm: Slurm) -> None:
    """The killing is real (SIGKILL, to its script too), Slurm's word for it is not: the state OUT_OF_MEMORY needs
    control groups, which this Slurm runs without, so stand-ins for squeue and sacct put it into the real answers."""
    commands = slurm.shared / "commands"
    commands.mkdir(mode=0o755, exist_ok=True)
    for name in ("sbatch", "scancel", "scontrol", "sinfo"):
        (commands / name).symlink_to(str(shutil.which(name)))
    for name in ("squeue", "sacct"):
        stand_in = commands / name
        stand_in.write_text(OUT_OF_MEMORY.format(name=name, real=shutil.which(name)))
        stand_in.chmod(0o755)
    slurm.reach(site, command_directory=str(commands))
    ran = site.run(job_experiment(site, "kill -KILL $PPID $$", memory_mib=50))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    (job,) = ran.shown["jobs"]
    assert job["native_state"] == "OUT_OF_MEMORY"
    assert "it was ended because it used more memory than it had asked for" in ran.shown["user_message"]
    assert job["job_id"] in ran.shown["reason"]
    assert ran.states()["stage-out"] == "COMPLETED", "what it printed comes home"
    site.assert_nothing_left(ran)


# -- names ---------------------------------------------------------------------------------------------------

AWKWARD = '-it\'s "quoted" $(touch harmed) `touch harmed`; touch harmed & %j * é 日本 \\\n\tsecond line '


def test_awkward_names_reach_the_job_and_come_back(site: Site, slurm: Slurm) -> None:
    slurm.reach(site, scratch_directory=f'{slurm.shared}/it\'s "scratch" $(touch harmed) é %j')
    site.file(f"{AWKWARD}.dat", "data")
    program = 'printf "%s\\0" "$@" "$AWKWARD" >report; cat -- "$1" >"$2"; echo out'
    output = f"out {AWKWARD}"
    stdout = "app $(touch harmed) é %j's.stdout"
    ran = site.run(
        site.experiment(
            [["sh", "-c", program, "sh", "${inputs.data}", output, AWKWARD]],
            name=AWKWARD,
            compute_resource="alpha",
            output_directory=str(site.directory / f"outputs {AWKWARD}"),
            application={"environment": {"AWKWARD": AWKWARD}, "stdout": stdout},
            inputs={"data": {"file": f"{AWKWARD}.dat"}},
            outputs={"report": "report", "copied": output},
        )
    )
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown.get("reason") or ran.stderr
    outputs = site.directory / f"outputs {AWKWARD}"
    words = (outputs / "report").read_text().split("\0")
    assert words == [f"{AWKWARD}.dat", output, AWKWARD, AWKWARD, ""]
    assert (outputs / output).read_text() == "data"
    assert (outputs / stdout).read_text() == "out\n"
    assert ran.shown["name"] == AWKWARD.strip()
    assert [path for place in (site.directory, slurm.shared) for path in place.rglob("harmed")] == []
    site.assert_nothing_left(ran)


def test_a_directory_in_which_slurm_could_not_open_the_output_is_refused(site: Site, slurm: Slurm) -> None:
    slurm.reach(site, scratch_directory=f"{slurm.shared}/back\\slash")
    ran = site.run(job_experiment(site, "echo ran"))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert "holds a backslash, with which Slurm cannot open a job's output" in ran.shown["user_message"]
    assert "Choose another scratch_directory in the cluster's file." in ran.shown["reason"]
    assert ran.shown["jobs"] == []
    site.assert_nothing_left(ran)


# -- the end of what began before the first test -----------------------------------------------------------


def test_a_job_beyond_its_time_is_killed_and_says_so(
    beyond_its_time: tuple[Site, Workload, Experiment], slurm: Slurm
) -> None:
    site, workload, submitted = beyond_its_time
    ended = workload.wait(submitted.experiment_id, 110)
    record = one_job(workload, ended)
    assert (ended.state, record.native_state) == (ExperimentState.FAILED, "TIMEOUT")
    assert ended.user_message.startswith("The job on alpha failed: it was stopped after its wall time of 1 min")
    assert record.job.job_id in ended.reason
    shown = Ran(1, "", "", site.show(ended.experiment_id))
    assert shown.states()["stage-out"] == "COMPLETED"
    assert (site.directory / "outputs" / "app.stdout").read_text() == "begun\n"
    slurm.assert_one_job(record)
    site.assert_nothing_left(shown)
