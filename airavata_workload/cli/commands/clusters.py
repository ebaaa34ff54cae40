"""``clusters``: the compute resources that cluster files describe."""

from __future__ import annotations

from typing import Annotated

import typer

from airavata_workload.cli import completion
from airavata_workload.cli.commands.doctor import clusters_checked, tell
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.finding import Check, Verdict
from airavata_workload.cli.global_options import Command, group
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.cluster_views import cluster_detail, cluster_table

clusters = group("List, show and check compute resources.")


@clusters.command("list", cls=Command)
def list_clusters(context: typer.Context) -> int:
    """List the clusters, and the cluster files that cannot be read."""
    invocation: Invocation = context.obj
    with invocation.installation("clusters") as installation:
        found = installation.clusters.clusters()
        broken = installation.clusters.broken()
        directory = installation.settings.clusters_directory
    forms = [json_forms.cluster_form(each) for each in found.values()]
    invocation.screen.results(forms, lambda: cluster_table(list(found.values()), directory))
    for error in broken.values():
        invocation.screen.warn(str(error))
    return ExitCode.DONE


@clusters.command("show", cls=Command)
def show_cluster(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name.", autocompletion=completion.cluster_names)],
) -> int:
    """Show what a cluster file says, with the defaults filled in."""
    invocation: Invocation = context.obj
    with invocation.installation("clusters") as installation:
        found = installation.clusters.cluster(name)
    invocation.screen.result(json_forms.cluster_form(found), lambda: cluster_detail(found))
    return ExitCode.DONE


@clusters.command("check", cls=Command)
def check_clusters(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Names; default: all.", autocompletion=completion.cluster_names),
    ] = None,
) -> int:
    """Log in to clusters, write to their scratch directories and ask their batch systems.

    Exit code 0 if nothing fails, else 3.
    """
    invocation: Invocation = context.obj
    with invocation.installation("clusters") as installation:
        wanted = names or [*installation.clusters.clusters(), *installation.clusters.broken()]
        broken = installation.clusters.broken()
        for name in wanted:
            if name not in broken:
                installation.clusters.cluster(name)  # raises for a name that is not known, before anything is tried

        def found() -> list[Check]:
            good = [name for name in wanted if name not in broken]
            files = [
                Check(f"{name}: file", Verdict.FAIL, broken[name].message, broken[name].remedy or "")
                for name in wanted
                if name in broken
            ]
            return [*files, *clusters_checked(installation, good)]

        return tell(invocation.screen, iter(found()))
