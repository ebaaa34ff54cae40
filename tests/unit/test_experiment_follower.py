"""What events may have failed to tell is looked at a little at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from catalogue_site import CatalogueSite, catalogue_site

from airavata_workload.api.experiments import experiment_follower
from airavata_workload.api.experiments.experiment_follower import ExperimentFollower
from airavata_workload.api.experiments.experiment_products import ExperimentProducts
from airavata_workload.api.workload import Workload
from airavata_workload.domain.change import Event
from airavata_workload.domain.experiment import Standing
from airavata_workload.domain.states import ExperimentState
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.statuses import ExperimentStatus


class Unlaunched:
    """The part of ``Workload`` that is asked about experiments of which the engine knows nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def latest_event(self) -> int:
        return 0

    def events(self, since: int, *, wait_s: float) -> list[Event]:
        return []

    def standings(self, experiment_ids: Sequence[str]) -> dict[str, Standing]:
        self.asked += experiment_ids
        return {}


def test_open_experiments_are_looked_at_few_at_a_time_those_that_run_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment_follower, "_LOOKS_AT_ONCE", 2)
    monkeypatch.setattr(experiment_follower, "_LOOK_EVERY_S", 0.0)
    engine = Unlaunched()
    with catalogue_site(tmp_path) as site:
        follower = _following(
            site,
            engine,
            _experiment("a", ExperimentState.CREATED),
            _experiment("b", ExperimentState.COMPLETED),
            _experiment("c", ExperimentState.EXECUTING),
            _experiment("d", ExperimentState.CREATED),
        )
        seen = []
        for _ in range(3):
            follower.round()
            seen.append(tuple(engine.asked))
            engine.asked.clear()
    assert seen == [("c", "a"), ("d",), ()]


def test_while_much_goes_on_the_rest_is_not_looked_at_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment_follower, "_LOOKS_AT_ONCE", 1)
    monkeypatch.setattr(experiment_follower, "_LOOK_EVERY_S", 60.0)
    engine = Unlaunched()
    with catalogue_site(tmp_path) as site:
        follower = _following(site, engine, *(_experiment(each, ExperimentState.CREATED) for each in "ab"))
        for _ in range(3):
            follower.round()
        assert engine.asked == ["a"]


def _following(site: CatalogueSite, engine: Unlaunched, *stored: GatewayExperiment) -> ExperimentFollower:
    with site.records.transaction() as records:
        records.put_all(GatewayExperiment, stored)
    products = ExperimentProducts(records=site.records, clock=site.clock)
    return ExperimentFollower(records=site.records, workload=cast("Workload", engine), products=products)


def _experiment(experiment_id: str, state: ExperimentState) -> GatewayExperiment:
    return GatewayExperiment(
        experiment_id=experiment_id,
        project_id="p",
        gateway_id="chemistry",
        user_name="ada",
        experiment_name=experiment_id,
        experiment_status=(ExperimentStatus(state=state, changed_at_ms=1),),
    )
