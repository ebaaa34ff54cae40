"""Runs one experiment in an engine that kills itself (SIGKILL) at a chosen step (see ``faults.steps``).

Usage: python -m faults.killed_run HOME EXPERIMENT_FILE LOG [NAME OCCURRENCE]

It dies at the step that has NAME for the OCCURRENCE-th time; without a name,
never. Every step is appended to LOG as it is reached, so that a first run
tells which there are.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from faults.steps import Steps, watch_installations

from airavata_workload.bootstrap import Installation
from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.settings import load_settings


def main(home: str, experiment_file: str, log: str, kill_at: str = "", occurrence: str = "1") -> int:
    """Run the experiment; the exit code says whether it completed."""
    watch_installations(_steps(Path(log), kill_at, int(occurrence)))
    settings = load_settings(home=Path(home))
    with Installation(settings, service="run", private=True) as installation:
        installation.load_missing_dags()
        engine = installation.engine(adopt_orphans=False)
        engine.start()
        workload = installation.workload()
        experiment = workload.submit([load_experiment(Path(experiment_file))])[0]
        print(experiment.experiment_id, flush=True)
        ended = workload.wait(experiment.experiment_id, timeout_s=90)
        engine.stop(5.0)
        print(ended.state, ended.reason, flush=True)
        return 0 if ended.state == "COMPLETED" else 1


def _steps(log: Path, kill_at: str, occurrence: int) -> Steps:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    left = itertools.count(occurrence - 1, -1)

    def note(_number: int, names: Sequence[str]) -> None:
        os.write(file, f"{', '.join(names)}\n".encode())

    return Steps(note, lambda _, names: kill_at in names and next(left) == 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
