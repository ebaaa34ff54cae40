"""What people see, at the widths of their terminals."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType

from airavata_workload.cli.picture import Picture, TaskProgress
from airavata_workload.cli.views.endings import ending, endings
from airavata_workload.cli.views.experiment_views import experiment_detail, experiment_table
from airavata_workload.cli.views.graph_boxes import task_graph
from airavata_workload.cli.views.live_view import live_view
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.job import Job
from airavata_workload.domain.states import ExperimentState, JobState, TaskState
from airavata_workload.domain.task import Task, TaskChange
from airavata_workload.ports.registry import JobRecord

NOW_US = 1_800_000_000_000_000
LONG = "a remark that is much longer than the terminal is wide, so that it has to be cut somewhere " * 2


def experiment(**changes: object) -> Experiment:
    made = Experiment(
        experiment_id="globins_1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        name="globins",
        application_type="hpc-batch",
        application=Application(name="hmmer"),
        compute_resource="alpha",
        user="me",
        output_directory="/home/me/outputs/globins_1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        state=ExperimentState.EXECUTING,
        created_at_us=NOW_US - 65_000_000,
        updated_at_us=NOW_US,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def task(name: str, state: TaskState = TaskState.CREATED, **changes: object) -> Task:
    history = [TaskChange(state=TaskState.CREATED, attempt=1, at_us=NOW_US - 9_000_000, by="me")]
    if state is not TaskState.CREATED:
        history.append(TaskChange(state=TaskState.EXECUTING, attempt=1, at_us=NOW_US - 8_000_000, by="me"))
    if state not in (TaskState.CREATED, TaskState.EXECUTING):
        history.append(TaskChange(state=state, attempt=1, at_us=NOW_US - 3_000_000, by="me"))
    made = Task(
        task_id=f"TASK_{name}",
        experiment_id="globins",
        process_id="p",
        name=name,
        kind="command",
        resource="alpha",
        state=state,
        history=tuple(history),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def seen(view: RenderableType, columns: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=columns, height=24, force_terminal=True, color_system=None)
    console.print(view, crop=False)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


def live(picture: Picture, rows: int = 24, columns: int = 80) -> list[str]:
    return seen(live_view([picture], NOW_US, detailed=True, rows=rows, ascii_only=False), columns)


def test_live_view_shows_each_task_and_what_it_waits_for() -> None:
    job = Job(job_id="4711", job_name="A1", cluster="alpha", working_directory="/w")
    parked = task("run", TaskState.EXECUTING, job=job)
    record = JobRecord(
        job=job, experiment_id="x", task_id="TASK_run", state=JobState.QUEUED, native_state="PENDING", reason="Priority"
    )
    waiting = task("stage-out", waiting_for="host alpha does not answer")
    picture = Picture(experiment(), [task("set-up", TaskState.COMPLETED), parked, waiting], [record])
    assert live(picture) == [
        "globins  ● executing  1:05",
        "  ✓ set-up      5.0 s",
        "  ◷ run         8.0 s  job 4711 queued (PENDING): Priority",
        "  ○ stage-out          host alpha does not answer",
    ]


def test_live_view_draws_the_progress_of_staging() -> None:
    picture = Picture(experiment(), [task("stage-in", TaskState.EXECUTING)])
    picture.progress["TASK_stage-in"] = TaskProgress(512 * 1024, 1024 * 1024, "staging inputs")
    line = live(picture, columns=100)[1]
    assert "━━━━━━━━ " in line
    assert line.endswith("50 % 512.0 KiB of 1.0 MiB, staging inputs")


@pytest.mark.parametrize("columns", [80, 120])
def test_live_view_keeps_names_when_remarks_are_long(columns: int) -> None:
    lines = live(Picture(experiment(), [task("stage-out", TaskState.FAILED, reason=LONG)]), columns=columns)
    assert lines[1].startswith("  ✗ stage-out   5.0 s  a remark")
    assert lines[1].endswith("…")
    assert max(map(len, lines)) <= columns


def test_live_view_fits_the_terminal_and_shows_what_runs_first() -> None:
    tasks = [task(f"align[{index}]", TaskState.COMPLETED) for index in range(50)]
    tasks += [task("merge", TaskState.EXECUTING), task("report")]
    lines = live(Picture(experiment(), tasks), rows=20)
    assert len(lines) <= 20
    assert any("● merge" in line for line in lines)
    assert lines[-1].strip() == f"and {52 - (len(lines) - 2)} more: {50 - (len(lines) - 4)} completed"


def test_live_view_of_many_counts_them() -> None:
    states = [ExperimentState.COMPLETED] * 120 + [ExperimentState.EXECUTING] * 60 + [ExperimentState.FAILED] * 20
    pictures = [Picture(experiment(state=state)) for state in states]
    lines = seen(live_view(pictures, NOW_US, detailed=False, rows=20, ascii_only=False))
    assert lines[0].startswith("200 experiments  ━━━")
    assert lines[0].endswith("70 %")
    assert lines[1] == "  ● 60 executing   ✓ 120 completed   ✗ 20 failed"
    assert lines[-1] == "  and 45 more"
    assert len(lines) <= 20


def test_live_view_tells_how_to_release() -> None:
    lines = live(Picture(experiment(held=True), [task("run")]))
    assert lines[0].startswith("globins  ‖ executing (held)")
    assert lines[-1] == "  held: 'airavata-workload release globins_1b4e28ba' lets it go on"


def test_ending_well_tells_where_the_outputs_are() -> None:
    done = experiment(state=ExperimentState.COMPLETED)
    lines = seen(ending(done, [], [{"path": "hits.txt", "size_bytes": 2048}], ascii_only=False))
    assert lines[0] == "globins  ✓ completed in 1:05"
    assert f"Outputs are in {done.output_directory}" in lines
    assert "  2.0 KiB  hits.txt" in lines


def test_ending_badly_tells_why_and_what_to_do_next() -> None:
    failed = experiment(
        state=ExperimentState.FAILED, reason="task run failed: OUT_OF_MEMORY", user_message="It needs more memory."
    )
    lines = seen(ending(failed, [task("run", TaskState.FAILED)], [], ascii_only=False))
    assert lines[:3] == [
        "globins  ✗ failed in 1:05",
        "  task run: It needs more memory.",
        "  for the operator: task run failed: OUT_OF_MEMORY",
    ]
    assert lines[-3:] == [
        "  see its messages  airavata-workload logs globins_1b4e28ba --stderr",
        "  see every task    airavata-workload show globins_1b4e28ba",
        "  try again         airavata-workload retry globins_1b4e28ba",
    ]


def test_endings_name_those_that_did_not_complete() -> None:
    every = [experiment(state=ExperimentState.COMPLETED)] * 3 + [
        experiment(state=ExperimentState.FAILED, user_message="broken")
    ]
    lines = seen(endings(every, ascii_only=False))
    assert lines[0] == "4 experiments  ✓ 3 completed   ✗ 1 failed"
    assert lines[1] == "  globins_1b4e28ba  ✗ failed  broken"


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_fit(columns: int) -> None:
    one = experiment(name="a name that is rather long, as people like to give them", description=LONG)
    tasks = [task("run", TaskState.FAILED, reason=LONG)]
    table = experiment_table([one], 1, 0, NOW_US, columns=columns, ascii_only=False)
    detail = experiment_detail(one, tasks, [], [], NOW_US, ascii_only=False)
    for view in (table, detail):
        assert max(map(len, seen(view, columns))) <= columns


def test_graph_puts_many_items_into_one_box() -> None:
    split = task("split", TaskState.COMPLETED)
    items = [
        task(f"align[{index}]", TaskState.COMPLETED if index < 7 else TaskState.EXECUTING, depends_on=(split.task_id,))
        for index in range(9)
    ]
    merge = task("merge", depends_on=tuple(item.task_id for item in items))
    text = "\n".join(seen(task_graph([split, *items, merge], [], columns=80, ascii_only=False)))
    assert "● align \N{MULTIPLICATION SIGN}9" in text
    assert "2 executing, 7 completed" in text
    assert text.count("▼") == 2
    assert "○ 1 created" in text
