"""``logs``: the audit trail of an experiment, or what its jobs printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.arguments import ExperimentId
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.job_output import Stream, job_output
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.audit_lines import audit_trail
from airavata_workload.cli.views.plain_text import printable
from airavata_workload.domain.change import Subject
from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import InputError, NotFoundError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.task import Task


def logs(
    context: typer.Context,
    experiment: ExperimentId,
    task: Annotated[str | None, typer.Option("--task", "-t", metavar="NAME", help="Of this task alone.")] = None,
    stdout: Annotated[bool, typer.Option("--stdout", help="What the job printed to standard output.")] = False,
    stderr: Annotated[bool, typer.Option("--stderr", help="What the job printed to standard error.")] = False,
) -> int:
    """Show what happened to an experiment, or what its jobs printed.

    Without options the audit trail: every change of state, with the reason. What a job prints is read on its cluster
    as long as it has not been staged back; of several jobs the last one counts, or that of the task given.
    """
    invocation: Invocation = context.obj
    screen = invocation.screen
    with invocation.installation("logs") as installation:
        found = installation.registry.experiment(experiment)
        chosen = _task(installation.graph.tasks(found.experiment_id), found, task) if task else None
        if stdout and stderr:
            raise InputError("--stdout and --stderr are two files; ask for one at a time.")
        if stdout or stderr:
            _print_stream(invocation, installation, found, chosen, "stdout" if stdout else "stderr")
            return ExitCode.DONE
        changes = installation.registry.audit_trail(found.experiment_id)
        jobs = installation.registry.jobs(found.experiment_id)
    if chosen is not None:
        mine = {record.job.job_id for record in jobs if record.task_id == chosen.task_id}
        changes = [
            each
            for each in changes
            if (each.subject is Subject.TASK and each.name == chosen.name)
            or (each.subject is Subject.JOB and each.subject_id in mine)
        ]
    screen.results(
        [json_forms.change_form(each) for each in changes],
        lambda: audit_trail(changes, ascii_only=screen.out.options.ascii_only),
    )
    return ExitCode.DONE


def _task(tasks: Sequence[Task], experiment: Experiment, name: str) -> Task:
    by_name = {task.name: task for task in tasks}
    if name not in by_name:
        close = nearest(name, by_name)
        hint = f" Did you mean '{close}'?" if close else ""
        raise NotFoundError(
            f"Experiment {experiment.experiment_id} has no task '{name}'.{hint}",
            remedy=f"Its tasks are: {', '.join(by_name)}." if by_name and not close else None,
        )
    return by_name[name]


def _print_stream(
    invocation: Invocation, installation: Installation, experiment: Experiment, task: Task | None, stream: Stream
) -> None:
    jobs = [
        record
        for record in installation.registry.jobs(experiment.experiment_id)
        if task is None or record.task_id == task.task_id
    ]
    if task is not None and not jobs:
        raise NotFoundError(f"Task '{task.name}' has submitted no job.")
    output = job_output(installation, experiment, jobs[-1] if jobs else None, stream)
    screen = invocation.screen
    if not screen.for_people:
        screen.result({"experiment_id": experiment.experiment_id, "place": output.place, "text": output.text}, str)
        return
    if screen.out.is_terminal:
        screen.say(f"{output.place}:")
        # a program's output must not command the terminal of whoever looks at it
        screen.text("".join(f"{printable(line)}\n" for line in output.text.splitlines()))
    else:
        screen.text(output.text)
