"""``recover``: go on with what nobody drives."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.engine_here import drive, engine_here
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.screen import Screen
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.experiment_views import experiment_table
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.experiment import Experiment


def recover(
    context: typer.Context,
    only_list: Annotated[bool, typer.Option("--list", help="Only list them.")] = False,
) -> int:
    """Go on with experiments that nobody drives any more.

    Their process was killed, or the machine went down. Each is resumed, in this process, from its first task that is
    not complete; jobs that were submitted are found again and never submitted twice. Ends when they have ended. A
    running 'serve' does the same by itself.
    """
    invocation: Invocation = context.obj
    if only_list:
        with invocation.installation("recover") as installation:
            orphans = _experiments(installation, _orphans(installation))
            invocation.screen.results(
                [json_forms.experiment_form(each) for each in orphans], lambda: _list(orphans, invocation.screen)
            )
        return ExitCode.DONE
    with (
        invocation.installation("recover", private=True) as installation,
        Interrupts() as interrupts,
        engine_here(installation) as engine,
    ):
        since = installation.bus.latest()
        before = set(_orphans(installation))
        engine.recovery.rebuild_nodes()
        engine.recovery.adopt()
        ours = {node.experiment_id for node in installation.nodes.nodes() if node.owner == installation.session}
        mine = _experiments(installation, sorted(before & ours))
        if not mine:
            _say_none(invocation.screen)
            return ExitCode.DONE
        invocation.screen.say(f"Going on with {', '.join(each.experiment_id for each in mine)}.")
        ids = [each.experiment_id for each in mine]
        return drive(invocation, installation, ids, interrupts, since=since, alone=False)


def _orphans(installation: Installation) -> list[str]:
    """Experiments that have not ended and that no living process drives."""
    nodes = installation.nodes.nodes()
    known = {node.experiment_id for node in nodes}
    without_node = [each for each in installation.graph.unfinished() if each not in known]
    return sorted([*(node.experiment_id for node in nodes if not node.owner_alive), *without_node])


def _experiments(installation: Installation, experiment_ids: list[str]) -> list[Experiment]:
    found = []
    for experiment_id in experiment_ids:
        try:
            found.append(installation.registry.experiment(experiment_id))
        except NotFoundError:
            continue  # its node is all that is left of it
    return found


def _list(orphans: list[Experiment], screen: Screen) -> RenderableType:
    if not orphans:
        return Text("Every experiment that has not ended is driven by a living process.")
    console = screen.out
    return experiment_table(
        orphans, len(orphans), 0, now_us(), columns=console.width, ascii_only=console.options.ascii_only
    )


def _say_none(screen: Screen) -> None:
    screen.results([], lambda: Text("There is nothing to recover."))
