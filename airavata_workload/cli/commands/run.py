"""``run``: experiments to their end, in this process."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from airavata_workload.cli.arguments import ExperimentFiles
from airavata_workload.cli.engine_here import drive, engine_here
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation
from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.domain.experiment import Experiment


def run(context: typer.Context, files: ExperimentFiles) -> int:
    """Run experiments to their end in this process.

    Shows how they get on, and at the end where the outputs are, or what failed and what to do next. Nothing else
    has to run. Ctrl-C loses nothing: 'recover' goes on, 'cancel' cancels.
    """
    experiments = [load_experiment(path) for path in files]
    return run_here(context.obj, experiments, alone=False)


def run_here(invocation: Invocation, experiments: Sequence[Experiment], *, alone: bool) -> ExitCode:
    """Submit to an engine in this process and follow to the end; ``alone`` as for ``report``."""
    with (
        invocation.installation("run", private=True) as installation,
        Interrupts() as interrupts,
        engine_here(installation),
    ):
        since = installation.bus.latest()
        created = installation.workload().submit(experiments)
        ids = [each.experiment_id for each in created]
        return drive(invocation, installation, ids, interrupts, since=since, alone=alone)
