"""``list``: experiments in a table."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from airavata_workload.cli import completion
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.experiment_views import experiment_table
from airavata_workload.documents.login import login_name
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.states import ExperimentState
from airavata_workload.ports.registry import ExperimentFilter

StateName = StrEnum("StateName", [(state.value, state.value) for state in ExperimentState])  # type: ignore[misc]
"""The states as choices; those of the domain number themselves."""


State = Annotated[
    StateName | None,
    typer.Option(
        "--state",
        "-s",
        metavar="STATE",
        help=f"In this state: {', '.join(state.lower() for state in ExperimentState)}.",
        case_sensitive=False,
    ),
]
ApplicationType = Annotated[
    str | None,
    typer.Option(
        "--type", "-t", metavar="TYPE", help="Of this application type.", autocompletion=completion.application_types
    ),
]
Resource = Annotated[
    str | None,
    typer.Option(
        "--resource", "-r", metavar="NAME", help="On this compute resource.", autocompletion=completion.cluster_names
    ),
]
Name = Annotated[str | None, typer.Option("--name", "-n", metavar="TEXT", help="With this in their name.")]
Held = Annotated[bool | None, typer.Option("--held/--not-held", help="Held, or not held.", show_default=False)]
User = Annotated[str | None, typer.Option("--user", "-u", metavar="NAME", help="Of this user; default: you.")]
AllUsers = Annotated[bool, typer.Option("--all-users", "-a", help="Of all users.")]
Limit = Annotated[int, typer.Option("--limit", "-l", metavar="NUMBER", help="So many at most.", min=1, max=10_000)]
Offset = Annotated[int, typer.Option("--offset", metavar="NUMBER", help="Leave out so many of the newest.", min=0)]


def list_experiments(  # noqa: PLR0917 - Typer makes them options; nobody calls it by position
    context: typer.Context,
    state: State = None,
    application_type: ApplicationType = None,
    resource: Resource = None,
    name: Name = None,
    held: Held = None,
    user: User = None,
    all_users: AllUsers = False,
    limit: Limit = 25,
    offset: Offset = 0,
) -> int:
    """List experiments, the newest first.

    Without options your own are listed. All filters must match.
    """
    invocation: Invocation = context.obj
    which = ExperimentFilter(
        state=ExperimentState(state.value) if state else None,
        application_type=application_type,
        compute_resource=resource,
        user=None if all_users else user or login_name(),
        name_contains=name,
        held=held,
    )
    screen = invocation.screen
    with invocation.stores() as installation:
        found = installation.registry.experiments(which, limit=limit, offset=offset)
        matching = installation.registry.count(which) if screen.for_people else 0
    console = screen.out
    screen.results(
        [json_forms.experiment_form(each) for each in found],
        lambda: experiment_table(
            found, matching, offset, now_us(), columns=console.width, ascii_only=console.options.ascii_only
        ),
    )
    return ExitCode.DONE
