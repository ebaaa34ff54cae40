"""What the fork batch system's answers mean, and its scripts in situations that a test has to make."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from airavata_adapters.batch_systems.fork import Fork
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import SubmissionRejectedError, SubmissionUncertainError, UnavailableError
from airavata_workload.domain.job import Job, JobDescription, JobReport, ResourceRequest
from airavata_workload.domain.states import JobState
from airavata_workload.ports.remote_shell import CommandResult

FORK = Fork(Cluster(name="here"))
NAME = "Aforkforkforkfo"


def answer(text: str) -> CommandResult:
    return CommandResult(exit_code=0, stdout=text.encode(), stderr=b"")


def run(script: str, directory: Path, **environment: str) -> CommandResult:
    done = subprocess.run(
        ["/bin/sh", "-s"],
        input=script.encode(),
        cwd=directory,
        capture_output=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    return CommandResult(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def job(directory: Path, job_id: str = "host.1.2") -> Job:
    return Job(job_id=job_id, job_name=NAME, cluster="here", working_directory=str(directory))


def report(directory: Path) -> JobReport | None:
    one = job(directory)
    return FORK.parse_status([one], run(FORK.status_script([one]), directory)).get(one.job_id)


def this_process(directory: Path, pid: int, **changes: str) -> None:
    """Write the process file of a job whose leader is the given process, with some of its words changed."""
    words = {
        "host": Path("/proc/sys/kernel/hostname").read_text().strip(),
        "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "pid": str(pid),
        "start": Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19],
        **changes,
    }
    (directory / f".{NAME}.process").write_text(" ".join(words.values()) + "\n")


def ended(directory: Path, code: int, cause: str) -> None:
    (directory / f".{NAME}.exit").write_text(f"{code}\n{cause}\n")


# -- starting -------------------------------------------------------------------------------


def test_the_id_is_what_the_job_says() -> None:
    assert FORK.parse_job_id(answer("x\n@@begin\nnoise\nairavata-started vm.12.345\n@@fork 0\n")) == "vm.12.345"


def test_a_job_that_does_not_start_is_refused_with_its_message() -> None:
    with pytest.raises(SubmissionRejectedError, match="Permission denied"):
        FORK.parse_job_id(answer("@@begin\nsh: 3: cannot create ./out: Permission denied\n@@fork 0\n"))


def test_a_machine_that_has_no_room_for_a_process_is_asked_later() -> None:
    with pytest.raises(UnavailableError):
        FORK.parse_job_id(answer("@@begin\nsh: 0: Cannot fork\n@@fork 0\n"))


def test_a_job_that_another_has_started_is_looked_up() -> None:
    with pytest.raises(SubmissionUncertainError):
        FORK.parse_job_id(answer("@@begin\nairavata-taken\n@@fork 0\n"))


def test_a_second_start_of_the_same_name_runs_nothing(tmp_path: Path) -> None:
    description = JobDescription(
        job_name=NAME,
        working_directory=str(tmp_path),
        commands=(("sh", "-c", "echo ran >>ran"),),
        stdout="out",
        stderr="err",
    )
    path = tmp_path / f"{NAME}.sh"
    path.write_text(FORK.job_script(description))
    first = FORK.parse_job_id(run(FORK.submit_script(NAME, str(path)), tmp_path))
    with pytest.raises(SubmissionUncertainError):
        FORK.parse_job_id(run(FORK.submit_script(NAME, str(path)), tmp_path))
    assert FORK.parse_found(NAME, run(FORK.find_script(NAME), tmp_path)) == first
    wait_for(tmp_path / f".{NAME}.exit")
    assert (tmp_path / "ran").read_text() == "ran\n"


def test_a_process_file_that_says_nothing_leaves_it_open(tmp_path: Path) -> None:
    (tmp_path / f".{NAME}.process").touch()
    with pytest.raises(SubmissionUncertainError, match="remove the file"):
        FORK.parse_found(NAME, run(FORK.find_script(NAME), tmp_path))


# -- watching ----------------------------------------------------------------------------------


def test_a_process_that_runs(tmp_path: Path) -> None:
    this_process(tmp_path, os.getpid())
    assert (found := report(tmp_path)) is not None
    assert found.state is JobState.ACTIVE


def test_a_process_id_that_was_given_out_again_is_not_the_job(tmp_path: Path) -> None:
    this_process(tmp_path, os.getpid(), start="17")
    assert (found := report(tmp_path)) is not None
    assert (found.state, found.native_state) == (JobState.FAILED, "gone")
    assert "left no exit code" in found.reason


def test_a_zombie_runs_no_more(tmp_path: Path) -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet reaped
    this_process(tmp_path, child.pid)
    try:
        assert (found := report(tmp_path)) is not None
        assert found.native_state == "gone"
    finally:
        child.wait()


def test_a_machine_that_was_restarted_has_ended_the_job(tmp_path: Path) -> None:
    this_process(tmp_path, os.getpid(), boot="another")
    assert (found := report(tmp_path)) is not None
    assert found.state is JobState.FAILED
    assert "restarted" in found.reason


def test_another_machine_cannot_say(tmp_path: Path) -> None:
    this_process(tmp_path, os.getpid(), host="login2")
    assert (found := report(tmp_path)) is not None
    assert found.state is JobState.UNKNOWN
    assert "login2" in found.reason
    ended(tmp_path, 0, "exit")
    assert (found := report(tmp_path)) is not None
    assert found.state is JobState.COMPLETE, "the exit-code file is on the common file system"


def test_no_process_file_is_silence(tmp_path: Path) -> None:
    assert report(tmp_path) is None
    lost = job(tmp_path / "no such directory")
    assert FORK.parse_status([lost], run(FORK.status_script([lost]), tmp_path)) == {}


@pytest.mark.parametrize(
    ("code", "cause", "state", "exit_code"),
    [
        (0, "exit", JobState.COMPLETE, 0),
        (7, "exit", JobState.FAILED, 7),
        (137, "exit", JobState.FAILED, 137),
        (143, "TERM", JobState.FAILED, 143),
        (143, "cancelled", JobState.CANCELED, None),
        (124, "time", JobState.FAILED, None),
    ],
)
def test_how_it_ended(tmp_path: Path, code: int, cause: str, state: JobState, exit_code: int | None) -> None:
    this_process(tmp_path, os.getpid(), start="17")
    ended(tmp_path, code, cause)
    assert (found := report(tmp_path)) is not None
    assert (found.state, found.exit_code) == (state, exit_code)
    assert FORK.job_state(found.native_state) is state


@pytest.mark.parametrize("cause", ["cancelled", "time", "TERM"])
def test_a_job_that_is_being_stopped_is_not_over_before_its_process_is(tmp_path: Path, cause: str) -> None:
    this_process(tmp_path, os.getpid())
    ended(tmp_path, 143, cause)
    assert (found := report(tmp_path)) is not None
    assert found.state is JobState.ACTIVE


def test_an_answer_that_was_cut_off_is_none() -> None:
    with pytest.raises(UnavailableError):
        FORK.parse_status([], answer("@@begin\nhost.1.2\talive\tS\n"))


def test_ten_thousand_jobs_in_one_question_without_a_process_each(tmp_path: Path) -> None:
    this_process(tmp_path, os.getpid())
    jobs = [job(tmp_path, f"host.{index}.2") for index in range(10_000)]
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "awk").symlink_to(shutil.which("awk") or "")
    result = run(FORK.status_script(jobs), tmp_path, PATH=str(programs))
    assert result.stderr == b"", "awk is the only program that it needs"
    assert len(FORK.parse_status(jobs, result)) == 10_000


# -- acting ---------------------------------------------------------------------------------------


def test_a_job_whose_process_is_another_by_now_is_not_signalled(tmp_path: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        this_process(tmp_path, bystander.pid, start="17")
        for script in (
            FORK.cancel_script([job(tmp_path)]),
            FORK.hold_script([job(tmp_path)]),
            FORK.release_script([job(tmp_path)]),
        ):
            assert run(script or "", tmp_path).exit_code == 0
        assert bystander.poll() is None
        assert not (tmp_path / f".{NAME}.exit").exists()
    finally:
        bystander.kill()
        bystander.wait()


def test_a_job_on_another_machine_cannot_be_cancelled_here(tmp_path: Path) -> None:
    this_process(tmp_path, os.getpid(), host="login2")
    result = run(FORK.cancel_script([job(tmp_path)]), tmp_path)
    assert result.exit_code == 1
    assert "runs on login2" in result.error_text


def test_the_wall_time_is_in_the_script_only_if_there_is_one(tmp_path: Path) -> None:
    def script(seconds: int | None) -> str:
        return FORK.job_script(
            JobDescription(
                job_name=NAME,
                working_directory=str(tmp_path),
                commands=(("true",),),
                stdout="o",
                stderr="e",
                resources=ResourceRequest(wall_time_s=seconds),
            )
        )

    assert "sleep 90" in script(90)
    assert "sleep" not in script(None)


def wait_for(path: Path, limit_s: float = 20.0) -> None:
    end_s = time.monotonic() + limit_s
    while not path.exists():
        assert time.monotonic() < end_s, f"{path.name} did not appear"
        time.sleep(0.01)
