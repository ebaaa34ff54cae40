"""What launches follow, and what one of several does to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from played_stages import Played, orchestrating

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.message import TaskAction
from airavata_workload.domain.states import ExperimentState
from airavata_workload.domain.task import LoadedDag
from airavata_workload.settings import load_settings


def submitted(played: Played, *names: str, **changed: Any) -> list[str]:
    """The ids of experiments like the first, submitted at once."""
    first = played.workload.experiment(played.experiment_id)
    fresh: dict[str, Any] = {"experiment_id": "", "process_id": "", "output_directory": ""}
    like = replace(first, state=ExperimentState.CREATED, **fresh, **changed)
    return [each.experiment_id for each in played.workload.submit([replace(like, name=name) for name in names])]


def begun(played: Played, count: int) -> set[str]:
    """The experiments whose first task the scheduler is told of, once there are so many."""
    return {played.told("set-up", TaskAction.EXECUTE).experiment_id for _ in range(count)}


def test_every_launch_follows_the_newest_dag_whoever_has_loaded_it(tmp_path: Path) -> None:
    with orchestrating(tmp_path / "home") as played:
        (second,) = submitted(played, "second")
        assert begun(played, 2) == {played.experiment_id, second}
        with Installation(load_settings(home=tmp_path / "home"), service="operator") as elsewhere:
            known = elsewhere.workload().dag("hpc-batch")
            newest = elsewhere.workload().load_dag(replace(known, nodes=known.nodes[:2]))
        (third,) = submitted(played, "third")
        assert begun(played, 1) == {third}
        loaded = played.installation.graph.loaded([played.experiment_id, second, third])
        assert [dag.dag_version for dag in loaded] == [known.version, known.version, newest.version]
        assert [task.name for task in loaded[2].tasks] == [node.name for node in newest.nodes]


def test_what_only_an_older_dag_refuses_is_launched(tmp_path: Path) -> None:
    with (
        orchestrating(tmp_path / "home") as played,
        Installation(load_settings(home=tmp_path / "home"), service="operator") as elsewhere,
    ):
        assert begun(played, 1) == {played.experiment_id}
        operator = elsewhere.workload()
        good = operator.dag("hpc-batch")
        needs_more = replace(good.nodes[0], resource="${application.environment.WHERE}")
        operator.load_dag(replace(good, nodes=(needs_more, *good.nodes[1:])))
        plain = played.workload.experiment(played.experiment_id).application
        (second,) = submitted(played, "second", application=replace(plain, environment={"WHERE": "local"}))
        assert begun(played, 1) == {second}
        operator.load_dag(good)
        (third,) = submitted(played, "third")
        assert begun(played, 1) == {third}


def test_one_whose_tasks_cannot_be_stored_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(installation: Installation) -> None:
        stored = installation.graph.restore_loaded

        def refuses(dags: Sequence[LoadedDag], *, if_newest: bool) -> list[bool | None]:
            if any("bad" in dag.experiment_id for dag in dags):
                raise DagError("this cannot be stored.")
            return stored(dags, if_newest=if_newest)

        monkeypatch.setattr(installation.graph, "restore_loaded", refuses)

    with orchestrating(tmp_path / "home", prepare=prepare) as played:
        good, bad, better = submitted(played, "good", "bad", "better")
        assert begun(played, 3) == {played.experiment_id, good, better}
        played.until(lambda: played.workload.experiment(bad).state is ExperimentState.FAILED)
        assert "this cannot be stored" in played.workload.experiment(bad).reason
        assert played.workload.tasks(bad) == []
        played.commands_are_done()
        nodes = {node.experiment_id for node in played.installation.nodes.nodes()}
        assert nodes == {played.experiment_id, good, better}
