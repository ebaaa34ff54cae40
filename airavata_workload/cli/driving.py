"""Shows experiments as they run, in whatever way suits the output, until they have ended or Ctrl-C is pressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from airavata_workload.api.workload import Workload
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.following import DETAILED, Following
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.output_files import output_files
from airavata_workload.cli.picture import Picture
from airavata_workload.cli.screen import Screen
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.audit_lines import change_line
from airavata_workload.cli.views.endings import ending, endings
from airavata_workload.cli.views.live_view import live_view
from airavata_workload.cli.views.plain_text import plural, short_id
from airavata_workload.domain.change import Event, StateChange
from airavata_workload.domain.clock import now_us

WAIT_S = 0.2
"""Longest time between two drawings, and until Ctrl-C is noticed."""


def follow(
    screen: Screen,
    workload: Workload,
    experiment_ids: Sequence[str],
    interrupts: Interrupts,
    *,
    on_events: Callable[[Sequence[Event]], None] | None = None,
    since: int | None = None,
) -> Following:
    """Show the experiments until all have ended, or until ``interrupts`` has a request."""
    following = Following(workload, experiment_ids, since=since)
    tell = on_events or (lambda events: _tell(screen, events, by_name=len(experiment_ids) > 1))
    with _display(screen) as live:
        while True:
            if live is not None:
                live.update(_drawing(screen, following), refresh=True)
            if following.ended or interrupts.requested:
                if live is None:
                    tell(following.rest())
                return following
            events = following.update(WAIT_S)
            if live is None:
                tell(events)


def _display(screen: Screen) -> AbstractContextManager[Live | None]:
    if not screen.live:
        return nullcontext(None)
    return Live(console=screen.out, auto_refresh=False, transient=False, vertical_overflow="crop")


def _drawing(screen: Screen, following: Following) -> RenderableType:
    console = screen.out
    return live_view(
        list(following.pictures.values()),
        now_us(),
        detailed=following.detailed,
        rows=console.size.height - 1,
        ascii_only=console.options.ascii_only,
    )


def _tell(screen: Screen, events: Sequence[Event], *, by_name: bool) -> None:
    """A line for each change; with the experiment's id where there are several."""
    for event in events:
        if event.topic == "state":
            line = change_line(StateChange.from_json(event.body), ascii_only=screen.err.options.ascii_only)
            screen.say(Text(f"{short_id(event.experiment_id)}  ") + line if by_name else line)


def report(screen: Screen, workload: Workload, pictures: Sequence[Picture], *, alone: bool) -> ExitCode:
    """Say how the experiments ended, and give the exit code that says the same.

    ``alone`` tells that the command is about one experiment; otherwise JSON is a list, even of one.
    """
    if screen.for_people:
        screen.show(_report_view(screen, pictures))
    else:
        forms = [
            json_forms.detail_form(
                picture.experiment,
                workload.tasks(picture.experiment.experiment_id),
                workload.jobs(picture.experiment.experiment_id),
                output_files(picture.experiment.output_directory),
            )
            for picture in pictures
        ]
        if alone:
            screen.result(forms[0], Text)
        else:
            screen.results(forms, Text)
    return ExitCode.DONE if all(picture.completed for picture in pictures) else ExitCode.FAILED


def _report_view(screen: Screen, pictures: Sequence[Picture]) -> RenderableType:
    ascii_only = screen.out.options.ascii_only
    if len(pictures) == 1:
        picture = pictures[0]
        files = output_files(picture.experiment.output_directory)
        return ending(picture.experiment, picture.tasks, files, heading=not screen.live, ascii_only=ascii_only)
    experiments = [picture.experiment for picture in pictures]
    return endings(experiments, heading=not screen.live or len(pictures) <= DETAILED, ascii_only=ascii_only)


def say_not_lost(screen: Screen, pictures: Sequence[Picture], drain_time_s: float) -> None:
    """What a person should know who pressed Ctrl-C while this process drives experiments."""
    running = [picture.experiment.experiment_id for picture in pictures if not picture.ended]
    them = f"Experiment {short_id(running[0])} is" if len(running) == 1 else f"{plural(len(running), 'experiment')} are"
    which = short_id(running[0]) if len(running) == 1 else "EXPERIMENT"
    cancel = f"airavata-workload cancel {which}"
    message = (
        f"Interrupted. {them} not lost, and jobs that were submitted go on.\n"
        f"  {'airavata-workload recover':<{len(cancel)}}  goes on with what is not finished\n"
        f"  {cancel}  cancels instead\n"
        f"Waiting up to {drain_time_s:g} s for what runs here; Ctrl-C again ends at once."
    )
    screen.err.print(Text(message))
