"""``demo``: the experiment that comes with the distribution."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import airavata_workload_config
import typer

from airavata_workload.cli.commands.run import run_here
from airavata_workload.cli.invocation import Invocation
from airavata_workload.documents.experiment_file import load_experiment


def demo(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="Where the outputs go; default demo-output.", file_okay=False)
    ] = Path("demo-output"),
) -> int:
    """Run the demo experiment: the orbits of the planets.

    It integrates the orbits from the published initial states of the planets and leaves a trajectory, a report on the
    drift of the energy, and a plot.
    """
    invocation: Invocation = context.obj
    experiment = load_experiment(airavata_workload_config.directory() / "demo" / "planets.toml")
    return run_here(invocation, [replace(experiment, output_directory=str(directory.absolute()))], alone=True)
