"""The audit trail as lines that people read."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from airavata_workload.cli.views.experiment_views import plain_table
from airavata_workload.cli.views.plain_text import clock_time, local_date, printable
from airavata_workload.cli.views.state_marks import mark_of_state, word
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.states import ExperimentState, JobState, ProcessState, State, TaskState

_STATES: dict[Subject, type[State]] = {
    Subject.EXPERIMENT: ExperimentState,
    Subject.PROCESS: ProcessState,
    Subject.TASK: TaskState,
    Subject.JOB: JobState,
}


def change_line(change: StateChange, *, ascii_only: bool) -> Text:
    """One change on one line, for a log that grows."""
    line = Text("  ").join(
        [
            Text(clock_time(change.at_us), style="dim"),
            _state(change, ascii_only, width=22),
            Text(_subject(change)),
            Text(printable(_why(change)), style="dim"),
        ]
    )
    line.rstrip()
    return line


def audit_trail(changes: Sequence[StateChange], *, ascii_only: bool) -> RenderableType:
    """All changes in order, under the date on which they happened."""
    parts: list[RenderableType] = []
    table = None
    date = ""
    for change in changes:
        if local_date(change.at_us) != date:
            date = local_date(change.at_us)
            table = plain_table("TIME", "STATE", "OF", "WHY")
            table.show_header = not parts
            for column in table.columns[:2]:
                column.no_wrap = True
            parts += [Text(date, style="bold"), table]
        if table is not None:
            table.add_row(
                Text(clock_time(change.at_us), style="dim"),
                _state(change, ascii_only),
                # all of them are of one experiment, so its name says nothing
                Text("experiment" if change.subject is Subject.EXPERIMENT else _subject(change)),
                Text(printable(_why(change)), style="dim"),
            )
    return Group(*parts) if parts else Text("Nothing has happened yet.", style="dim")


def _state(change: StateChange, ascii_only: bool, width: int = 0) -> Text:
    state = _STATES[change.subject](change.state)
    mark = mark_of_state(state)
    return Text.assemble(mark.text(ascii_only=ascii_only), (f" {word(state)}".ljust(width), mark.style))


def _subject(change: StateChange) -> str:
    attempt = f", attempt {change.attempt}" if change.attempt > 1 else ""
    if change.subject is Subject.PROCESS:
        return f"process ({printable(change.name)})" if change.name else "process"
    if change.subject is Subject.JOB:
        return f"job {printable(change.subject_id)}{attempt}"
    return f"{change.subject} {printable(change.name)}{attempt}"


def _why(change: StateChange) -> str:
    exit_code = change.detail.get("exit_code")
    code = f"exit code {exit_code}" if exit_code is not None else ""
    return "; ".join(part for part in (change.reason, code) if part)
