"""Experiments as tables and in detail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from airavata_workload.cli.views.plain_text import (
    ago,
    duration,
    lines_of,
    local_time,
    printable,
    short_id,
    size,
)
from airavata_workload.cli.views.state_marks import mark_of_experiment, mark_of_state, mark_of_task, word
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState, JobState, TaskState
from airavata_workload.domain.task import Task
from airavata_workload.ports.registry import JobRecord

WIDE_COLUMNS = 110
"""From this width on tables show what is otherwise left out."""
OUTPUTS_SHOWN = 30


def plain_table(*headings: str) -> Table:
    """A table without lines: headings are dim, columns two apart, and cells that are too long are folded."""
    table = Table(box=None, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def state_text(experiment: Experiment, *, ascii_only: bool) -> Text:
    """Sign and word for the state of an experiment."""
    mark = mark_of_experiment(experiment)
    held = " (held)" if experiment.held and experiment.state not in EXPERIMENT_ENDS else ""
    return Text.assemble(mark.text(ascii_only=ascii_only), (f" {word(experiment.state)}{held}", mark.style))


def experiment_table(
    experiments: Sequence[Experiment],
    matching: int,
    offset: int,
    now_us: int,
    *,
    columns: int,
    ascii_only: bool,
) -> RenderableType:
    """One line an experiment, and how many more there are."""
    if not experiments:
        return Text("No experiments match." if offset == 0 else f"There are only {matching}.", style="dim")
    wide = columns >= WIDE_COLUMNS
    table = plain_table("EXPERIMENT", "STATE", "TYPE", "RESOURCE", "CREATED")
    if wide:
        table.add_column("TOOK", justify="right")
        table.add_column("NAME", no_wrap=True, overflow="ellipsis")
    for column in table.columns[1:5]:
        column.no_wrap = True
    for each in experiments:
        row: list[RenderableType] = [
            Text(short_id(each.experiment_id), style="bold"),
            state_text(each, ascii_only=ascii_only),
            printable(each.application_type),
            printable(each.compute_resource),
            ago(each.created_at_us, now_us),
        ]
        if wide:
            ended = each.state in EXPERIMENT_ENDS
            row += [duration(each.updated_at_us - each.created_at_us) if ended else "", printable(each.name)]
        table.add_row(*row)
    shown = offset + len(experiments)
    if not offset and shown >= matching:
        return table
    more = f"; '--offset {shown}' shows more" if shown < matching else ""
    return Group(table, Text(f"These are {offset + 1} to {shown} of {matching}{more}.", style="dim"))


def experiment_detail(
    experiment: Experiment,
    tasks: Sequence[Task],
    jobs: Sequence[JobRecord],
    outputs: Sequence[Mapping[str, Any]],
    now_us: int,
    *,
    ascii_only: bool,
) -> RenderableType:
    """All that ``show`` tells about an experiment."""
    parts: list[RenderableType] = [_heading(experiment, ascii_only), _facts(experiment, now_us)]
    parts += _messages(experiment)
    if tasks:
        parts += [_section("Tasks"), _indented(task_table(tasks, jobs, now_us, ascii_only=ascii_only))]
    if jobs:
        parts += [_section("Jobs"), _indented(_job_table(jobs, ascii_only))]
    if outputs:
        parts += [_section("Outputs"), _indented(output_table(experiment.output_directory, outputs))]
    return Group(*parts)


def _heading(experiment: Experiment, ascii_only: bool) -> Text:
    return Text.assemble((printable(experiment.name), "bold"), "  ", state_text(experiment, ascii_only=ascii_only))


def _facts(experiment: Experiment, now_us: int) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    ended = experiment.state in EXPERIMENT_ENDS
    took_us = (experiment.updated_at_us if ended else now_us) - experiment.created_at_us
    facts = {
        "id": experiment.experiment_id,
        "application": f"{experiment.application.name} (type {experiment.application_type})",
        "resource": experiment.compute_resource,
        "user": experiment.user if experiment.gateway == "default" else f"{experiment.user} of {experiment.gateway}",
        "created": local_time(experiment.created_at_us),
        "ended" if ended else "changed": f"{local_time(experiment.updated_at_us)}, {duration(took_us)} after its start"
        if ended
        else local_time(experiment.updated_at_us),
        "starts": f"not before {local_time(experiment.start_not_before_us)}" if experiment.start_not_before_us else "",
        "priority": "urgent" if experiment.priority else "",
        "clone of": short_id(experiment.cloned_from),
        "process": f"{experiment.process_id}, {word(experiment.process_state)}" if not ended else experiment.process_id,
        "outputs": experiment.output_directory,
        "about": experiment.description,
    }
    for name, fact in facts.items():
        if fact:
            table.add_row(name, Text(printable(fact)))
    return _indented(table)


def _messages(experiment: Experiment) -> list[RenderableType]:
    """What the user is told and, where it says more, what the operator is told."""
    if experiment.state is ExperimentState.COMPLETED or not (experiment.user_message or experiment.reason):
        return []
    style = mark_of_state(experiment.state).style
    said = experiment.user_message or experiment.reason
    parts: list[RenderableType] = [_section("Why"), _indented(Text(lines_of(said), style=style))]
    if experiment.reason and experiment.reason != said:
        parts.append(_indented(Text.assemble(("for the operator: ", "dim"), lines_of(experiment.reason))))
    return parts


def _section(title: str) -> Text:
    return Text(f"\n{title}", style="bold")


def _indented(renderable: RenderableType) -> Padding:
    return Padding(renderable, (0, 0, 0, 2))


def task_table(tasks: Sequence[Task], jobs: Sequence[JobRecord], now_us: int, *, ascii_only: bool) -> RenderableType:
    """One line a task: state, attempt, time, and what it waits for or why it ended so."""
    job_of = {record.task_id: record for record in jobs}
    table = plain_table("TASK", "STATE", "TRY", "TOOK", "")
    for column in table.columns[1:4]:
        column.no_wrap = True
    table.columns[3].justify = "right"
    for task in tasks:
        record = job_of.get(task.task_id)
        mark = mark_of_task(task, record.state if record else None)
        table.add_row(
            Text(printable(task.name)),
            Text.assemble(mark.text(ascii_only=ascii_only), (f" {word(task.state)}", mark.style)),
            str(task.attempt),
            time_taken(task, now_us),
            Text(printable(remark(task, record)), style="" if task.state is TaskState.FAILED else "dim"),
        )
    return table


def time_taken(task: Task, now_us: int) -> str:
    """From the first start of a task to its end, or until now; nothing for one that has not started."""
    started = next((line.at_us for line in task.history if line.state is TaskState.EXECUTING), None)
    if started is None:
        return ""
    ended = (
        task.history[-1].at_us if task.state in (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED) else now_us
    )
    return duration(ended - started)


def remark(task: Task, record: JobRecord | None) -> str:
    """What a person should know about a task besides its state; empty for one that is done or only waits its turn."""
    if task.parked and task.job is not None:
        return job_remark(task.job.job_id, record)
    if task.state is TaskState.CREATED:
        return task.waiting_for
    if task.state in (TaskState.FAILED, TaskState.CANCELED):
        return task.user_message or task.reason
    return ""


def job_remark(job_id: str, record: JobRecord | None) -> str:
    """A job, its state and why it waits."""
    if record is None:
        return f"job {job_id}"
    state = word(record.state)
    native = f" ({record.native_state})" if record.native_state and record.native_state.lower() != state else ""
    why = f": {record.reason}" if record.reason and record.state is not JobState.ACTIVE else ""
    return f"job {job_id} {state}{native}{why}"


def _job_table(jobs: Sequence[JobRecord], ascii_only: bool) -> RenderableType:
    table = plain_table("JOB", "STATE", "EXIT", "CLUSTER", "DIRECTORY")
    for record in jobs:
        mark = mark_of_state(record.state)
        table.add_row(
            printable(record.job.job_id),
            Text.assemble(mark.text(ascii_only=ascii_only), (f" {word(record.state)}", mark.style)),
            "" if record.exit_code is None else str(record.exit_code),
            printable(record.job.cluster),
            Text(printable(record.job.working_directory), style="dim"),
        )
    return table


def output_table(directory: str, outputs: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The files in the output directory with their sizes."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for output in outputs[:OUTPUTS_SHOWN]:
        table.add_row(size(output["size_bytes"]), Text(printable(output["path"])))
    left_out = len(outputs) - OUTPUTS_SHOWN
    if left_out > 0:
        table.add_row("", Text(f"and {left_out} more in {printable(directory)}", style="dim"))
    return table
