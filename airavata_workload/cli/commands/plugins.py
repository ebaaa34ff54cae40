"""``plugins``: what is registered under the entry points, by whom, and what it takes."""

from __future__ import annotations

from typing import Annotated

import typer

from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.global_options import Command, group
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views.plugin_views import plugin_form, plugin_tables
from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.plugins import NAMESPACES, catalogue

plugins = group("Show task plugins and adapters.")


def _namespaces(incomplete: str) -> list[str]:
    return [each for each in NAMESPACES if each.startswith(incomplete)]


@plugins.command("list", cls=Command)
def list_plugins(
    context: typer.Context,
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", "-n", metavar="NAME", help="Of this namespace alone.", autocompletion=_namespaces),
    ] = None,
) -> int:
    """List every plugin and adapter with its distribution, version and parameters.

    One that cannot be loaded is listed with the reason, and harms no other.
    """
    invocation: Invocation = context.obj
    if namespace is not None:
        namespace = namespace.removeprefix("airavata_workload.")
        if namespace not in NAMESPACES:
            close = nearest(namespace, NAMESPACES)
            hint = f" Did you mean '{close}'?" if close else ""
            raise NotFoundError(
                f"There is no namespace '{namespace}'.{hint}", remedy=f"Namespaces are: {', '.join(NAMESPACES)}."
            )
    chosen = NAMESPACES if namespace is None else (namespace,)
    found = [plugin_form(each) for name in chosen for each in catalogue(name).registrations()]
    screen = invocation.screen
    screen.results(found, lambda: plugin_tables(found, ascii_only=screen.out.options.ascii_only))
    return ExitCode.DONE
