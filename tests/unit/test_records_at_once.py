"""Two who change one experiment at once, and an observer who comes late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import pytest
from experiment_site import ExperimentSite, experiment_site
from gateway_site import ALICE

from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.errors import ConflictError
from airavata_workload.domain.experiment import Experiment, Standing
from airavata_workload.domain.states import ExperimentState
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.statuses import ExperimentStatus
from airavata_workload.testing.samples import experiment as sample_experiment

PATIENCE_S = 0.3
"""How long one who has read waits for another to come between: for ever, if nobody can."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExperimentSite]:
    with experiment_site(tmp_path) as made:
        yield made


def test_of_two_changes_at_once_none_is_lost(site: ExperimentSite, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = site.create()
    known = site.workload.standings
    others: list[Future[None]] = []

    def known_after_somebody_else_has_changed_it(identifiers: Sequence[str]) -> dict[str, Standing]:
        if not others:
            request = site.request(experiment_name="Renamed")
            others.append(people.submit(site.experiments.update, ALICE, experiment_id, request))
            wait(others, PATIENCE_S)
        return known(identifiers)

    monkeypatch.setattr(site.workload, "standings", known_after_somebody_else_has_changed_it)
    with ThreadPoolExecutor(1) as people:
        site.experiments.update_scheduling(ALICE, experiment_id, ComputationalResourceScheduling(node_count=2))
    assert others[0].exception() is None
    with site.people.records.reading() as records:
        found = records.get(GatewayExperiment, experiment_id)
    assert found is not None
    assert found.experiment_name == "Renamed"


def test_terminating_what_ends_at_that_moment_is_no_error(
    site: ExperimentSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.storage_root / "in.txt").write_text("hello")
    experiment_id = site.create()
    site.experiments.launch(ALICE, experiment_id, "seagrid")

    def ended(_experiment_id: str, _reason: str) -> Experiment:
        raise ConflictError("It has ended.")

    monkeypatch.setattr(site.workload, "cancel", ended)
    site.experiments.terminate(ALICE, experiment_id, "seagrid")


def test_an_observer_who_comes_late_takes_nothing_back(site: ExperimentSite, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = site.create()
    seen = [
        StateChange(
            subject=Subject.EXPERIMENT,
            subject_id=experiment_id,
            experiment_id=experiment_id,
            state=ExperimentState.LAUNCHED,
            at_us=site.people.clock(),
            by="tester",
        )
    ]

    def seen_before_somebody_else_wrote(_experiment_id: str) -> list[StateChange]:
        with site.people.records.transaction() as records:
            old = records.get(GatewayExperiment, experiment_id)
            assert old is not None
            states = (ExperimentState.LAUNCHED, ExperimentState.EXECUTING)
            later = tuple(ExperimentStatus(state=each, changed_at_ms=site.people.clock() // 1000) for each in states)
            records.put(replace(old, experiment_status=(*(old.experiment_status or ()), *later)))
        return seen

    launched = sample_experiment(experiment_id=experiment_id)
    monkeypatch.setattr(site.workload, "standings", lambda ids: dict.fromkeys(ids, launched))
    monkeypatch.setattr(site.workload, "experiment", lambda _: launched)
    monkeypatch.setattr(site.workload, "audit_trail", seen_before_somebody_else_wrote)
    monkeypatch.setattr(site.workload, "tasks", lambda _: [])
    monkeypatch.setattr(site.workload, "jobs", lambda _: [])
    site.follower.round()
    with site.people.records.reading() as records:
        found = records.get(GatewayExperiment, experiment_id)
    assert found is not None
    assert [each.state for each in found.experiment_status or ()] == ["CREATED", "LAUNCHED", "EXECUTING"]
