"""``submit``: hand experiments to a running engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from airavata_workload.bootstrap import Installation
from airavata_workload.cli import completion
from airavata_workload.cli.driving import follow, report
from airavata_workload.cli.engine_here import engine_serves
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.plain_text import unbroken
from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.domain.errors import ConflictError, InputError, NotFoundError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import ExperimentState

NO_ENGINE = "no engine is running: it starts when 'airavata-workload serve' does."


def _offered(incomplete: str) -> list[str]:
    return [*completion.experiment_files(incomplete), *(each for each, _ in completion.experiment_ids(incomplete))]


def submit(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Experiment files (TOML), or ids of experiments that 'clone' has made.",
            autocompletion=_offered,
            show_default=False,
        ),
    ],
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Follow them to their end.")] = False,
) -> int:
    """Hand experiments to the engine that 'serve' runs.

    Prints their ids, one a line. They are stored safely when the command returns, and start when an engine runs.
    """
    invocation: Invocation = context.obj
    screen = invocation.screen
    files = [Path(each) for each in what if _is_file(each)]
    new = [load_experiment(path) for path in files]
    with invocation.installation("submit") as installation, Interrupts() as interrupts:
        installation.load_missing_dags()
        workload = installation.workload()
        made = [_made_before(installation, each) for each in what if not _is_file(each)]
        since = installation.bus.latest()
        created = workload.submit(new)
        workload.launch([each.experiment_id for each in made])
        submitted = [*created, *made]
        if not engine_serves(installation):
            screen.warn(NO_ENGINE)
        if not wait:
            forms = [json_forms.experiment_form(each) for each in submitted]
            screen.results(forms, lambda: Group(*(unbroken(each.experiment_id) for each in submitted)))
            return ExitCode.DONE
        following = follow(screen, workload, [each.experiment_id for each in submitted], interrupts, since=since)
        if not following.ended:
            screen.say("No longer following; the experiments go on.")
            return ExitCode.INTERRUPTED
        return report(screen, workload, list(following.pictures.values()), alone=False)


def _is_file(argument: str) -> bool:
    """Whether the argument means a file: it is there, or it looks like one."""
    return argument.endswith(".toml") or "/" in argument or Path(argument).exists()


def _made_before(installation: Installation, experiment_id: str) -> Experiment:
    try:
        experiment = installation.registry.experiment(experiment_id)
    except NotFoundError as error:
        raise InputError(f"'{experiment_id}' is neither a file nor the id of an experiment.") from error
    if experiment.state is not ExperimentState.CREATED:
        raise ConflictError(
            f"Experiment {experiment.experiment_id} is {experiment.state}: it was submitted before.",
            remedy="'airavata-workload clone' makes a new one from it.",
        )
    return experiment
