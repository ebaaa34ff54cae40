"""``watch``: an experiment as it runs, wherever it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from airavata_workload.cli.arguments import ExperimentId
from airavata_workload.cli.driving import follow, report
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.output_form import Output
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.plain_text import short_id
from airavata_workload.domain.change import Event


def watch(
    context: typer.Context,
    experiment: ExperimentId,
    since: Annotated[
        int, typer.Option("--since", metavar="SEQUENCE", help="With jsonl: only events after this one.", min=0)
    ] = 0,
) -> int:
    """Follow an experiment to its end.

    Draws its tasks again and again. Where standard output is no terminal, prints a line for each change. With
    '--output jsonl' prints every event of the experiment, those of the past first, and nothing else. Ctrl-C ends the
    watching, not the experiment.
    """
    invocation: Invocation = context.obj
    screen = invocation.screen
    events_wanted = screen.output is Output.JSONL

    def print_events(events: Sequence[Event]) -> None:
        for event in events:
            screen.line(json_forms.event_form(event))

    with invocation.installation("watch") as installation, Interrupts() as interrupts:
        workload = installation.workload()
        found = workload.experiment(experiment)
        following = follow(
            screen,
            workload,
            [found.experiment_id],
            interrupts,
            on_events=print_events if events_wanted else None,
            since=since if events_wanted else None,
        )
        if not following.ended:
            screen.say(f"No longer watching; experiment {short_id(found.experiment_id)} goes on.")
            return ExitCode.INTERRUPTED
        pictures = list(following.pictures.values())
        if events_wanted:
            return ExitCode.DONE if pictures[0].completed else ExitCode.FAILED
        return report(screen, workload, pictures, alone=True)
