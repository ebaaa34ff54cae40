"""A job is submitted exactly once, whoever is killed, stopped or cut off at whichever command of the script.

``StandIn`` plays sbatch, squeue and sacct here, because a real Slurm cannot be
made to fail at a chosen instruction. It takes a job by making a symbolic link,
which either happens or does not, and can then be told to lose its answer, to
die, to hang, or to take the job long after it has said that it did not. The
real Slurm is in ``tests/integration/test_slurm_submission.py``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from airavata_adapters.batch_systems.slurm import Slurm
from airavata_plugins.submission_guard import NotAcceptedError, SubmissionGuard
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import (
    SubmissionRejectedError,
    SubmissionUncertainError,
    TaskCancelled,
    UnavailableError,
)
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell

NAME = "Aexactlyonce000"
SCRIPT = "#!/bin/bash\necho it's a job\n"
LONG_AGO_S = 1_000

SBATCH = r"""#!/bin/sh
for word do case $word in --job-name=*) name=${word#*=} ;; esac; done
home=$(dirname -- "$0")
take() {
  number=1
  while ! ln -s -- "$name" "$home/jobs/$number" 2>/dev/null; do number=$((number + 1)); done
}
read -r mode <"$home/mode"
case $mode in
  well) take; echo "$number" ;;
  greeting) echo 'Welcome, user 12345!'; take; echo "Submitted batch job $number" ;;
  garbage) take; echo "job number $number, have fun" ;;
  refuse) echo 'sbatch: error: Batch job submission failed: Invalid qos specification' >&2; exit 1 ;;
  down) echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)' >&2
    exit 1 ;;
  lose) take; echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1 ;;
  unheard) echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1 ;;
  late) (until [ -e "$home/go on" ]; do sleep 0.02; done; take) </dev/null >/dev/null 2>&1 &
    echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1 ;;
  die-before) kill -9 $$ ;;
  die-after) take; kill -9 $$ ;;
  hang-before) exec sleep 600 ;;
  hang-after) take; exec sleep 600 ;;
  slow) until [ -e "$home/go on" ]; do sleep 0.02; done; take; echo "$number" ;;
esac
"""
SQUEUE = r"""#!/bin/sh
for word do case $word in --name=*) name=${word#*=} ;; esac; done
home=$(dirname -- "$0")
[ ! -e "$home/queue is down" ] || { echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1; }
for job in "$home"/jobs/*; do
  [ "$(readlink -- "$job")" != "$name" ] || echo "${job##*/}|None"
