"""What the stores say about single experiments, kept in files, because the servers are wiped after a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chaos.site import Site
from chaos.trials import Trial

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.clock import to_datetime
from airavata_workload.domain.errors import WorkloadError

SLOW_S = 90.0
"""An experiment that took longer than this is worth a look, although nothing is wrong with it."""


def keep(site: Site, trials: Iterable[Trial], findings: Iterable[str]) -> None:
    """A file in ``evidence/`` for each experiment that a finding names, or that took very long."""
    listed = list(findings)
    directory = site.directory / "evidence"
    directory.mkdir(exist_ok=True)
    with site.installation("chaos-evidence", straight=True) as installation:
        for trial in trials:
            lasted_s = trial.ended_at_s - trial.submitted_at_s
            if lasted_s > SLOW_S or any(trial.experiment_id in finding for finding in listed):
                lines = _lines(installation, trial)
                (directory / f"{trial.experiment_id}.txt").write_text("\n".join(lines) + "\n")


def _lines(installation: Installation, trial: Trial) -> Iterator[str]:
    name = trial.experiment_id
    try:
        yield repr(installation.registry.experiment(name))
        for task in installation.graph.tasks(name):
            yield f"\n{task.name} {task.state} attempt {task.attempt} job {task.job} intent {task.intent}"
            for line in task.history:
                yield f"  {to_datetime(line.at_us)} {line.state} {line.attempt} {line.by} {line.reason}"
        yield "\naudit trail"
        for change in installation.registry.audit_trail(name):
            when = to_datetime(change.at_us)
            yield f"  {when} {change.subject} {change.name} {change.state} {change.attempt} {change.by} {change.reason}"
        for record in installation.registry.jobs(name):
            yield repr(record)
    except WorkloadError as error:
        yield f"no more can be said: {error}"
