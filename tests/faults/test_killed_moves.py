"""SIGKILL before and after each write of a move; run again, it ends as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from faults.killed_move import furnish, move, picture

from airavata_workload.migration.seal import SealFile, Stage, systems_of
from airavata_workload.settings import Settings

PATIENCE_S = 60
PROCESSES: Any = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(  # imported once, by the process from which the others are forked
    [
        *("airavata_workload.bootstrap", "airavata_workload.migration.move"),
        *("airavata_workload.testing.graph_store_suite", "airavata_workload.testing.registry_suite"),
        *(f"airavata_adapters.{port}.embedded" for port in ("graph_stores", "registries", "task_queues")),
        *("airavata_adapters.recovery_nodes.embedded", "airavata_adapters.credential_stores.encrypted_file"),
    ]
)


def kill_during_move(home: Path, there: Path, kill_at: int) -> None:
    process = PROCESSES.Process(target=move, args=(home, there, kill_at))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode == -signal.SIGKILL


@pytest.fixture
def furnished(tmp_path: Path) -> Path:
    """A home with something of everything."""
    furnish(tmp_path / "furnished")
    return tmp_path / "furnished"


def test_a_move_leaves_nothing_behind_that_could_run(furnished: Path, tmp_path: Path) -> None:
    before = picture(furnished)
    move(furnished, tmp_path / "there")
    after = picture(tmp_path / "there")
    gone = "experiment-that-is-gone"
    assert after["nodes"] == dict.fromkeys(before["nodes"].keys() - {gone}, False)
    same = {name for name in before if name != "nodes"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert before["messages"]
    left = picture(furnished)
    assert (left["nodes"], left["unfinished"], left["messages"]) == ({}, [], set())
    assert len(left["dags"]) == len(before["dags"]) - 1, "what has ended can still be looked at"


@pytest.mark.timeout(600)
def test_a_move_survives_a_kill_at_any_step(furnished: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(furnished, whole)
    steps = move(whole, tmp_path / "whole there")
    expected, expected_left = picture(tmp_path / "whole there"), picture(whole)
    for kill_at, step in enumerate(steps, 1):
        home, there = tmp_path / f"{kill_at}", tmp_path / f"{kill_at} there"
        shutil.copytree(furnished, home)
        kill_during_move(home, there, kill_at)
        _check_in_between(home, there, step)
        move(home, there)
        assert picture(there) == expected, step
        assert picture(home) == expected_left, step


def _check_in_between(home: Path, there: Path, step: str) -> None:
    """Nothing may run there as long as it may run here, and what may run there is whole."""
    seal = SealFile(home).of(systems_of(Settings(home=home)))
    found = picture(there)
    experiments = {one.experiment_id for one in found["experiments"]}
    driven = {*found["unfinished"], *found["messages"], *found["nodes"]} & experiments
    if driven:
        assert seal is not None, step
    assert set(found["unfinished"]) <= experiments, step
    if seal is not None and seal.stage is not Stage.COPYING:
        assert len(found["nodes"]) == 2, step
