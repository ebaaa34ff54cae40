"""Disks that are full and quotas that are used up: on the cluster, where outputs go, and under the engine itself.

The full disks are real: small tmpfs mounts, for which the tests run as root.
"""

from __future__ import annotations

import contextlib
import errno
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.site import Ran, Site, until

from airavata_workload.api.workload import Workload
from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.domain.errors import StoreUnavailableError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import ExperimentState
from airavata_workload.testing.ssh_server import SshServer

pytestmark = pytest.mark.server

DATA = random.Random(7).randbytes(1 << 20)
NO_SPACE = "No space left on device"
FILLING = """
application_type: filling
description: A task that fills the disk before the job is submitted
tasks:
  set-up: {kind: env-setup, parameters: {directory: "${process.working_directory}"}}
  fill:
    kind: command
    after: set-up
    parameters:
      directory: "${process.working_directory}"
      command: [sh, -c, "head -c 100000000 /dev/zero >filler; true"]
  submit:
    kind: job-submission
    after: fill
    parameters:
      directory: "${process.working_directory}"
      commands: "${application.commands}"
      stdout: "${application.stdout}"
      stderr: "${application.stderr}"
      wait: true
"""


class SmallDisk:
    """A tmpfs of a given size in KiB."""

    def __init__(self, path: Path, size_kib: int) -> None:
        self.path = path
        path.mkdir()
        self._mount("tmpfs", "-t", "tmpfs", "-o", f"size={size_kib}k,mode=0755")

    def grow(self) -> None:
        """What an administrator does about it."""
        self._mount("tmpfs", "-o", "remount,size=64m")

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.path)], check=True, timeout=30)

    def _mount(self, device: str, *words: str) -> None:
        subprocess.run(["mount", *words, device, str(self.path)], check=True, timeout=30)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def scratch(site: Site) -> Iterator[SmallDisk]:
    disk = SmallDisk(site.directory / "small disk", 512)
    yield disk
    disk.unmount()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "sshd") as running:
        yield running


def reach(site: Site, how: str, server: SshServer, scratch: Path) -> None:
    """The cluster 'far', with its scratch directory on the small disk."""
    if how == "local":
        site.cluster("far", scratch_directory=str(scratch))
        return
    cluster = server.cluster()
    names = ("host", "port", "user", "identity_file", "known_hosts_file", "use_agent")
    given = {name: getattr(cluster, name) for name in names}
    site.cluster("far", scratch_directory=str(scratch), remote_shell="ssh", file_transfer=how, **given)


def copying(site: Site, **more: object) -> Path:
    site.file("data.bin", DATA)
    return site.experiment(
        [["cp", "data.bin", "copy.bin"]],
        compute_resource="far",
        inputs={"data": {"file": "data.bin"}},
        outputs={"copy": "copy.bin"},
        **more,
    )


def completed(site: Site, ran: Ran) -> None:
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown["reason"]
    assert (site.directory / "outputs" / "copy.bin").read_bytes() == DATA
    site.assert_nothing_left(ran)


# -- on the cluster ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["local", "scp", "sftp"])
def test_an_input_that_does_not_fit_fails_the_staging_and_a_retry_with_space_completes(
    site: Site, server: SshServer, scratch: SmallDisk, how: str
) -> None:
    reach(site, how, server, scratch.path)
    ran = site.run(copying(site))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    failed = ran.task("stage-in")
    assert failed["state"] == "FAILED"
    assert "No space is left for" in failed["reason"]
    assert "data.bin" in failed["reason"]
    assert "Free some space there, or choose another directory." in failed["reason"]
    assert "No space is left" in ran.shown["user_message"]
    assert failed["failures"] == 0, "trying again at once would not help"
    assert list(scratch.path.rglob("*.part")) == [], "what did not fit does not hold the space"
    site.assert_nothing_left(ran)
    scratch.grow()
    again = site.retry(ran)
    assert again.task("set-up")["task_id"] == ran.task("set-up")["task_id"]
    completed(site, again)


def test_a_disk_without_any_room_fails_the_set_up(site: Site, server: SshServer, scratch: SmallDisk) -> None:
    filler = scratch.path / "somebody else's file"
    filler.write_bytes(bytes(512 << 10))
    reach(site, "scp", server, scratch.path)
    ran = site.run(copying(site))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.task("set-up")["state"] == "FAILED"
    assert NO_SPACE in ran.shown["reason"]
    assert "because the disk of far is full. Free space there or ask its administrator." in ran.shown["user_message"]
    assert str(scratch.path) in ran.shown["user_message"]
    assert len(filler.read_bytes()) == 512 << 10, "what was there is still there"
    scratch.grow()
    completed(site, site.retry(ran))


def test_a_job_that_fills_the_disk_fails_and_a_retry_with_space_completes(
    site: Site, server: SshServer, scratch: SmallDisk
) -> None:
    """Not even the exit code can be written: the job's end is known from its process."""
    reach(site, "scp", server, scratch.path)
    ran = site.run(
        site.experiment(
            [["sh", "-c", "head -c 1048576 /dev/zero >result.bin"]],
            compute_resource="far",
            outputs={"result": "result.bin"},
        )
    )
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.states()["monitor"] == "FAILED"
    assert "its process is gone and left no exit code: it was killed, or its disk is full" in ran.shown["user_message"]
    assert (site.directory / "outputs" / "result.bin").stat().st_size < 1 << 20, "what there is came home"
    site.assert_nothing_left(ran)
    scratch.grow()
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    assert (site.directory / "outputs" / "result.bin").read_bytes() == bytes(1 << 20)
    assert len(again.shown["jobs"]) == 2
    site.assert_nothing_left(again)


