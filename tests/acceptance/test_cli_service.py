"""``service``: each stage a process of its own, any of which may be killed and replaced while experiments run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(sys.executable).with_name("airavata-workload")
STAGES = ("orchestrator", "scheduler", "worker", "monitor")


GONE_AFTER_S = 30
"""Longer than any session outlives its process."""


def start(command_line: Any, *arguments: str) -> Any:
    running = command_line.start("service", *arguments)
    running.line_with(f"the {arguments[0]} runs")
    return running


def start_each(command_line: Any, **environments: Mapping[str, str]) -> dict[str, Any]:
    """One of each stage, all of them running; ``environments`` by stage."""
    stages = {stage: command_line.start("service", stage, **environments.get(stage, {})) for stage in STAGES}
    for stage, running in stages.items():
        running.line_with(f"the {stage} runs")
    return stages


@pytest.fixture
def stages(command_line: Any) -> dict[str, Any]:
    """One of each stage, running over the embedded stores."""
    return start_each(command_line)


def test_four_processes_do_what_one_does_and_drain_when_they_are_told_to_stop(
    command_line: Any, stages: dict[str, Any], write_experiment: Any
) -> None:
    done = command_line("submit", "--wait", write_experiment("apart", ["echo", "from afar"]))
    assert "apart" in done.stdout
    for running in stages.values():
        assert running.end(signal.SIGTERM) == 0


def test_every_stage_says_how_it_is(command_line: Any, stages: dict[str, Any]) -> None:
    found = command_line.json("health")
    assert {each["service"] for each in found} == set(STAGES)
    assert all(each["live"] and each["ready"] and not each["troubles"] for each in found)
    (worker,) = command_line.json("health", next(each["url"] for each in found if each["service"] == "worker"))
    assert worker["service"] == "worker"
    with urllib.request.urlopen(f"{worker['url']}/live", timeout=5) as answer:  # noqa: S310 - our own
        assert json.load(answer)["live"] is True
    stages["worker"].process.kill()
    stages["worker"].wait()
    (gone,) = command_line.json("health", worker["url"], code=3)
    assert (gone["live"], gone["ready"]) == (False, False)
    end_s = time.monotonic() + GONE_AFTER_S
    while {each["service"] for each in listed(command_line)} != set(STAGES) - {"worker"}:
        assert time.monotonic() < end_s, "a killed service is listed for ever"
        time.sleep(0.2)


def listed(command_line: Any) -> Any:
    """What ``health`` lists, whether or not all of it is well."""
    done = subprocess.run(
        [PROGRAM, "health", "--output", "json"],
        env=command_line.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_without_services_health_says_what_to_start(command_line: Any) -> None:
    assert "airavata-workload serve" in command_line("health", code=3).stdout


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_stage_is_replaced_by_its_twin(
    command_line: Any, stages: dict[str, Any], write_experiment: Any, gate: Any, stage: str
) -> None:
    start(command_line, stage)
    experiment_id = command_line("submit", write_experiment("survivor", gate.command)).stdout.strip()
    watching = command_line.start("watch", experiment_id, "--output", "jsonl")
    # A job waits at the gate, so the experiment is under way, and the first of the twins leads.
    watching.line_with('"ACTIVE"', watching.process.stdout)
    stages[stage].process.kill()
    stages[stage].wait()
    gate.open()
    assert watching.wait() == 0
    assert command_line("logs", experiment_id, "--stdout").stdout == "arrived\ngo\n"


def test_a_worker_runs_the_kinds_that_it_is_given_and_another_one_is_added_while_all_runs(
    command_line: Any, stages: dict[str, Any], write_experiment: Any
) -> None:
    assert stages["worker"].end(signal.SIGTERM) == 0
    start(command_line, "worker", "--kinds", "env-setup,input-staging", "--slots", "2")
    experiment_id = command_line("submit", write_experiment("staged", ["true"])).stdout.strip()
    watching = command_line.start("watch", experiment_id, "--output", "jsonl")
    line = watching.line_with('"subject": "task"', watching.process.stdout)
    assert json.loads(line)["experiment_id"] == experiment_id
    start(command_line, "worker", "--kinds", "job-submission,job-monitoring,output-staging,env-cleanup,archive,command")
    assert watching.wait() == 0


PICKY = """
import os

from airavata_workload.domain.errors import TransferError
from airavata_workload.domain.outcome import Completed
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin

class Picky(TaskPlugin):
    kind = "picky"
    parameters_model = Parameters

    def execute(self, run):
        if os.environ.get("MOOD") == "bad":
            raise TransferError("not on this machine")
        return Completed()
"""
PICKY_DAG = """
application_type: picky
description: one task that works on some workers only
tasks:
  pick: {kind: picky, retry: {attempts: 60, first_delay_s: 1, factor: 1}}
"""


def test_what_fails_on_one_worker_is_tried_on_another(command_line: Any, write_experiment: Any, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    information = plugin / "picky-1.0.dist-info"
    information.mkdir(parents=True)
    (plugin / "picky.py").write_text(PICKY)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: picky\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[airavata_workload.tasks]\npicky = picky:Picky\n")
    (tmp_path / "picky.yaml").write_text(PICKY_DAG)
    command_line.environment["PYTHONPATH"] = str(plugin)
    command_line("dags", "load", tmp_path / "picky.yaml")
    start_each(command_line, worker={"MOOD": "bad"})
    experiment_id = command_line("submit", write_experiment("picky", ["true"], application_type="picky")).stdout.strip()
    watching = command_line.start("watch", experiment_id, "--output", "jsonl")
    watching.line_with("not on this machine", watching.process.stdout)
    command_line.start("service", "worker").line_with("the worker runs")
    (before,) = command_line.json("show", experiment_id)["tasks"]
    assert watching.wait() == 0
    (after,) = command_line.json("show", experiment_id)["tasks"]
    # The scheduler learns of the new worker within a second, so at most one more attempt is made on the old one.
    assert after["attempt"] - before["attempt"] <= 2


def test_a_kind_that_nobody_has_is_refused(command_line: Any) -> None:
    error = command_line.error("service", "worker", "--kinds", "env-setup,output-stagign", code=4)
    assert "'output-stagign'" in error["message"]


def test_a_health_port_that_is_taken_is_an_error(command_line: Any, stages: dict[str, Any]) -> None:
    port = command_line.json("health")[0]["url"].rpartition(":")[2]
    error = command_line.error("service", "monitor", "--health-port", port, code=2)
    assert port in error["message"]