done
"""
SACCT = "#!/bin/sh\necho 'Slurm accounting storage is disabled' >&2\nexit 1\n"


class QuickSlurm(Slurm):
    """Slurm that settles in a second, so that a test need not wait."""

    submission_settle_s = 1.0


class PlainShell(RemoteShell):
    """Runs each script in a process of its own, as SSH does; several threads may."""

    def run(
        self,
        script: str,
        *,
        stdin: bytes = b"",
        timeout_s: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CommandResult:
        del cancelled
        done = subprocess.run(["sh", "-c", script], input=stdin, capture_output=True, timeout=timeout_s or 60)
        return CommandResult(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def check(self) -> str:
        return "this machine"

    def close(self) -> None:
        return None


class StandIn:
    """The stand-in for Slurm, and the working directory of the job."""

    def __init__(self, directory: Path) -> None:
        self.home = directory / "slurm's bin"
        self.work = directory / "work dir"
        (self.home / "jobs").mkdir(parents=True)
        for name, text in {"sbatch": SBATCH, "squeue": SQUEUE, "sacct": SACCT}.items():
            (self.home / name).write_text(text)
            (self.home / name).chmod(0o755)
        self.set("well")

    def set(self, mode: str) -> None:
        """What sbatch does from now on."""
        (self.home / "mode").write_text(f"{mode}\n")

    def go_on(self) -> None:
        """Let sbatch in the modes ``slow`` and ``late`` go on."""
        (self.home / "go on").touch()

    def jobs(self) -> list[str]:
        """The ids of all jobs that were ever taken."""
        return sorted(os.listdir(self.home / "jobs"))

    def guard(self, **values: float) -> SubmissionGuard:
        """Somebody who submits."""
        return SubmissionGuard(
            shell=PlainShell(),
            batch_system=QuickSlurm(Cluster(name="stand-in", command_directory=str(self.home))),
            directory=str(self.work),
            job_name=NAME,
            **{"wait_s": 0.2, "limit_s": 30, **values},  # type: ignore[arg-type]
        )

    def submit(self, attempt: int = 1, **values: float) -> str:
        return self.guard(**values).submit(SCRIPT, attempt)

    def begun(self) -> bool:
        """Whether somebody has begun to submit."""
        return (self.work / f".{NAME}.submit" / "1").is_symlink()

    def group(self) -> int:
        """The process group that makes the first try."""
        return int(os.readlink(self.work / f".{NAME}.submit" / "1").split(":")[3])

    def time_passes(self) -> None:
        """Make all records look old, as after an outage of the engine."""
        then = time.time() - LONG_AGO_S
        for record in self.work.glob(f".{NAME}.submit/*"):
            with contextlib.suppress(FileNotFoundError):  # temporary files come and go
                os.utime(record, (then, then), follow_symlinks=False)

    def submit_until_sure(self) -> str:
        """Submit again and again, as the engine does, with time passing in between."""
        for _ in range(20):
            with contextlib.suppress(SubmissionUncertainError):
                return self.submit()
            self.time_passes()
        raise AssertionError("it never became sure")

    def on_another_machine(self) -> None:
        """Make the latest try look as if it had been begun by another login node."""
        records = self.work / f".{NAME}.submit"
        link = max((path for path in records.iterdir() if path.is_symlink()), key=lambda path: int(path.name))
        link.unlink()
        link.symlink_to("try:login2:another-boot:1:1")


@pytest.fixture
def slurm(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path)


# -- what the batch system answers ---------------------------------------------------------


def test_a_job_is_submitted_and_its_script_is_there(slurm: StandIn) -> None:
    assert slurm.submit() == "1"
    assert (slurm.work / f"{NAME}.slurm").read_text() == SCRIPT
    assert sorted(path.name for path in slurm.work.iterdir()) == [f".{NAME}.submit", f"{NAME}.slurm"]


def test_submitting_again_gives_the_same_job(slurm: StandIn) -> None:
    assert [slurm.submit(attempt) for attempt in (1, 2, 3)] == ["1", "1", "1"]
    assert slurm.jobs() == ["1"]


def test_a_greeting_is_not_taken_for_an_id(slurm: StandIn) -> None:
    slurm.set("greeting")
    assert slurm.submit() == "1"


def test_a_refusal_is_told_and_a_later_attempt_tries_anew(slurm: StandIn) -> None:
    slurm.set("refuse")
    with pytest.raises(NotAcceptedError) as caught:
        slurm.submit()
    assert isinstance(caught.value.cause, SubmissionRejectedError)
    slurm.set("well")
    assert slurm.submit(2) == "1"
    assert slurm.submit(3) == "1"


def test_a_server_that_is_down_gets_the_job_later(slurm: StandIn) -> None:
    slurm.set("down")
    for _ in range(3):
        with pytest.raises(NotAcceptedError) as caught:
            slurm.submit()
        assert isinstance(caught.value.cause, UnavailableError)
    slurm.set("well")
    assert slurm.submit() == "1"


@pytest.mark.parametrize("mode", ["garbage", "lose", "die-after"])
def test_a_job_whose_id_was_lost_is_looked_up(slurm: StandIn, mode: str) -> None:
    slurm.set(mode)
    assert slurm.submit() == "1"
    slurm.set("well")
    assert slurm.submit(2) == "1"
    assert slurm.jobs() == ["1"]


@pytest.mark.parametrize("mode", ["unheard", "die-before"])
def test_a_job_that_was_not_taken_is_submitted_again_when_that_is_sure(slurm: StandIn, mode: str) -> None:
    slurm.set(mode)
    with pytest.raises(SubmissionUncertainError, match="may still appear"):
        slurm.submit()
    slurm.set("well")
    with pytest.raises(SubmissionUncertainError):
        slurm.submit()
    slurm.time_passes()
    assert slurm.submit() == "1"
    assert slurm.jobs() == ["1"]


def test_a_job_that_is_taken_after_the_answer_is_adopted(slurm: StandIn) -> None:
    """As the real Slurm does: see ``sbatch-socket-timeout`` in ``tests/recorded``."""
    slurm.set("late")
    with pytest.raises(SubmissionUncertainError):
        slurm.submit()
    slurm.set("well")
    slurm.go_on()
    wait_until(slurm.jobs)
    slurm.time_passes()
    assert slurm.submit() == "1"
    assert slurm.jobs() == ["1"]


def test_nothing_is_submitted_while_the_queue_cannot_be_asked(slurm: StandIn) -> None:
    slurm.set("lose")
    (slurm.home / "queue is down").touch()
    for _ in range(3):
        with pytest.raises(SubmissionUncertainError, match="squeue cannot say"):
            slurm.submit()
        slurm.time_passes()
    (slurm.home / "queue is down").unlink()
    assert slurm.submit() == "1"
    assert slurm.jobs() == ["1"]


@pytest.mark.parametrize("mode", ["hang-before", "hang-after"])
def test_a_submission_that_hangs_is_ended(slurm: StandIn, mode: str) -> None:
    slurm.set(mode)
    with contextlib.suppress(SubmissionUncertainError):
        slurm.submit(limit_s=1)
    slurm.set("well")
    assert slurm.submit_until_sure() == "1"
    assert slurm.jobs() == ["1"]


# -- several at once --------------------------------------------------------------------------


def test_eight_at_once_submit_one_job(slurm: StandIn) -> None:
    barrier = threading.Barrier(8)

    def submit(attempt: int) -> str:
        barrier.wait(30)
        for _ in range(100):
            with contextlib.suppress(SubmissionUncertainError):
                return slurm.submit(attempt)
        raise AssertionError("it never became sure")

    for mode in ("well", "lose"):
        slurm.set(mode)
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(submit, range(1, 9))) == {"1"}
    assert slurm.jobs() == ["1"]


def test_eight_at_once_take_over_from_one_who_died_and_submit_one_job(slurm: StandIn) -> None:
    slurm.set("die-before")
    with pytest.raises(SubmissionUncertainError):
        slurm.submit()
    slurm.set("well")
    slurm.time_passes()
    barrier = threading.Barrier(8)

    def submit(attempt: int) -> str:
        barrier.wait(30)
        return slurm.submit(attempt, wait_s=20)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(submit, range(1, 9))) == {"1"}
    assert slurm.jobs() == ["1"]


def test_while_one_submits_the_others_wait(slurm: StandIn) -> None:
    slurm.set("slow")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(slurm.submit)
        wait_until(slurm.begun)
        with pytest.raises(SubmissionUncertainError, match="just now"):
            slurm.submit(2)
        slurm.time_passes()  # however long it takes
        with pytest.raises(SubmissionUncertainError, match="just now"):
            slurm.submit(2)
        slurm.go_on()
        assert first.result(30) == "1"
    assert slurm.submit(2) == "1"
    assert slurm.jobs() == ["1"]


def test_a_try_on_another_machine_is_left_alone_for_as_long_as_it_may_take(slurm: StandIn) -> None:
    slurm.set("hang-before")
    with pytest.raises(SubmissionUncertainError):
        slurm.submit(limit_s=1)
    slurm.on_another_machine()
    slurm.set("well")
    with pytest.raises(SubmissionUncertainError):
        slurm.submit()
    assert slurm.jobs() == []
    slurm.time_passes()
    assert slurm.submit() == "1"


def test_a_late_starter_of_an_old_attempt_submits_nothing(slurm: StandIn) -> None:
    """A worker was taken for dead before it had sent its script; it wakes up after all is over."""
    slurm.set("refuse")
    with pytest.raises(NotAcceptedError):
        slurm.submit()
    slurm.set("well")
    scripts: list[str] = []

    class Frozen(PlainShell):
        def run(self, script: str, **values: object) -> CommandResult:
            scripts.append(script)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        replace(slurm.guard(), shell=Frozen()).submit(SCRIPT, 2)
    assert slurm.submit(3) == "1"
    for script in scripts:
        PlainShell().run(script)
    assert slurm.jobs() == ["1"]


def test_a_cut_connection_does_not_disturb_a_submission(slurm: StandIn, strike: Strike) -> None:
    slurm.set("slow")
    with strike.start(strike.script_of(slurm), "not at all", 0) as process:
        wait_until(slurm.begun)
        group = slurm.group()
        assert os.getsid(group) == group, "a session of its own: no terminal and no group is shared"
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            os.killpg(process.pid, number)
    slurm.go_on()
    (slurm.home / "queue is down").touch()  # so that the only way to the id is the answer that sbatch has left
    assert slurm.submit(2, wait_s=20) == "1"


# -- cancelling ---------------------------------------------------------------------------------


def test_cancelling_before_the_submission_prevents_it(slurm: StandIn) -> None:
    assert slurm.guard().forbid(2) is None
    for attempt in (1, 2):
        with pytest.raises(TaskCancelled):
            slurm.submit(attempt)
    assert slurm.jobs() == []
    assert slurm.submit(3) == "1", "a later attempt was not cancelled"


def test_cancelling_after_the_submission_names_the_job(slurm: StandIn) -> None:
    for mode in ("well", "lose"):
        slurm.set(mode)
        slurm.submit()
        assert slurm.guard().forbid(1) == "1"


def test_cancelling_after_a_refusal_forbids_another_try(slurm: StandIn) -> None:
    slurm.set("refuse")
    with pytest.raises(NotAcceptedError):
        slurm.submit()
    slurm.set("well")
    assert slurm.guard().forbid(1) is None
    with pytest.raises(TaskCancelled):
        slurm.submit(1)
    assert slurm.jobs() == []


def test_cancelling_during_the_submission_waits_for_it(slurm: StandIn) -> None:
    slurm.set("slow")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(slurm.submit)
        wait_until(slurm.begun)
        with pytest.raises(SubmissionUncertainError):
            slurm.guard().forbid(1)
        slurm.go_on()
        assert first.result(30) == "1"
    assert slurm.guard().forbid(1) == "1"


def test_cancelling_and_submitting_at_once_agree(slurm: StandIn) -> None:
    def submit() -> str | None:
        try:
            return slurm.submit(wait_s=20)
        except TaskCancelled:
            return None

    for _ in range(10):
        shutil.rmtree(slurm.work, ignore_errors=True)
        before = len(slurm.jobs())
        with ThreadPoolExecutor(2) as pool:
            submitted, cancelled = pool.submit(submit), pool.submit(lambda: slurm.guard(wait_s=20).forbid(1))
            assert submitted.result(60) == cancelled.result(60)
        assert len(slurm.jobs()) == before + (submitted.result() is not None)
        for job in slurm.jobs():  # forget them: the name is used again
            (slurm.home / "jobs" / job).unlink()


# -- killed and stopped at every command ----------------------------------------------------------

# Read by every bash of the script (BASH_ENV), before each of its commands: counts them, and strikes at the chosen one.
STRIKE = r"""
strike() {
  local count=
  printf x >>"$STRIKE_COUNT"
  read -r count <"$STRIKE_COUNT"
  [ "${#count}" = "$STRIKE_AT" ] || return 0
  case $STRIKE_HOW in
    shell) kill -s KILL "$BASHPID" ;;
    group) kill -s KILL 0 ;;
    crash) kill -s KILL -- "-$STRIKE_GROUP" 0 ;;
    stop) kill -s STOP "$BASHPID" ;;
  esac
}
set -T
trap strike DEBUG
"""


class Strike:
    """Runs the script of a submission in bash, which can be struck before any command of any of its shells."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.count = directory / "count"
        (directory / "strike").write_text(STRIKE)
        (directory / "sh").symlink_to(shutil.which("bash") or "")

    def script_of(self, slurm: StandIn) -> str:
        scripts: list[str] = []

        class Listening(PlainShell):
            def run(self, script: str, **values: object) -> CommandResult:
                scripts.append(script)
                raise ConnectionError

        with pytest.raises(ConnectionError):
            replace(slurm.guard(), shell=Listening()).submit(SCRIPT, 1)
        return scripts[0]

    def start(self, script: str, how: str, at: int) -> subprocess.Popen[bytes]:
        self.count.write_text("")
        environment = {
            **os.environ,
            "BASH_ENV": str(self.directory / "strike"),
            "PATH": f"{self.directory}:{os.environ['PATH']}",
            "STRIKE_COUNT": str(self.count),
            "STRIKE_HOW": how,
            "STRIKE_AT": str(at),
        }
        # bash called by another name than sh, or it would not read BASH_ENV.
        return subprocess.Popen(
            ["bash", "-c", f"STRIKE_GROUP=$$; export STRIKE_GROUP; {script}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def commands(self) -> int:
        return len(self.count.read_text())


@pytest.fixture
def strike(tmp_path: Path) -> Strike:
    return Strike(tmp_path)


def fresh(tmp_path: Path) -> Iterator[StandIn]:
    """A new stand-in each time."""
    number = 0
    while True:
        number += 1
        yield StandIn(tmp_path / str(number))


@pytest.mark.parametrize("how", ["shell", "group", "crash"])
def test_killed_before_any_command_there_is_one_job(tmp_path: Path, strike: Strike, how: str) -> None:
    """``shell``: one process dies; ``group``: its process group; ``crash``: everything, sbatch included."""
    stand_ins = fresh(tmp_path)
    slurm = next(stand_ins)
    strike.start(strike.script_of(slurm), "not at all", 0).wait(60)
    commands = strike.commands()
    assert slurm.jobs() == ["1"]
    assert commands > 30, "the strikes must reach the shell that submits, too"
    for at in range(1, commands + 1):
        slurm = next(stand_ins)
        with strike.start(strike.script_of(slurm), how, at) as process:
            process.wait(60)
        assert slurm.submit_until_sure() == "1", f"killed ({how}) before command {at}"
        assert slurm.jobs() == ["1"], f"killed ({how}) before command {at}"


def test_stopped_before_any_command_and_woken_after_its_successor_there_is_one_job(
    tmp_path: Path, strike: Strike
) -> None:
    stand_ins = fresh(tmp_path)
    slurm = next(stand_ins)
    strike.start(strike.script_of(slurm), "not at all", 0).wait(60)
    for at in range(1, strike.commands() + 1):
        slurm = next(stand_ins)
        with strike.start(strike.script_of(slurm), "stop", at) as process:
            wait_until(lambda at=at: strike.commands() >= at)  # type: ignore[misc]
            # Its successor either gets the job or, while the sleeper may be in the middle of it, cannot be sure.
            with contextlib.suppress(SubmissionUncertainError):
                slurm.submit(2, wait_s=0)
            slurm.time_passes()
            with contextlib.suppress(SubmissionUncertainError):
                slurm.submit(2, wait_s=0)
            wake(process, slurm)
            process.wait(60)
        assert slurm.submit_until_sure() == "1", f"stopped before command {at}"
        assert slurm.jobs() == ["1"], f"stopped before command {at}"


def wake(process: subprocess.Popen[bytes], slurm: StandIn) -> None:
    """Continue the shell and the process group that submits, whichever of them was stopped."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGCONT)
    for link in slurm.work.glob(f".{NAME}.submit/*"):
        if link.is_symlink():
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.killpg(int(os.readlink(link).split(":")[3]), signal.SIGCONT)


def wait_until(condition: Callable[[], object], limit_s: float = 30.0) -> None:
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.01)
