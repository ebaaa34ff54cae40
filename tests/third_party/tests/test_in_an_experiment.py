"""Both example plugins at work in one experiment, found by nothing but their entry points."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DAG = """
application_type: proven
description: A job, and proof of what it left
tasks:
  set-up:
    kind: env-setup
    parameters: {directory: "${process.working_directory}"}
  submit:
    kind: job-submission
    after: set-up
    parameters:
      directory: "${process.working_directory}"
      commands: "${application.commands}"
      stdout: "${application.stdout}"
      stderr: "${application.stderr}"
  monitor:
    kind: job-monitoring
    after: submit
    parameters: {job: "${tasks.submit.outputs.job}"}
  prove:
    kind: checksum-report
    after: monitor
    parameters: {directory: "${process.working_directory}"}
  stage-out:
    kind: output-staging
    after: prove
    parameters:
      outputs: "${outputs}"
      directory: "${process.working_directory}"
      destination: "${experiment.output_directory}"
"""

CLUSTER = """
remote_shell = "local"
file_transfer = "local"
batch_system = "at-once"
scratch_directory = "{scratch}"
"""

EXPERIMENT = """
[experiment]
name = "proof"
application_type = "proven"
compute_resource = "one-at-a-time"
output_directory = "results"

[application]
commands = [["sh", "-c", "echo 42 >answer.txt"]]

[outputs]
answer = "answer.txt"
manifest = "MANIFEST.sha256"
"""


@pytest.fixture
def workload(tmp_path: Path):
    """Runs airavata-workload with a home of its own."""
    home = tmp_path / "home"
    (home / "clusters").mkdir(parents=True)
    (home / "clusters" / "one-at-a-time.toml").write_text(CLUSTER.format(scratch=tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    (tmp_path / "proven.yaml").write_text(DAG)
    (tmp_path / "proof.toml").write_text(EXPERIMENT)
    program = Path(sys.executable).with_name("airavata-workload")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments],
            cwd=tmp_path,
            env={**os.environ, "AIRAVATA_WORKLOAD_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def test_the_list_of_plugins_names_their_distribution(workload) -> None:
    plugins = {plugin["name"]: plugin for plugin in json.loads(workload("plugins", "list", "--output", "json"))}
    for name in ("checksum-report", "at-once"):
        assert plugins[name]["distribution"] == "airavata-workload-example"
        assert plugins[name]["version"] == "1.2.3"
        assert not plugins[name]["error"]


def test_an_experiment_runs_a_job_in_the_queue_and_proves_its_outputs(workload, tmp_path: Path) -> None:
    workload("dags", "load", "proven.yaml")
    workload("run", "proof.toml")
    assert (tmp_path / "results" / "answer.txt").read_text() == "42\n"
    checked = subprocess.run(
        ["sha256sum", "--check", "--ignore-missing", "MANIFEST.sha256"],
        cwd=tmp_path / "results",
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
    assert "./answer.txt: OK" in checked.stdout
    assert list((tmp_path / "scratch" / ".at-once").glob("*/exit")), "the job went through the queue"
