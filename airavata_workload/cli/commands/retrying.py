"""``retry`` and ``clone``: an experiment once more."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from airavata_workload.cli.arguments import ExperimentId, Reason
from airavata_workload.cli.commands.submit import NO_ENGINE
from airavata_workload.cli.confirmation import event_seen
from airavata_workload.cli.engine_here import drive, engine_here, engine_serves
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.experiment_views import state_text
from airavata_workload.cli.views.plain_text import short_id, unbroken
from airavata_workload.domain.change import Event
from airavata_workload.domain.errors import CommandTimeoutError
from airavata_workload.domain.states import ExperimentState

CONFIRM_S = 15.0


def retry(context: typer.Context, experiment: ExperimentId, reason: Reason = "") -> int:
    """Try a failed or cancelled experiment again from what did not complete.

    Tasks that completed are not run again. The running 'serve' takes it; if none runs, it runs here, as with 'run'.
    """
    invocation: Invocation = context.obj
    screen = invocation.screen
    with Interrupts() as interrupts:
        with invocation.installation("retry") as installation:
            found = installation.registry.experiment(experiment)
            if engine_serves(installation):
                workload = installation.workload()
                since = installation.bus.latest()
                workload.retry(found.experiment_id, reason)
                event_seen(
                    workload, found.experiment_id, _launched, since=since, timeout_s=CONFIRM_S, interrupts=interrupts
                )
                again = workload.experiment(found.experiment_id)
                heading = Text.assemble((short_id(again.experiment_id), "bold"), "  ")
                view = heading + state_text(again, ascii_only=screen.out.options.ascii_only)
                screen.result(json_forms.experiment_form(again), lambda: view)
                screen.say(f"'airavata-workload watch {short_id(again.experiment_id)}' follows it.")
                return ExitCode.DONE
        with invocation.installation("retry", private=True) as installation, engine_here(installation):
            workload = installation.workload()
            since = installation.bus.latest()
            workload.retry(found.experiment_id, reason)
            if not event_seen(
                workload, found.experiment_id, _launched, since=since, timeout_s=CONFIRM_S, interrupts=interrupts
            ):
                raise CommandTimeoutError(
                    f"Experiment {found.experiment_id} was not launched again within {CONFIRM_S:g} s.",
                    remedy="'airavata-workload show' tells its state; run the command again.",
                )
            return drive(invocation, installation, [found.experiment_id], interrupts, since=since, alone=True)


def _launched(event: Event) -> bool:
    return event.body.get("subject") == "experiment" and event.body.get("state") == ExperimentState.LAUNCHED


def clone(
    context: typer.Context,
    experiment: ExperimentId,
    name: Annotated[str | None, typer.Option("--name", "-n", metavar="TEXT", help="Another name for it.")] = None,
    submit: Annotated[bool, typer.Option("--submit", help="Submit it at once.")] = False,
) -> int:
    """Make a new experiment from the request of an old one.

    Prints the id of the new one; 'submit' with that id starts it.
    """
    invocation: Invocation = context.obj
    screen = invocation.screen
    with invocation.installation("clone") as installation:
        workload = installation.workload()
        made = workload.clone(experiment, name)
        if submit:
            workload.launch([made.experiment_id])
            if not engine_serves(installation):
                screen.warn(NO_ENGINE)
        screen.result(json_forms.experiment_form(made), lambda: unbroken(made.experiment_id))
        if not submit:
            screen.say(f"'airavata-workload submit {short_id(made.experiment_id)}' starts it.")
    return ExitCode.DONE
