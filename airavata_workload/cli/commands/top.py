"""``top``: what the services do now."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.live import Live

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.output_form import Output
from airavata_workload.cli.screen import Screen
from airavata_workload.cli.views.top_views import top_form, top_view
from airavata_workload.domain.clock import now_us

LOOK_S = 0.1
"""How soon Ctrl-C is noticed at the latest; the wait itself is ended by the signal."""


def top(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, until Ctrl-C.")] = False,
    interval_s: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", help="With --watch: how often.", min=0.1)
    ] = 2.0,
) -> int:
    """Show workers and their load, queues, waiting tasks and open circuits.

    The services tell of themselves about once a second. With '--watch' and '--output json' or 'jsonl' prints one
    object each time.
    """
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        if not watch:
            form = _looked(installation)
            invocation.screen.result(form, lambda: top_view(form, now_us()))
            return ExitCode.DONE
        with Interrupts() as interrupts:
            _watch(invocation.screen, installation, interrupts, interval_s)
    return ExitCode.DONE


def _looked(installation: Installation) -> dict[str, Any]:
    queue = installation.queue
    return top_form(
        installation.nodes.members(), queue.depths(), len(queue.dead_letters()), installation.settings.partition
    )


def _watch(screen: Screen, installation: Installation, interrupts: Interrupts, interval_s: float) -> None:
    if screen.live:
        with Live(console=screen.out, auto_refresh=False, screen=True, vertical_overflow="crop") as live:
            while not interrupts.requested:
                live.update(top_view(_looked(installation), now_us()), refresh=True)
                _wait(interrupts, interval_s)
        return
    while not interrupts.requested:
        form = _looked(installation)
        if screen.output is Output.TABLE:
            screen.show(top_view(form, now_us()))
        else:
            screen.line(form)
        _wait(interrupts, interval_s)


def _wait(interrupts: Interrupts, interval_s: float) -> None:
    end_s = time.monotonic() + interval_s
    while not interrupts.requested and time.monotonic() < end_s:
        time.sleep(min(LOOK_S, interval_s))
