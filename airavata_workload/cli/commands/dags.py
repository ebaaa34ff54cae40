"""``dags``: abstract DAGs, which may be loaded and changed while the engine runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from airavata_workload.cli import completion
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.global_options import Command, group
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.dag_views import dag_detail, dag_table
from airavata_workload.documents.dag_directory import parameter_models
from airavata_workload.documents.dag_file import load_dag
from airavata_workload.domain.dag import AbstractDag

dags = group("List, show, check and load abstract DAGs.")

ApplicationType = Annotated[
    str,
    typer.Argument(metavar="TYPE", help="Application type.", autocompletion=completion.application_types),
]
DagFiles = Annotated[
    list[Path], typer.Argument(metavar="FILE", help="DAG files (YAML).", autocompletion=completion.dag_files)
]


@dags.command("list", cls=Command)
def list_dags(context: typer.Context) -> int:
    """List the application types, each with the newest version of its DAG."""
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        installation.load_missing_dags()
        found = installation.graph.abstracts()
    invocation.screen.results([json_forms.dag_form(each) for each in found], lambda: dag_table(found))
    return ExitCode.DONE


@dags.command("show", cls=Command)
def show_dag(
    context: typer.Context,
    application_type: ApplicationType,
    version: Annotated[
        int | None, typer.Option("--version", metavar="NUMBER", help="This version; default: the newest.", min=1)
    ] = None,
) -> int:
    """Show the tasks of an application type, and draw them."""
    invocation: Invocation = context.obj
    screen = invocation.screen
    with invocation.stores() as installation:
        installation.load_missing_dags()
        found = installation.graph.abstract(application_type, version)
    console = screen.out
    screen.result(
        json_forms.dag_form(found),
        lambda: dag_detail(found, columns=console.width, ascii_only=console.options.ascii_only),
    )
    return ExitCode.DONE


@dags.command("check", cls=Command)
def check_dags(context: typer.Context, files: DagFiles) -> int:
    """Check DAG files, without loading them: circles, unknown plugins, references and parameters."""
    invocation: Invocation = context.obj
    models = parameter_models()
    found = [load_dag(path, models) for path in files]
    forms = [json_forms.dag_form(each) for each in found]
    invocation.screen.results(forms, lambda: _lines(found, "is right"))
    return ExitCode.DONE


@dags.command("load", cls=Command)
def load_dags(context: typer.Context, files: DagFiles) -> int:
    """Check DAG files and make them the newest versions of their application types.

    Running experiments keep the version they started with. Nothing is loaded unless every file is right.
    """
    invocation: Invocation = context.obj
    models = parameter_models()
    checked = [load_dag(path, models) for path in files]
    with invocation.stores() as installation:
        workload = installation.workload()
        loaded = [workload.load_dag(each) for each in checked]
    forms = [json_forms.dag_form(each) for each in loaded]
    invocation.screen.results(forms, lambda: _lines(loaded, "is loaded", with_version=True))
    return ExitCode.DONE


def _lines(found: list[AbstractDag], what: str, *, with_version: bool = False) -> RenderableType:
    return Group(
        *(
            Text.assemble(
                (each.application_type, "bold"),
                f" {what}: " if not with_version else f" {what} as version {each.version}: ",
                f"{len(each.nodes)} tasks",
            )
            for each in found
        )
    )
