"""``cancel``, ``hold`` and ``release``: by the engine that drives the experiment or, if none does, by one made here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from airavata_workload.api.workload import Workload
from airavata_workload.bootstrap import Installation
from airavata_workload.cli import error_report
from airavata_workload.cli.arguments import ExperimentIds, Reason
from airavata_workload.cli.confirmation import confirmed
from airavata_workload.cli.engine_here import driven_elsewhere, engine_here, engine_serves, send_here
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.screen import Screen
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.experiment_views import state_text
from airavata_workload.cli.views.plain_text import short_id
from airavata_workload.domain.errors import WorkloadError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.message import CommandKind
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState

CONFIRM_S = 10.0
"""How long a running engine is given to show the effect; it goes on afterwards, only nobody waits any more."""
CANCEL_HERE_S = 600.0
"""How long an engine made here is given, which has to see jobs end on their clusters."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for, and how to see that it came about."""

    ask: Callable[[Workload, str], Experiment]
    begun: Callable[[Experiment], bool]
    done: Callable[[Experiment], bool]
    takes_over: bool = False
    """Whether an engine made here has to take over the experiment, to see its jobs end."""


def cancel(context: typer.Context, experiments: ExperimentIds, reason: Reason = "") -> int:
    """Cancel experiments and their jobs.

    Tasks that have not started never will; jobs are cancelled on their clusters. 'retry' goes on from there.
    """
    wish = _Wish(
        ask=lambda workload, experiment_id: workload.cancel(experiment_id, reason),
        begun=lambda experiment: experiment.state in (ExperimentState.CANCELING, *EXPERIMENT_ENDS),
        done=lambda experiment: experiment.state in EXPERIMENT_ENDS,
        takes_over=True,
    )
    return _steer(context.obj, experiments, wish)


def hold(context: typer.Context, experiments: ExperimentIds) -> int:
    """Keep back the tasks of experiments that have not started.

    What runs goes on, submitted jobs included.
    """
    held = lambda experiment: experiment.held  # noqa: E731 - used twice
    return _steer(context.obj, experiments, _Wish(lambda workload, each: workload.hold(each), held, held))


def release(context: typer.Context, experiments: ExperimentIds) -> int:
    """Let held experiments go on."""
    free = lambda experiment: not experiment.held  # noqa: E731 - used twice
    return _steer(context.obj, experiments, _Wish(lambda workload, each: workload.release(each), free, free))


def _steer(invocation: Invocation, names: Sequence[str], wish: _Wish) -> int:
    """Ask for it for every experiment; what does not work with one does not stop the others."""
    codes: list[int] = []
    done: list[Experiment] = []
    undriven: list[str] = []
    with Interrupts() as interrupts:
        with invocation.installation("steer") as installation:
            for name in names:
                try:
                    experiment_id = installation.registry.experiment(name).experiment_id
                    if not engine_serves(installation) and not driven_elsewhere(installation, experiment_id):
                        undriven.append(experiment_id)
                        continue
                    done.append(_ask(installation, experiment_id, wish, interrupts))
                except WorkloadError as error:
                    codes.append(error_report.tell(invocation, error))
        if undriven:
            steered, more_codes = _steer_here(invocation, undriven, wish, interrupts)
            done += steered
            codes += more_codes
    if done:
        screen = invocation.screen
        screen.results([json_forms.experiment_form(each) for each in done], lambda: _view(done, screen))
    return codes[0] if codes else ExitCode.DONE


def _ask(installation: Installation, experiment_id: str, wish: _Wish, interrupts: Interrupts) -> Experiment:
    workload = installation.workload()
    wish.ask(workload, experiment_id)
    seen = confirmed(workload, experiment_id, wish.begun, timeout_s=CONFIRM_S, interrupts=interrupts)
    return seen or workload.experiment(experiment_id)


def _steer_here(
    invocation: Invocation, experiment_ids: Sequence[str], wish: _Wish, interrupts: Interrupts
) -> tuple[list[Experiment], list[int]]:
    """As nobody drives these experiments, an engine made here does what is asked, and nothing else."""
    done: list[Experiment] = []
    codes: list[int] = []
    with invocation.installation("steer", private=True) as installation, engine_here(installation):
        workload = installation.workload()
        for experiment_id in experiment_ids:
            try:
                if wish.takes_over:
                    installation.nodes.create(experiment_id)
                    installation.nodes.claim(experiment_id)
                wish.ask(workload, experiment_id)
            except WorkloadError as error:
                codes.append(error_report.tell(invocation, error))
                continue
            if wish.takes_over:
                # After the cancel: what is lost is not handed out again, and the jobs are watched to their end.
                send_here(installation, [CommandKind.RESUME], experiment_id, "")
            seen = confirmed(workload, experiment_id, wish.done, timeout_s=CANCEL_HERE_S, interrupts=interrupts)
            done.append(seen or workload.experiment(experiment_id))
    return done, codes


def _view(experiments: Sequence[Experiment], screen: Screen) -> RenderableType:
    ascii_only = screen.out.options.ascii_only
    return Group(
        *(
            Text.assemble(
                (short_id(each.experiment_id), "bold"),
                "  ",
                state_text(each, ascii_only=ascii_only),
            )
            for each in experiments
        )
    )
