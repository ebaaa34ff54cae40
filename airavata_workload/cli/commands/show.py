"""``show``: one experiment in detail."""

from __future__ import annotations

import typer

from airavata_workload.cli.arguments import ExperimentId
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.output_files import output_files
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.experiment_views import experiment_detail
from airavata_workload.domain.clock import now_us


def show(context: typer.Context, experiment: ExperimentId) -> int:
    """Show an experiment with its tasks, jobs and outputs."""
    invocation: Invocation = context.obj
    screen = invocation.screen
    with invocation.stores() as installation:
        found = installation.registry.experiment(experiment)
        tasks = installation.graph.tasks(found.experiment_id)
        jobs = installation.registry.jobs(found.experiment_id)
    outputs = output_files(found.output_directory)
    screen.result(
        json_forms.detail_form(found, tasks, jobs, outputs),
        lambda: experiment_detail(found, tasks, jobs, outputs, now_us(), ascii_only=screen.out.options.ascii_only),
    )
    return ExitCode.DONE
