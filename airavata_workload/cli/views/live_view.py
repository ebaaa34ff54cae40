"""What is drawn again and again while experiments run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from airavata_workload.cli.picture import Picture, TaskProgress
from airavata_workload.cli.views.experiment_views import remark, state_text, time_taken
from airavata_workload.cli.views.plain_text import duration, plural, printable, short_id, size
from airavata_workload.cli.views.state_marks import mark_of_state, mark_of_task, word
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState, TaskState
from airavata_workload.domain.task import Task

BAR_COLUMNS = 16
NAME_COLUMNS = 36
_INTEREST = {
    TaskState.FAILED: 0,
    TaskState.EXECUTING: 0,
    TaskState.CREATED: 1,
    TaskState.CANCELED: 2,
    TaskState.COMPLETED: 3,
}


def live_view(
    pictures: Sequence[Picture], now_us: int, *, detailed: bool, rows: int, ascii_only: bool
) -> RenderableType:
    """All experiments in at most ``rows`` rows: task by task, or in sum when there are many."""
    if not detailed:
        return _many(pictures, now_us, rows, ascii_only)
    room = max(3, rows // max(1, len(pictures)) - 3)
    return Group(*(_one(picture, now_us, room, ascii_only) for picture in pictures))


def _one(picture: Picture, now_us: int, room: int, ascii_only: bool) -> RenderableType:
    experiment = picture.experiment
    until_us = experiment.updated_at_us if picture.ended else now_us
    heading = Text.assemble(
        (printable(experiment.name), "bold"),
        "  ",
        state_text(experiment, ascii_only=ascii_only),
        (f"  {duration(until_us - experiment.created_at_us)}", "dim"),
    )
    parts: list[RenderableType] = [heading, _task_lines(picture, now_us, room, ascii_only)]
    if experiment.held and not picture.ended:
        parts.append(Text(f"  held: 'airavata-workload release {short_id(experiment.experiment_id)}' lets it go on"))
    return Group(*parts)


def _task_lines(picture: Picture, now_us: int, room: int, ascii_only: bool) -> RenderableType:
    job_of = {record.task_id: record for record in picture.jobs}
    chosen = _chosen(picture.tasks, room)
    table = Table.grid(padding=(0, 2, 0, 0))
    # A width of its own, or a long remark would take it away.
    widest = max((cell_len(printable(task.name)) for task in chosen), default=0)
    table.add_column(no_wrap=True, overflow="ellipsis", width=min(NAME_COLUMNS, widest + 4))
    table.add_column(justify="right", no_wrap=True, min_width=6)
    table.add_column()  # the only one that may shrink
    for task in chosen:
        record = job_of.get(task.task_id)
        mark = mark_of_task(task, record.state if record else None)
        name = Text.assemble("  ", mark.text(ascii_only=ascii_only), f" {printable(task.name)}")
        if task.state is TaskState.CREATED:
            name.stylize("dim")
        progress = picture.progress.get(task.task_id)
        running = task.state is TaskState.EXECUTING and not task.parked and progress is not None
        what = _bar(progress) if running and progress else _remark(task, remark(task, record))
        table.add_row(name, Text(time_taken(task, now_us), style="dim"), what)
    if len(chosen) == len(picture.tasks):
        return table
    rest = Counter(task.state for task in picture.tasks) - Counter(task.state for task in chosen)
    counts = ", ".join(f"{count} {word(state)}" for state, count in rest.items())
    return Group(table, Text(f"    and {len(picture.tasks) - len(chosen)} more: {counts}", style="dim"))


def _remark(task: Task, said: str) -> Text:
    attempt = f"attempt {task.attempt}" if task.attempt > 1 and task.state is TaskState.EXECUTING else ""
    text = "; ".join(part for part in (attempt, printable(said)) if part)
    style = "red" if task.state is TaskState.FAILED else "dim"
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _bar(progress: TaskProgress) -> RenderableType:
    """A bar with the share done; the plugins that report progress count bytes."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_row(
        ProgressBar(total=max(1, progress.total), completed=progress.done, width=BAR_COLUMNS),
        Text(f"{100 * progress.done // max(1, progress.total):3d} %"),
        Text(_amount(progress), style="dim", no_wrap=True, overflow="ellipsis"),
    )
    return row


def _amount(progress: TaskProgress) -> str:
    return f"{size(progress.done)} of {size(progress.total)}, {printable(progress.what)}"


def _chosen(tasks: Sequence[Task], room: int) -> list[Task]:
    """The tasks for which there is room: those that run or failed before those that wait or are done."""
    if len(tasks) <= room:
        return list(tasks)
    ranked = sorted(range(len(tasks)), key=lambda index: (_INTEREST[tasks[index].state], index))
    return [tasks[index] for index in sorted(ranked[: room - 1])]


def _many(pictures: Sequence[Picture], now_us: int, rows: int, ascii_only: bool) -> RenderableType:
    states = Counter(picture.experiment.state for picture in pictures)
    done = sum(states[state] for state in EXPERIMENT_ENDS)
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_row(
        Text(plural(len(pictures), "experiment"), style="bold"),
        ProgressBar(total=len(pictures), completed=done, width=BAR_COLUMNS),
        Text(f"{100 * done // len(pictures)} %"),
    )
    counts = Text("  ") + state_counts(states, ascii_only=ascii_only)
    open_ones = [picture for picture in pictures if not picture.ended]
    moving = [picture for picture in open_ones if picture.experiment.state is not ExperimentState.CREATED]
    shown = (moving or open_ones)[: max(1, rows - 5)]
    table = Table.grid(padding=(0, 2, 0, 0))
    for picture in shown:
        experiment = picture.experiment
        table.add_row(
            Text(f"  {short_id(experiment.experiment_id)}"),
            state_text(experiment, ascii_only=ascii_only),
            Text(duration(now_us - experiment.created_at_us), style="dim"),
        )
    left_out = len(open_ones) - len(shown)
    more = [Text(f"  and {left_out} more", style="dim")] if left_out > 0 else []
    return Group(row, counts, table, *more)


def state_counts(states: Counter[ExperimentState], *, ascii_only: bool) -> Text:
    """How many experiments are in each state."""
    text = Text()
    for state in ExperimentState:
        if states[state]:
            mark = mark_of_state(state)
            text.append_text(mark.text(ascii_only=ascii_only))
            text.append(f" {states[state]} {word(state)}   ", style=mark.style)
    text.rstrip()
    return text
