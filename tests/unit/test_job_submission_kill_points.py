"""A job is submitted exactly once, whoever is killed, stopped or cut off before whichever command of the script."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults.submission_site import SCRIPT, Site

from airavata_workload.domain.errors import SubmissionUncertainError
from airavata_workload.ports.remote_shell import CommandResult
from airavata_workload.testing.subprocess_shell import SubprocessShell

# Read by every bash of the script (BASH_ENV), before each of its commands: counts them, and strikes at the chosen one.
STRIKE = r"""
strike() {
  local commands
  printf '%s\n' "$BASHPID" >>"$STRIKE_COUNT"
  mapfile -t commands <"$STRIKE_COUNT"
  [ "${#commands[@]}" = "$STRIKE_AT" ] || return 0
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
        # bash by the name of sh would not read BASH_ENV.
        (directory / "sh").write_text('#!/bin/sh\nexec bash "$@"\n')
        (directory / "sh").chmod(0o755)

    def script_of(self, site: Site) -> str:
        scripts: list[str] = []

        class Listening(SubprocessShell):
            def run(self, script: str, **values: object) -> CommandResult:
                scripts.append(script)
                raise ConnectionError

        with pytest.raises(ConnectionError):
            replace(site.guard(), shell=Listening()).submit(SCRIPT, 1)
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
        return subprocess.Popen(
            ["bash", "-c", f"STRIKE_GROUP=$$; export STRIKE_GROUP; {script}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def commands(self) -> int:
        """How many commands there were."""
        return len(self.count.read_text().split())

    def wake(self) -> None:
        """Let the shell that was stopped go on."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(self.count.read_text().split()[-1]), signal.SIGCONT)

    def shells(self) -> int:
        """In how many shells."""
        return len(set(self.count.read_text().split()))


@pytest.fixture
def strike(tmp_path: Path) -> Strike:
    return Strike(tmp_path)


def fresh(tmp_path: Path) -> Iterator[Site]:
    """A new site each time."""
    number = 0
    while True:
        number += 1
        yield Site(tmp_path / str(number))


@pytest.mark.parametrize("how", ["shell", "group", "crash"])
def test_killed_before_any_command_there_is_one_job(tmp_path: Path, strike: Strike, how: str) -> None:
    """``shell``: one process dies; ``group``: its process group; ``crash``: everything, sbatch included."""
    sites = fresh(tmp_path)
    site = next(sites)
    strike.start(strike.script_of(site), "not at all", 0).wait(60)
    commands = strike.commands()
    assert site.jobs() == ["1"]
    assert strike.shells() >= 3, "the script's, the one that submits, and the one around sbatch"
    for at in range(1, commands + 1):
        site = next(sites)
        with strike.start(strike.script_of(site), how, at) as process:
            process.wait(60)
        assert site.submit_until_sure() == "1", f"killed ({how}) before command {at}"
        assert site.jobs() == ["1"], f"killed ({how}) before command {at}"


def test_stopped_before_any_command_and_woken_after_its_successor_there_is_one_job(
    tmp_path: Path, strike: Strike
) -> None:
    sites = fresh(tmp_path)
    site = next(sites)
    strike.start(strike.script_of(site), "not at all", 0).wait(60)
    for at in range(1, strike.commands() + 1):
        site = next(sites)
        with strike.start(strike.script_of(site), "stop", at) as process:
            wait_until(lambda at=at: strike.commands() >= at)  # type: ignore[misc]
            # Its successor either gets the job or, while the sleeper may be in the middle of it, cannot be sure.
            with contextlib.suppress(SubmissionUncertainError):
                site.submit(2, wait_s=0)
            site.time_passes()
            with contextlib.suppress(SubmissionUncertainError):
                site.submit(2, wait_s=0)
            strike.wake()
            process.wait(60)
        assert site.submit_until_sure() == "1", f"stopped before command {at}"
        assert site.jobs() == ["1"], f"stopped before command {at}"


def test_a_cut_connection_does_not_disturb_a_submission(tmp_path: Path, strike: Strike) -> None:
    site = Site(tmp_path)
    site.set("slow")
    with strike.start(strike.script_of(site), "not at all", 0) as process:
        wait_until(site.begun)
        group = site.group()
        assert os.getsid(group) == group, "a session of its own: no terminal and no group is shared"
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            os.killpg(process.pid, number)
    site.go_on()
    site.queue_is_down(True)  # so that the only way to the id is the answer that sbatch has left
    assert site.submit(2, wait_s=20) == "1"


def wait_until(condition: Callable[[], object], limit_s: float = 30.0) -> None:
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.01)
