"""A cancelled experiment leaves no job behind, also one that no task waits for at that moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airavata_workload.bootstrap import Installation
from airavata_workload.documents.dag_directory import parameter_models
from airavata_workload.documents.dag_file import parse_dag
from airavata_workload.domain.change import Event
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.states import ExperimentState, TaskState
from airavata_workload.settings import load_settings

# "gate" keeps the job from being waited for until the FIFO is written, which never happens.
DAG = """
application_type: gated
tasks:
  set-up: {{kind: env-setup, parameters: {{directory: "${{process.working_directory}}"}}}}
  submit:
    kind: job-submission
    after: set-up
    parameters: {{directory: "${{process.working_directory}}", commands: "${{application.commands}}"}}
  gate: {{kind: command, after: submit, parameters: {{command: [cat, "{fifo}"]}}}}
  monitor: {{kind: job-monitoring, after: {after}, parameters: {{job: "${{tasks.submit.outputs.job}}"}}}}
"""
TIME_OUT_S = 30.0


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Installation(load_settings(home=tmp_path / "home"), service="test", private=True) as opened:
        yield opened


def submitted(installation: Installation, dag: str) -> str:
    installation.graph.save_abstract(parse_dag(dag, Path("gated.yaml"), parameter_models()))
    experiment = Experiment(
        experiment_id="",
        name="gated",
        application_type="gated",
        application=Application(name="sleep", commands=(("sleep", "300"),)),
        compute_resource="local",
        user="",
    )
    return installation.workload().submit([experiment])[0].experiment_id


def wait_until(installation: Installation, experiment_id: str, reached: Callable[[Event], bool]) -> None:
    sequence = 0
    while True:
        events = installation.workload().events(sequence, experiment_id=experiment_id, wait_s=TIME_OUT_S)
        assert events, "it has not come to that in time"
        if any(reached(event) for event in events):
            return
        sequence = events[-1].sequence


def job_runs(job_id: str) -> bool:
    """Whether the process of a fork job is there; its id ends in process id and start time."""
    _, pid, start = job_id.rsplit(".", 2)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return False
    return fields[19] == start and fields[0] not in "ZX"


@pytest.mark.parametrize("after", ["gate", "[submit, gate]"])
def test_a_job_that_nobody_waits_for_yet_is_cancelled(installation: Installation, tmp_path: Path, after: str) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    engine = installation.engine(adopt_orphans=False)
    engine.start()
    workload = installation.workload()
    experiment_id = submitted(installation, DAG.format(fifo=fifo, after=after))
    wait_until(
        installation,
        experiment_id,
        lambda event: event.body.get("name") == "gate" and event.body.get("state") == "EXECUTING",
    )
    job_id = installation.graph.outputs(experiment_id)["submit"]["job_id"]
    assert job_runs(job_id)
    workload.cancel(experiment_id)
    ended = workload.wait(experiment_id, TIME_OUT_S)
    assert ended.state is ExperimentState.CANCELED
    states = {task.name: task.state for task in workload.tasks(experiment_id)}
    assert states["submit"] is TaskState.COMPLETED
    assert states["monitor"] is TaskState.CANCELED
    assert engine.stop(TIME_OUT_S), "what was under way, the cancelling included, has ended"
    assert not job_runs(job_id)
