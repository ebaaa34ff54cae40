"""Every stage in a process of its own, over RabbitMQ, ZooKeeper, Neo4j and MariaDB: what one process promises holds."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from acceptance.conftest import CommandLine, gate, write_experiment
from acceptance.test_cli_service import (
    start_each,
    test_a_killed_stage_is_replaced_by_its_twin,
    test_a_worker_runs_the_kinds_that_it_is_given_and_another_one_is_added_while_all_runs,
    test_every_stage_says_how_it_is,
    test_four_processes_do_what_one_does_and_drain_when_they_are_told_to_stop,
)
from integration.test_hmmer_on_slurm import check_outputs, jobs_called, prepare
from services.distributed import Namespace

from airavata_workload.domain.cluster import Cluster

pytestmark = [pytest.mark.server, pytest.mark.timeout(240)]

__all__ = [
    "gate",
    "test_a_killed_stage_is_replaced_by_its_twin",
    "test_a_worker_runs_the_kinds_that_it_is_given_and_another_one_is_added_while_all_runs",
    "test_every_stage_says_how_it_is",
    "test_four_processes_do_what_one_does_and_drain_when_they_are_told_to_stop",
    "write_experiment",
]


@pytest.fixture
def command_line(tmp_path: Path, distributed: Namespace) -> Iterator[CommandLine]:
    """The command, with a home whose settings name the real servers."""
    made = CommandLine(tmp_path / "home")
    made.home.mkdir(exist_ok=True)
    (made.home / "config.toml").write_text(distributed.settings())
    yield made
    made.close()


@pytest.fixture
def stages(command_line: CommandLine) -> dict[str, Any]:
    """One of each stage."""
    return start_each(command_line)


@pytest.fixture
def twins(command_line: CommandLine, stages: dict[str, Any]) -> dict[str, list[Any]]:
    """Two of each stage."""
    second = start_each(command_line)
    return {stage: [first, second[stage]] for stage, first in stages.items()}


def test_a_job_on_slurm_over_ssh_comes_back_with_its_outputs(
    tmp_path: Path,
    servers: Mapping[str, str],
    slurm_cluster: Cluster,
    command_line: CommandLine,
    twins: dict[str, list[Any]],
) -> None:
    home, path = prepare(tmp_path / "hmmer", slurm_cluster)
    shutil.copytree(home / "clusters", command_line.home / "clusters")
    (shown,) = command_line.json("submit", "--wait", path)
    assert shown["state"] == "COMPLETED"
    check_outputs(shown)
    assert len(jobs_called(servers, shown["jobs"][0]["job_name"])) == 1
    for running in (each for pair in twins.values() for each in pair):
        assert running.end(signal.SIGTERM) == 0


def test_one_of_each_stage_is_killed_and_cancelling_still_leaves_no_job(
    command_line: CommandLine, twins: dict[str, list[Any]], write_experiment: Any, gate: Any
) -> None:
    experiment_id = command_line("submit", write_experiment("unwanted", gate.command)).stdout.strip()
    watching = command_line.start("watch", experiment_id, "--output", "jsonl")
    watching.line_with('"ACTIVE"', watching.process.stdout)
    for first, _ in twins.values():
        first.process.kill()
        first.wait()
    command_line("cancel", experiment_id)
    assert watching.wait() == 1
    shown = command_line.json("show", experiment_id)
    assert shown["state"] == "CANCELED"
    assert [job["state"] for job in shown["jobs"]] == ["CANCELED"]


def test_many_experiments_end_and_leave_nothing_behind(
    command_line: CommandLine, twins: dict[str, list[Any]], write_experiment: Any
) -> None:
    files = [write_experiment(f"one of many {n}", ["echo", str(n)]) for n in range(30)]
    found = command_line.json("submit", "--wait", *files)
    assert [each["state"] for each in found] == ["COMPLETED"] * 30
    health = json.loads(command_line("health", "--output", "json").stdout)
    assert len(health) == 8
    assert all(each["ready"] for each in health)