def test_a_disk_that_is_full_when_the_job_is_submitted_fails_the_submission(
    site: Site, server: SshServer, scratch: SmallDisk
) -> None:
    reach(site, "scp", server, scratch.path)
    assert site.cli("dags", "load", site.file("filling.yaml", FILLING)).returncode == 0
    ran = site.run(
        site.experiment([["sh", "-c", "echo ran >>ran"]], application_type="filling", compute_resource="far")
    )
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.states() == {"set-up": "COMPLETED", "fill": "COMPLETED", "submit": "FAILED"}
    assert NO_SPACE in ran.shown["reason"]
    assert "the disk of far is full" in ran.shown["user_message"]
    assert ran.shown["jobs"] == []
    site.assert_nothing_left(ran)
    (filler,) = scratch.path.glob("PROCESS_*/filler")
    filler.unlink()
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    assert (filler.parent / "ran").read_text() == "ran\n", "one job"
    site.assert_nothing_left(again)


# -- on the engine's machine -----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["local", "scp", "sftp"])
def test_outputs_that_do_not_fit_stay_on_the_cluster_and_a_retry_with_space_brings_them(
    site: Site, server: SshServer, scratch: SmallDisk, how: str
) -> None:
    reach(site, how, server, site.directory / "scratch")
    ran = site.run(copying(site, output_directory=str(scratch.path / "outputs")))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert "No space is left for" in ran.shown["reason"]
    assert str(scratch.path / "outputs" / "copy.bin") in ran.shown["reason"]
    assert "this machine" in ran.shown["user_message"]
    assert list(scratch.path.rglob("*.part")) == []
    site.assert_nothing_left(ran)
    scratch.grow()
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    assert again.task("submit")["task_id"] == ran.task("submit")["task_id"], "the job is not run again"
    assert (scratch.path / "outputs" / "copy.bin").read_bytes() == DATA
    site.assert_nothing_left(again)


def test_an_engine_whose_own_disk_is_full_waits_and_goes_on_by_itself(tmp_path: Path) -> None:
    disk = SmallDisk(tmp_path / "engine", 4096)
    try:
        site = Site(disk.path)
        go_on = tmp_path / "go on"
        subprocess.run(["mkfifo", str(go_on)], check=True, timeout=30)
        site.cluster("far", scratch_directory=str(tmp_path / "scratch"))
        path = site.experiment(
            [["sh", "-c", f"cat '{go_on}' >result.txt"]],
            compute_resource="far",
            outputs={"result": "result.txt"},
            output_directory=str(tmp_path / "outputs"),
        )
        with site.serving() as workload:
            (submitted,) = workload.submit([load_experiment(path)])
            until(workload, submitted, lambda tasks: any(task.parked for task in tasks))
            filler = site.file("filler")
            _fill(filler)
            go_on.write_text("done\n")
            filled_again = _patiently(workload, submitted.experiment_id, 3)
            assert filled_again.state is ExperimentState.EXECUTING, "there is no room to write down how it ended"
            filler.unlink()
            assert _patiently(workload, submitted.experiment_id, 60).state is ExperimentState.COMPLETED
            assert [record.state for record in workload.jobs(submitted.experiment_id)] == ["COMPLETE"]
        assert (tmp_path / "outputs" / "result.txt").read_text() == "done\n"
        site.assert_nothing_left()
    finally:
        disk.unmount()


def _patiently(workload: Workload, experiment_id: str, timeout_s: float) -> Experiment:
    """As ``Workload.wait``, by somebody who is told now and then that the store cannot be written, and waits on."""
    end_s = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(StoreUnavailableError):
            return workload.wait(experiment_id, max(0.0, end_s - time.monotonic()))
        threading.Event().wait(0.05)


def _fill(path: Path) -> None:
    """Take every block that is left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


# -- quotas -----------------------------------------------------------------------------------------

REFUSED = """#!/bin/sh
# Stands in for {name} of an account that has no quota left, as long as the file {used_up} is there.
[ ! -e {used_up} ] || {{ echo "{name}: {complaint}: Disk quota exceeded" >&2; exit 1; }}
exec /usr/bin/{name} "$@"
"""


@pytest.mark.parametrize(
    ("name", "complaint", "task"),
    [("mkdir", "cannot create directory 'x'", "set-up"), ("base64", "write error", "stage-in")],
)
def test_a_quota_that_is_used_up_fails_the_task_and_a_retry_with_more_completes(
    site: Site, tmp_path: Path, name: str, complaint: str, task: str
) -> None:
    """The quota is a stand-in: the kernel may lack quotas for the file systems at hand (tmpfs, ext4), so a program on
    the far side's PATH answers with the C library's text for EDQUOT instead of the system call."""
    used_up = site.file("used-up")
    program = site.file(f"stand-ins/{name}", REFUSED.format(name=name, complaint=complaint, used_up=used_up))
    program.chmod(0o755)
    site.file("data.bin", DATA[:1000])
    with SshServer(tmp_path / "sshd", [f"SetEnv PATH={program.parent}:/usr/bin:/bin"]) as server:
        reach(site, "scp", server, site.directory / "scratch")
        inputs = {"data": {"file": "data.bin"}}
        path = site.experiment([["cp", "data.bin", "copy.bin"]], compute_resource="far", inputs=inputs)
        ran = site.run(path)
        assert (ran.exit_code, ran.state) == (1, "FAILED")
        assert ran.task(task)["state"] == "FAILED"
        assert "quota" in ran.shown["reason"].lower()
        assert "a larger quota" in ran.shown["user_message"]
        assert str(site.directory / "scratch") in ran.shown["reason"]
        site.assert_nothing_left(ran)
        used_up.unlink()
        again = site.retry(ran)
        assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
        site.assert_nothing_left(again)
