"""``graph``: the tasks as boxes and lines."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from airavata_workload.cli import completion
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.graph_boxes import dag_graph, task_graph
from airavata_workload.domain.errors import NotFoundError


def _offered(incomplete: str) -> list[tuple[str, str]]:
    return [*completion.application_types(incomplete), *completion.experiment_ids(incomplete)]


def graph(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="EXPERIMENT|TYPE",
            help="The id of an experiment or a beginning of it, or an application type.",
            autocompletion=_offered,
            show_default=False,
        ),
    ],
) -> int:
    """Draw the tasks of an experiment or of an application type.

    Each task is a box that hangs below the tasks it waits for; an experiment's tasks show their states.
    """
    invocation: Invocation = context.obj
    screen = invocation.screen
    console = screen.out
    with invocation.stores() as installation:
        installation.load_missing_dags()
        dag = next((each for each in installation.graph.abstracts() if each.application_type == what), None)
        if dag is not None:
            columns, ascii_only = console.width, console.options.ascii_only
            screen.result(json_forms.dag_form(dag), lambda: dag_graph(dag, columns=columns, ascii_only=ascii_only))
            return ExitCode.DONE
        try:
            experiment = installation.registry.experiment(what)
        except NotFoundError as error:
            known = ", ".join(each.application_type for each in installation.graph.abstracts())
            raise NotFoundError(
                f"'{what}' is neither an experiment nor an application type.",
                remedy=f"Application types are: {known}; 'airavata-workload list' lists experiments.",
            ) from error
        tasks = installation.graph.tasks(experiment.experiment_id)
        jobs = installation.registry.jobs(experiment.experiment_id)

    def view() -> RenderableType:
        if not tasks:
            return Text(
                f"Experiment {experiment.experiment_id} has no tasks yet: it is {experiment.state}.", style="dim"
            )
        return task_graph(tasks, jobs, columns=console.width, ascii_only=console.options.ascii_only)

    screen.result(
        {**json_forms.experiment_form(experiment), "tasks": [json_forms.task_form(each) for each in tasks]}, view
    )
    return ExitCode.DONE
