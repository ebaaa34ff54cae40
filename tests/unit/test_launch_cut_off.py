"""A launch that was cut off between the registry and the queue: the engine has the experiment and does not know it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from experiment_site import ExperimentSite, experiment_site
from gateway_site import ALICE

from airavata_workload.domain.errors import ConflictError, StoreUnavailableError
from airavata_workload.domain.message import COMMAND_QUEUE, Command, CommandKind, decode
from airavata_workload.domain.states import ExperimentState
from airavata_workload.ports.task_queue import Message
from airavata_workload.records.applications import ApplicationDeployment


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExperimentSite]:
    with experiment_site(tmp_path) as made:
        (made.storage_root / "in.txt").write_text("hello\n")
        yield made


def commands(site: ExperimentSite) -> list[Command]:
    queue = site.installation.queue
    deliveries = queue.consume([COMMAND_QUEUE], 10, 0.0)
    queue.acknowledge(deliveries)
    return [each for each in (decode(one.body) for one in deliveries) if isinstance(each, Command)]


def test_it_can_be_launched_again(site: ExperimentSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(messages: Sequence[Message]) -> None:
        raise StoreUnavailableError("The task queue does not answer.")

    experiment_id = site.create()
    with monkeypatch.context() as cut_off:
        cut_off.setattr(site.installation.queue, "publish", unreachable)
        with pytest.raises(StoreUnavailableError):
            site.experiments.launch(ALICE, experiment_id, "seagrid")
    assert commands(site) == []
    site.experiments.launch(ALICE, experiment_id, "seagrid")
    assert [(each.kind, each.experiment_id) for each in commands(site)] == [(CommandKind.LAUNCH, experiment_id)]


def test_one_that_the_engine_has_begun_is_launched_once(site: ExperimentSite) -> None:
    experiment_id = site.create()
    site.experiments.launch(ALICE, experiment_id, "seagrid")
    engine = site.installation.engine(service="orchestrator", adopt_orphans=False)
    engine.start()
    try:
        sequence = 0
        while site.workload.experiment(experiment_id).state is ExperimentState.CREATED:
            events = site.workload.events(sequence, wait_s=20.0)
            assert events, "nobody begins it"
            sequence = events[-1].sequence
    finally:
        assert engine.stop(10.0)
    with pytest.raises(ConflictError, match="launched already"):
        site.experiments.launch(ALICE, experiment_id, "seagrid")
    # That it could not be launched any more is not what its owner has to know.
    with site.people.records.transaction() as records:
        records.delete(ApplicationDeployment, site.deployment)
    with pytest.raises(ConflictError, match="launched already"):
        site.experiments.launch(ALICE, experiment_id, "seagrid")
