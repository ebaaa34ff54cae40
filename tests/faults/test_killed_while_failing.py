"""SIGKILL while an experiment fails whose job nobody waits for yet: the job is over and recorded, and there was one."""

from __future__ import annotations

import os
import select
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from faults.harness import Ending, Place, kill_at, places, run_and_kill

from airavata_workload.cli.exit_codes import ExitCode

DAG = """
application_type: fails-early
description: A job, and beside its monitoring something that fails before that begins
tasks:
  submit:
    kind: job-submission
    parameters: {directory: "${process.working_directory}", commands: "${application.commands}"}
  gate:
    kind: command
    after: submit
    parameters: {command: ["false"]}
  monitor:
    kind: job-monitoring
    after: [submit, gate]
    parameters: {job: "${tasks.submit.outputs.job}"}
"""
EXPERIMENT = """
[experiment]
name = "fail early"
application_type = "fails-early"
compute_resource = "local"

[application]
commands = [["sh", "-c", "echo $$ >> \\"$1\\"; exec sleep 900", "job", "{runs}"]]
"""
OVER_WITHIN_S = 20
STRIDE = 9


def kill_once(directory: Path, place: Place | None) -> Ending:
    home = directory / "home"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "fails-early.yaml").write_text(DAG)
    path = directory / "experiment.toml"
    path.write_text(EXPERIMENT.format(runs=directory / "runs"))
    return run_and_kill(home, path, place, ExitCode.FAILED)


def over(process_id: int) -> bool:
    """Whether the process is gone, or goes in time."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(process_id)
        try:
            return bool(select.select([descriptor], [], [], OVER_WITHIN_S)[0])
        finally:
            os.close(descriptor)
    return True


def check(ending: Ending, directory: Path, what: str) -> None:
    assert ending.experiment["state"] == "FAILED", what
    states = {task["name"]: task["state"] for task in ending.tasks}
    assert states == {"submit": "COMPLETED", "gate": "FAILED", "monitor": "CANCELED"}, what
    assert [job["state"] for job in ending.jobs] == ["CANCELED"], what
    runs = directory / "runs"
    ran = runs.read_text().split() if runs.exists() else []  # it may be cancelled before it says so
    assert len(ran) <= 1, f"{what}: the job ran {len(ran)} times"
    assert all(over(int(process_id)) for process_id in ran), f"{what}: the job runs on"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_job_that_nobody_waits_for_is_cancelled_whenever_the_engine_is_killed(tmp_path: Path) -> None:
    whole = kill_once(tmp_path / "whole", None)
    check(whole, tmp_path / "whole", "not killed")
    handed_over = next(number for number, step in enumerate(whole.steps) if "graph.apply FAILED" in step)
    chosen = places(whole.steps)[handed_over :: 1 if os.environ.get("ALL_STEPS") else STRIDE]
    assert any("settle_job" in step for step in whole.steps)

    def one(numbered: tuple[int, Place]) -> bool:
        number, place = numbered

        def attempt(attempted: int) -> Ending:
            directory = tmp_path / f"k{number}.{attempted}"
            ending = kill_once(directory, place)
            check(ending, directory, f"killed at {place}")
            return ending

        return kill_at(place, attempt)

    with ThreadPoolExecutor(2) as pool:
        reached = list(pool.map(one, enumerate(chosen)))
    missed = [str(place) for place, was in zip(chosen, reached, strict=True) if not was]
    assert len(missed) <= len(chosen) // 4, missed
