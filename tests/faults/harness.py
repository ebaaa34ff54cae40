"""Kills an engine at a chosen step, recovers its experiment with the command line, and looks at what is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from airavata_workload.cli.exit_codes import ExitCode

TESTS = Path(__file__).parents[1]
TIME_OUT_S = 110


@dataclass(frozen=True)
class Ending:
    """What is left of an experiment: its description, tasks and audit trail as the command line shows them."""

    experiment: dict
    tasks: list[dict]
    jobs: list[dict]
    steps: list[str]


def command_line(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run airavata-workload as a user does."""
    program = Path(sys.executable).with_name("airavata-workload")
    environment = {**os.environ, "AIRAVATA_WORKLOAD_HOME": str(home)}
    return subprocess.run(
        [str(program), *arguments], env=environment, capture_output=True, text=True, timeout=TIME_OUT_S
    )


def run_and_kill(home: Path, experiment_file: Path, kill_at: int) -> Ending:
    """Run the experiment, killing the engine at a step (0: never), recover it, and return how it ended."""
    log = home.parent / f"{home.name}.steps"
    command = [sys.executable, "-m", "faults.killed_run", str(home), str(experiment_file), str(kill_at), str(log)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIME_OUT_S)
    steps = log.read_text().splitlines()
    if kill_at:
        assert run.returncode == -signal.SIGKILL, f"step {kill_at} was never reached: {run.stdout}{run.stderr}"
        recovered = command_line(home, "recover")
        assert recovered.returncode == 0, f"{steps[-1]}\n{recovered.stdout}\n{recovered.stderr}"
    else:
        assert run.returncode == 0, run.stdout + run.stderr
    return ending(home, experiment_file, steps)


def ending(home: Path, experiment_file: Path, steps: list[str]) -> Ending:
    """The one experiment in a home directory as it is now; its id begins like its name."""
    name = tomllib.loads(experiment_file.read_text())["experiment"]["name"]
    shown = command_line(home, "show", name.split()[0], "--output", "json")
    if shown.returncode == ExitCode.NOT_FOUND:
        return Ending({}, [], [], steps)
    assert shown.returncode == 0, shown.stderr
    document = json.loads(shown.stdout)
    return Ending(document, document["tasks"], document["jobs"], steps)
