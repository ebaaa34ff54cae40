"""Kills an engine at a chosen step, recovers its experiment with the command line, and looks at what is left.

A step is found again by its name and how often it has come: numbers are not
the same in two runs, since a job whose states are seen one by one gives more
steps than one that has ended when it is first looked at.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from airavata_workload.cli.exit_codes import ExitCode

TESTS = Path(__file__).parents[1]
TIME_OUT_S = 110
ATTEMPTS = 3


@dataclass(frozen=True)
class Place:
    """The step that has this name for the ``occurrence``-th time, from 1."""

    name: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.name} ({self.occurrence})"


@dataclass(frozen=True)
class Ending:
    """What is left of an experiment: its description, tasks and audit trail as the command line shows them."""

    experiment: dict
    tasks: list[dict]
    jobs: list[dict]
    steps: list[str]
    killed: bool


def command_line(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run airavata-workload as a user does."""
    program = Path(sys.executable).with_name("airavata-workload")
    environment = {**os.environ, "AIRAVATA_WORKLOAD_HOME": str(home)}
    return subprocess.run(
        [str(program), *arguments], env=environment, capture_output=True, text=True, timeout=TIME_OUT_S
    )


def places(steps: Sequence[str]) -> list[Place]:
    """Where a run like the one that took these steps can be killed; of a step with several names, the first."""
    seen: Counter[str] = Counter()
    found = []
    for step in steps:
        names = step.split(", ")
        seen.update(names)
        found.append(Place(names[0], seen[names[0]]))
    return found


def run_and_kill(home: Path, experiment_file: Path, place: Place | None, exit_code: ExitCode = ExitCode.DONE) -> Ending:
    """Run the experiment, killing the engine at a place, recover it if it was reached, and return how it ended.

    ``exit_code`` is that of the command line for an experiment that ended as this one must.
    """
    log = home.parent / f"{home.name}.steps"
    command = [sys.executable, "-m", "faults.killed_run", str(home), str(experiment_file), str(log)]
    if place is not None:
        command += [place.name, str(place.occurrence)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIME_OUT_S)
    steps = log.read_text().splitlines()
    killed = place is not None and run.returncode == -signal.SIGKILL
    if killed:
        recovered = command_line(home, "recover")
        said = f"{place}\n{recovered.stdout}\n{recovered.stderr}"
        assert recovered.returncode == exit_code or "nothing to recover" in said, said
    else:
        assert run.returncode == exit_code, run.stdout + run.stderr
    return ending(home, experiment_file, steps, killed=killed)


def kill_at(place: Place, attempt: Callable[[int], Ending]) -> bool:
    """Try until a run is killed there; ``attempt``, given a number from 1, makes one and checks how it ended.

    Returns whether one was. Two states that a run saw one after the other may
    be one to the next, so a place is not always reached.
    """
    return any(attempt(number).killed for number in range(1, ATTEMPTS + 1))


def ending(home: Path, experiment_file: Path, steps: list[str], *, killed: bool) -> Ending:
    """The one experiment in a home directory as it is now; its id begins like its name."""
    name = tomllib.loads(experiment_file.read_text())["experiment"]["name"]
    shown = command_line(home, "show", name.split()[0], "--output", "json")
    if shown.returncode == ExitCode.NOT_FOUND:
        return Ending({}, [], [], steps, killed)
    assert shown.returncode == 0, shown.stderr
    document = json.loads(shown.stdout)
    return Ending(document, document["tasks"], document["jobs"], steps, killed)
