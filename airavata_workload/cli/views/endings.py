"""What is said when experiments have ended: where the outputs are, or what failed, why, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from airavata_workload.cli.picture import OutputFile
from airavata_workload.cli.views.experiment_views import output_table, state_text
from airavata_workload.cli.views.live_view import state_counts
from airavata_workload.cli.views.plain_text import duration, lines_of, plural, printable, short_id, unbroken
from airavata_workload.cli.views.state_marks import mark_of_state
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import ExperimentState, TaskState
from airavata_workload.domain.task import Task

FAILURES_SHOWN = 10


def ending(
    experiment: Experiment,
    tasks: Sequence[Task],
    outputs: Sequence[OutputFile],
    *,
    heading: bool = True,
    ascii_only: bool,
) -> RenderableType:
    """How one experiment ended; without the heading where the last live view has just said it."""
    took = duration(experiment.updated_at_us - experiment.created_at_us)
    completed = experiment.state is ExperimentState.COMPLETED
    parts: list[RenderableType] = []
    if heading:
        state = state_text(experiment, ascii_only=ascii_only)
        parts.append(Text.assemble((printable(experiment.name), "bold"), "  ", state, (f" in {took}", "dim")))
    if not completed:
        parts.append(_why(experiment, tasks))
    if outputs:
        where = unbroken("Outputs are in " if completed else "What there is of the outputs is in ")
        where.append(printable(experiment.output_directory), style="bold")
        parts += ["", where, Padding(output_table(experiment.output_directory, outputs), (0, 0, 0, 2), expand=False)]
    if not completed:
        parts += ["", next_steps(experiment)]
    return Group(*parts)


def _why(experiment: Experiment, tasks: Sequence[Task]) -> RenderableType:
    failed = next((task for task in tasks if task.state is TaskState.FAILED), None)
    said = experiment.user_message or experiment.reason
    text = Text()
    if failed is not None:
        text.append(f"task {printable(failed.name)}: ", style="dim")
    text.append(lines_of(said), style=mark_of_state(experiment.state).style)
    if experiment.reason and said not in experiment.reason:
        text.append(f"\nfor the operator: {lines_of(experiment.reason)}", style="dim")
    return Padding(text, (0, 0, 0, 2), expand=False)


def next_steps(experiment: Experiment) -> RenderableType:
    """The commands that help after a failure."""
    name = short_id(experiment.experiment_id)
    steps = {
        "see its messages": f"airavata-workload logs {name} --stderr",
        "see every task": f"airavata-workload show {name}",
        "try again": f"airavata-workload retry {name}",
    }
    lines = [unbroken(f"  {what:<18}", "dim").append(command, style="not dim") for what, command in steps.items()]
    return Group(Text("What to do next:"), *lines)


def endings(experiments: Sequence[Experiment], *, heading: bool = True, ascii_only: bool) -> RenderableType:
    """How many experiments ended, in sum, with those that did not complete by name."""
    states = Counter(each.state for each in experiments)
    parts: list[RenderableType] = []
    if heading:
        counts = state_counts(states, ascii_only=ascii_only)
        parts.append(Text.assemble((plural(len(experiments), "experiment"), "bold"), "  ", counts))
    unsuccessful = [each for each in experiments if each.state is not ExperimentState.COMPLETED]
    for each in unsuccessful[:FAILURES_SHOWN]:
        said = printable(each.user_message or each.reason)
        parts.append(
            Text.assemble(
                "  ", short_id(each.experiment_id), "  ", state_text(each, ascii_only=ascii_only), f"  {said}"
            )
        )
    if len(unsuccessful) > FAILURES_SHOWN:
        parts.append(Text(f"  and {len(unsuccessful) - FAILURES_SHOWN} more", style="dim"))
    if unsuccessful:
        parts += ["", next_steps(unsuccessful[0])]
    else:
        directories = {each.output_directory.rpartition("/")[0] for each in experiments}
        if len(directories) == 1:
            parts += ["", unbroken("Outputs are in ").append(printable(directories.pop()), style="bold")]
    return Group(*parts)
