"""SIGKILL before and after each call that leaves the process; afterwards the experiment is whole, and ran once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from faults.harness import Ending, Place, kill_at, places, run_and_kill

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


def kill_once(directory: Path, place: Place | None) -> tuple[Ending, Path]:
    directory.mkdir()
    (directory / "it's data.txt").write_text("some data\n")
    runs = directory / "runs"
    path = directory / "experiment.toml"
    path.write_text(EXPERIMENT.format(runs=runs))
    return run_and_kill(directory / "home", path, place), runs


def check(ending: Ending, runs: Path, what: str) -> None:
    assert ending.experiment["state"] == "COMPLETED", what
    assert {task["state"] for task in ending.tasks} == {"COMPLETED"}, what
    assert runs.read_text() == "ran\n", f"{what}: the job ran {len(runs.read_text().splitlines())} times"
    copy = Path(ending.experiment["output_directory"]) / "out.txt"
    assert copy.read_text() == "some data\n", what


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_experiment_survives_a_kill_at_any_step(tmp_path: Path) -> None:
    whole, runs = kill_once(tmp_path / "whole", None)
    check(whole, runs, "not killed")
    submitted = next(number for number, step in enumerate(whole.steps) if "after registry.create_experiments" in step)
    # Before that there is nothing to lose.
    stride = 1 if os.environ.get("ALL_STEPS") else 7
    chosen = places(whole.steps)[submitted + 1 :: stride]

    def one(numbered: tuple[int, Place]) -> bool:
        number, place = numbered

        def attempt(attempted: int) -> Ending:
            ending, ran = kill_once(tmp_path / f"k{number}.{attempted}", place)
            assert ending.experiment, f"killed at {place}: the experiment is lost"
            check(ending, ran, f"killed at {place}")
            return ending

        return kill_at(place, attempt)

    with ThreadPoolExecutor(2) as pool:
        reached = list(pool.map(one, enumerate(chosen)))
    # Not every run acknowledges its last messages one by one.
    missed = [str(place) for place, was in zip(chosen, reached, strict=True) if not was]
    assert len(missed) <= len(chosen) // 10, missed
