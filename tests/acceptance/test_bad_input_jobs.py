"""Jobs that end otherwise than by completing: on this machine, with the batch system ``fork``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from faults.site import Ran, Site, until

from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.domain.states import ExperimentState


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def failed(site: Site, ran: Ran) -> None:
    """The job failed, its task says why, its streams came home, and nothing is left behind."""
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert "task monitor failed: job " in ran.shown["reason"]
    assert ran.states() == {
        "set-up": "COMPLETED",
        "stage-in": "COMPLETED",
        "submit": "COMPLETED",
        "monitor": "FAILED",
        "stage-out": "COMPLETED",
    }
    assert ran.task("monitor")["user_message"] == ran.shown["user_message"]
    site.assert_nothing_left(ran)


def test_a_job_beyond_its_time_is_killed_with_all_its_processes(site: Site) -> None:
    # The pipe ends when the last process that holds it has: the test waits for that and for nothing else.
    reading, writing = os.pipe()
    os.close(writing)
    os.close(reading)
    fifo = site.directory / "alive"
    os.mkfifo(fifo)
    holder = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    program = f"exec 9>{fifo}; echo begun; sleep 600 & sleep 600"
    ran = site.run(site.experiment([["sh", "-c", program]], resources={"wall_time_s": 1}))
    failed(site, ran)
    (job,) = ran.shown["jobs"]
    assert ran.shown["user_message"] == "The job on local failed: it was stopped after its wall time"
    assert job["job_id"] in ran.shown["reason"]
    assert (job["state"], job["native_state"]) == ("FAILED", "time")
    assert (site.directory / "outputs" / "app.stdout").read_text() == "begun\n"
    os.set_blocking(holder, True)
    assert os.read(holder, 1) == b"", "no process of the job is left"
    os.close(holder)


def test_a_job_that_gets_no_more_memory_fails_and_its_words_come_home(site: Site) -> None:
    """fork limits no memory by itself; here the administrator's line in the cluster file does, for real."""
    site.cluster("small", pre_commands=["ulimit -v 262144"])
    ran = site.run(
        site.experiment(
            [[sys.executable, "-c", "print('begun', flush=True); x = bytearray(1 << 30)"]], compute_resource="small"
        )
    )
    failed(site, ran)
    assert ran.shown["user_message"].startswith(
        "The application ended with exit code 1; its standard error is in app.stderr"
    )
    assert "MemoryError" in (site.directory / "outputs" / "app.stderr").read_text()


def test_a_program_that_the_kernel_kills_is_told_apart_from_one_that_failed(site: Site) -> None:
    """SIGKILL is what the kernel sends when memory runs out; here the program sends it to itself."""
    ran = site.run(site.experiment([["sh", "-c", "kill -KILL $$"]]))
    failed(site, ran)
    assert ran.shown["user_message"] == "The job on local failed: it was ended by signal 9 (SIGKILL) (exit code 137)"
    (job,) = ran.shown["jobs"]
    assert job["exit_code"] == 137


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        ("program", "it was ended by signal 9 (SIGKILL) (exit code 137)"),
        ("everything", "its process is gone and left no exit code: it was killed, or its disk is full"),
    ],
)
def test_a_job_that_an_administrator_kills_fails_and_a_retry_runs_it_anew(site: Site, whom: str, said: str) -> None:
    started = site.directory / "started"
    os.mkfifo(started)
    mended = site.directory / "mended"
    program = f"[ -e {mended} ] || {{ echo $$ >{started}; sleep 600; }}"
    experiment = load_experiment(site.experiment([["sh", "-c", program]], outputs={"out": "app.stdout"}))
    with site.serving() as workload:
        (submitted,) = workload.submit([experiment])
        pid = int(started.read_text())  # opens when the program has
        group = os.getpgid(pid)
        assert group != os.getpgid(0), "the job has a process group of its own"
        (os.kill if whom == "program" else os.killpg)(pid if whom == "program" else group, signal.SIGKILL)
        ended = workload.wait(submitted.experiment_id, 30)
        assert ended.state is ExperimentState.FAILED
        assert ended.user_message == f"The job on local failed: {said}"
        (first,) = workload.jobs(submitted.experiment_id)
        assert first.job.job_id in ended.reason
        mended.touch()
        workload.retry(submitted.experiment_id)
        until(workload, submitted, lambda tasks: all(task.state == "COMPLETED" for task in tasks))
        assert workload.wait(submitted.experiment_id, 30).state is ExperimentState.COMPLETED
        assert len(workload.jobs(submitted.experiment_id)) == 2, "the killed job is not forgotten"
    site.assert_nothing_left()


def test_a_program_that_does_not_exist_is_named(site: Site) -> None:
    ran = site.run(site.experiment([["no-such-program", "--fast"]]))
    failed(site, ran)
    assert ran.shown["user_message"] == "The application ended with exit code 127; its standard error is in app.stderr."
    assert "no-such-program" in (site.directory / "outputs" / "app.stderr").read_text()


def test_a_job_beyond_the_limits_of_its_queue_is_refused_before_it_is_submitted(site: Site) -> None:
    with (site.home / "clusters" / "alpha.toml").open("w") as file:
        file.write('remote_shell = "local"\nfile_transfer = "local"\nbatch_system = "fork"\n')
        file.write(f'scratch_directory = "{site.home / "scratch"}"\n[queues.short]\nmax_wall_time = "10 min"\n')
    asked = {"queue": "short", "wall_time": "00:20:00"}
    ran = site.run(site.experiment(compute_resource="alpha", resources=asked))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    for told in (ran.shown["reason"], ran.shown["user_message"]):
        assert "wall time (s) 1200 is more than queue short of alpha allows (600)" in told
    ran = site.run(site.experiment(compute_resource="alpha", resources={"queue": "shrot"}))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.shown["user_message"] == "alpha has no queue 'shrot'; it has short. Did you mean 'short'?"
    assert ran.shown["jobs"] == []
    site.assert_nothing_left(ran)
