"""SIGKILL before and after each call that leaves the process; afterwards the experiment is whole, and ran once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from faults.harness import Ending, run_and_kill

EXPERIMENT = """
[experiment]
name = "copy and count"
application_type = "hpc-batch"
compute_resource = "local"

[application]
commands = [["sh", "-c", "echo ran >> \\"$1\\"; cp \\"$2\\" out.txt", "copy", "{runs}", "${{inputs.data}}"]]

[inputs]
data = {{file = "it's data.txt"}}

[outputs]
copy = "out.txt"
"""


def kill_once(directory: Path, kill_at: int) -> tuple[Ending, Path]:
    directory.mkdir()
    (directory / "it's data.txt").write_text("some data\n")
    runs = directory / "runs"
    path = directory / "experiment.toml"
    path.write_text(EXPERIMENT.format(runs=runs))
    return run_and_kill(directory / "home", path, kill_at), runs


def check(ending: Ending, runs: Path, what: str) -> None:
    assert ending.experiment["state"] == "COMPLETED", what
    assert {task["state"] for task in ending.tasks} == {"COMPLETED"}, what
    assert runs.read_text() == "ran\n", f"{what}: the job ran {len(runs.read_text().splitlines())} times"
    copy = Path(ending.experiment["output_directory"]) / "out.txt"
    assert copy.read_text() == "some data\n", what


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_experiment_survives_a_kill_at_any_step(tmp_path: Path) -> None:
    whole, runs = kill_once(tmp_path / "whole", 0)
    check(whole, runs, "not killed")
    names = [step.split(" ", 1)[1] for step in whole.steps]
    submitted = next(number for number, name in enumerate(names) if "create_experiments" in name and "after" in name)
    # Before that there is nothing to lose. The number of steps varies a little, as batches do.
    stride = 1 if os.environ.get("ALL_STEPS") else 7
    chosen = range(submitted + 2, len(names) - 4, stride)

    def one(kill_at: int) -> None:
        ending, ran = kill_once(tmp_path / f"k{kill_at}", kill_at)
        if not ending.experiment:
            raise AssertionError(f"killed at {ending.steps[-1]}: the experiment is lost")
        check(ending, ran, f"killed at {ending.steps[-1]}")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, chosen))
