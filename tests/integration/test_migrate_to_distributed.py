"""From the embedded stores to RabbitMQ, ZooKeeper, Neo4j and MariaDB with a job under way, which ends there, once."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acceptance.conftest import CommandLine, gate, write_experiment
from acceptance.test_cli_migrate import waiting_at
from experiment_site import experiment_site
from faults.killed_move import furnish
from gateway_site import ALICE
from services.distributed import Namespace

from airavata_workload.api.experiments.experiment_files import path_of
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.states import ExperimentState
from airavata_workload.migration.move import Move
from airavata_workload.migration.seal import Seal, SealFile, Stage, systems_of
from airavata_workload.migration.survey import survey
from airavata_workload.ports.registry import ExperimentFilter
from airavata_workload.records.experiments import ExperimentSearchFields
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.record import Record
from airavata_workload.settings import Settings, load_settings

pytestmark = [pytest.mark.server, pytest.mark.timeout(240)]

__all__ = ["gate", "write_experiment"]


@pytest.fixture
def command_line(tmp_path: Path) -> Iterator[CommandLine]:
    """The command, in an empty home."""
    made = CommandLine(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def settings_file(tmp_path: Path, distributed: Namespace) -> Path:
    """The settings of the distributed installation."""
    path = tmp_path / "distributed.toml"
    path.write_text(distributed.settings())
    return path


def test_an_experiment_whose_job_runs_ends_in_the_distributed_installation_that_runs_already(
    command_line: CommandLine, settings_file: Path, write_experiment: Any, gate: Any, tmp_path: Path
) -> None:
    experiment_id = waiting_at(gate, command_line, write_experiment, tmp_path / "runs")
    waiting = command_line("submit", write_experiment("not launched", ["echo", "late"])).stdout.strip()
    trail = command_line.json("logs", experiment_id)
    there = CommandLine(command_line.home)
    there.environment["AIRAVATA_WORKLOAD_CONFIG"] = str(settings_file)
    serving = there.serve()

    moved = command_line.json("migrate", "--to", settings_file)
    assert (moved["moved"], moved["experiments"], moved["unfinished"], moved["jobs"]) == (True, 2, 1, 1)
    assert str(settings_file) in command_line.error("serve", code=2)["message"]

    gate.open()
    for each, said in ((experiment_id, "arrived\ngo\n"), (waiting, "late\n")):
        there("watch", each)
        assert there("logs", each, "--stdout").stdout == said
    assert (tmp_path / "runs").read_text() == "ran\n"
    assert len(there.json("show", experiment_id)["jobs"]) == 1
    assert [each for each in there.json("logs", experiment_id) if each in trail] == trail
    assert serving.end(signal.SIGTERM) == 0


def test_a_portals_experiment_whose_job_runs_is_seen_completed_after_the_move(
    command_line: CommandLine, settings_file: Path, gate: Any, tmp_path: Path
) -> None:
    command_line.environment["AIRAVATA_WORKLOAD_LOCAL_RESOURCES"] = "true"
    program = tmp_path / "program.sh"
    program.write_text(
        f'#!/bin/sh\necho arrived; read -r word < {shlex.quote(str(gate.fifo))}; cat "$1"; echo "$word"\n'
    )
    program.chmod(0o700)
    with experiment_site(tmp_path) as site:
        (site.storage_root / "in.txt").write_text("hello\n")
        site.deploy(str(program))
        experiment_id = site.create()
        serving = command_line.serve()
        site.experiments.launch(ALICE, experiment_id, "seagrid")
        watching = command_line.start("watch", experiment_id, "--output", "jsonl")
        watching.line_with('"ACTIVE"', watching.process.stdout)
        watching.end(signal.SIGINT)
    assert serving.end(signal.SIGTERM) == 0

    moved = command_line.json("migrate", "--to", settings_file)
    assert (moved["experiments"], moved["unfinished"], moved["jobs"]) == (1, 1, 1)
    assert moved["records"] > 20
    there = CommandLine(command_line.home)
    there.environment |= {**command_line.environment, "AIRAVATA_WORKLOAD_CONFIG": str(settings_file)}
    serving = there.serve()
    gate.open()
    there("watch", experiment_id)
    assert serving.end(signal.SIGTERM) == 0
    settings = load_settings(file=settings_file, home=command_line.home, local_resources=True)
    with Installation(settings, service="api") as found:
        api = found.api()
        api.experiment_follower.round()  # what beside an API server writes states into records
        seen = api.experiment_views.get(ALICE, experiment_id)
        (listed,) = api.experiment_lists.search(ALICE, "seagrid", "alice", {ExperimentSearchFields.STATUS: "COMPLETED"})
        (shown,) = seen.experiment_outputs or ()
        (replica,) = api.data_products.get(ALICE, shown.value or "").replica_locations or ()
    assert (seen.state, listed.experiment_id) == (ExperimentState.COMPLETED, experiment_id)
    assert Path(path_of(replica.file_path or "", "the output")).read_text() == "arrived\nhello\ngo\n"


def test_everything_arrives_as_it_was_and_comes_back(
    command_line: CommandLine, settings_file: Path, tmp_path: Path
) -> None:
    furnish(command_line.home)
    there = load_settings(file=settings_file, home=command_line.home)
    back = Settings(home=tmp_path / "back")
    back.home.mkdir()
    seen = [_known(Settings(home=command_line.home))]
    for ours, theirs in ((Settings(home=command_line.home), there), (there, back)):
        _move(ours, theirs)
        seen.append(_known(theirs))
        _move(ours, theirs)
    assert seen[1] == seen[0]
    assert seen[2] == seen[0]


def _move(ours: Settings, theirs: Settings) -> None:
    with Installation(ours, service="migrate") as source, Installation(theirs, service="migrate") as target:
        file = SealFile(ours.home)
        begun = Seal(source=systems_of(ours), target=systems_of(theirs), where="there")
        found = survey(source, target)
        # As if the last steps had been cut off.
        seal = replace(file.of(begun.source) or begun, stage=Stage.COPYING, copied=0, records_copied=False)
        Move(source, target, file, seal, lambda *_: None).carry_out()
        assert found.experiments


def _records_of(installation: Installation, kind: type[Record]) -> list[Record]:
    with installation.records.reading() as records:
        return records.find(kind)


def _known(settings: Settings) -> dict[str, Any]:
    """What an installation has of the experiments that were furnished."""
    with Installation(settings, service="look") as found:
        experiments = [
            one for one in found.registry.experiments(ExperimentFilter(), limit=100) if one.application_type == "SAMPLE"
        ]
        ids = [one.experiment_id for one in experiments]
        return {
            "experiments": experiments,
            "changes": [found.registry.audit_trail(each) for each in ids],
            "jobs": [found.registry.jobs(each) for each in ids],
            "dags": found.graph.loaded(ids),
            "abstract": [found.graph.abstract("SAMPLE", version) for version in (1, 2)],
            "records": [record for kind in KINDS for record in _records_of(found, kind)],
            "nodes": {node.experiment_id for node in found.nodes.nodes()} & set(ids),
        }
