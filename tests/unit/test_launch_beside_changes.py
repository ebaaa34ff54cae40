"""A launch beside changes of the same experiment: what runs is what the record says, or the change is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path

import pytest
from experiment_site import ExperimentSite, experiment_site
from gateway_site import ALICE

from airavata_workload.api.experiments.launching import Launching
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError, NotFoundError, StoreUnavailableError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.ports.task_queue import Message
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.scheduling import ComputationalResourceScheduling

PATIENCE_S = 60.0
GLANCE_S = 0.3
"""How long somebody is given to do what must not be possible yet."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExperimentSite]:
    with experiment_site(tmp_path) as made:
        (made.storage_root / "in.txt").write_text("hello\n")
        yield made


def stored(site: ExperimentSite, experiment_id: str) -> GatewayExperiment:
    with site.people.records.reading() as records:
        found = records.get(GatewayExperiment, experiment_id)
    assert found is not None
    return found


def after_each_reading(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Let somebody else do something whenever a launch has read all that it needs."""
    prepared = Launching.prepared

    def then_somebody_comes(launching: Launching, caller: Caller, experiment: GatewayExperiment) -> Experiment:
        made = prepared(launching, caller, experiment)
        with ThreadPoolExecutor(1) as people:
            people.submit(meanwhile).result(PATIENCE_S)
        return made

    monkeypatch.setattr(Launching, "prepared", then_somebody_comes)


Change = Callable[[ExperimentSite, str, int], object]


def rename(site: ExperimentSite, experiment_id: str, number: int) -> None:
    site.experiments.update(ALICE, experiment_id, site.request(experiment_name=f"Name {number}"))


def scheduling(site: ExperimentSite, nodes: int) -> ComputationalResourceScheduling:
    return ComputationalResourceScheduling(
        resource_host_id=site.host, node_count=nodes, total_cpu_count=1, wall_time_limit_min=2
    )


def reschedule(site: ExperimentSite, experiment_id: str, number: int) -> None:
    site.experiments.update_scheduling(ALICE, experiment_id, scheduling(site, number))


def reconfigure(site: ExperimentSite, experiment_id: str, number: int) -> None:
    configuration = UserConfigurationData(
        storage_id=site.storage, computational_resource_scheduling=scheduling(site, number)
    )
    site.experiments.update_configuration(ALICE, experiment_id, configuration)


CHANGES = pytest.mark.parametrize("change", [rename, reschedule, reconfigure])


@CHANGES
def test_what_is_changed_before_the_engine_has_it_runs_as_changed(
    site: ExperimentSite, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    experiment_id, numbers = site.create(), iter([2])
    after_each_reading(monkeypatch, lambda: [change(site, experiment_id, number) for number in numbers])
    site.experiments.launch(ALICE, experiment_id, "seagrid")
    asked, entered = stored(site, experiment_id), site.workload.experiment(experiment_id)
    configuration = asked.user_configuration_data
    assert configuration is not None
    assert configuration.computational_resource_scheduling is not None
    assert (asked.experiment_name, configuration.computational_resource_scheduling.node_count) in [
        ("Name 2", 1),
        ("Say it", 2),
    ]
    assert entered.name == asked.experiment_name
    assert entered.resources.node_count == configuration.computational_resource_scheduling.node_count


@CHANGES
def test_a_change_at_the_moment_when_the_engine_gets_it_is_refused(
    site: ExperimentSite, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    experiment_id = site.create()
    before = stored(site, experiment_id)
    registry = site.installation.registry
    create = registry.create_experiments
    others: list[Future[object]] = []

    def beside_a_change(experiments: Sequence[Experiment]) -> set[str]:
        others.append(people.submit(change, site, experiment_id, 2))
        wait(others, GLANCE_S)
        return create(experiments)

    monkeypatch.setattr(registry, "create_experiments", beside_a_change)
    with ThreadPoolExecutor(1) as people:
        site.experiments.launch(ALICE, experiment_id, "seagrid")
    assert isinstance(others[0].exception(), ConflictError)
    assert stored(site, experiment_id) == before


def test_what_is_deleted_meanwhile_is_not_launched(site: ExperimentSite, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = site.create()
    after_each_reading(monkeypatch, lambda: site.experiments.delete(ALICE, experiment_id))
    with pytest.raises(NotFoundError):
        site.experiments.launch(ALICE, experiment_id, "seagrid")
    assert site.experiments.launched(experiment_id) is None


def test_who_never_stops_changing_it_keeps_it_from_its_launch_and_no_longer(
    site: ExperimentSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id, numbers = site.create(), count(1)
    with monkeypatch.context() as busy:
        after_each_reading(busy, lambda: rename(site, experiment_id, next(numbers)))
        with pytest.raises(ConflictError, match="again and again"):
            site.experiments.launch(ALICE, experiment_id, "seagrid")
    assert site.experiments.launched(experiment_id) is None
    site.experiments.launch(ALICE, experiment_id, "seagrid")
    assert site.workload.experiment(experiment_id).name == stored(site, experiment_id).experiment_name


def test_what_the_engine_has_of_a_cut_off_launch_runs_as_it_would_now_or_not_at_all(
    site: ExperimentSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(messages: Sequence[Message]) -> None:
        raise StoreUnavailableError("The task queue does not answer.")

    experiment_id = site.create()
    with monkeypatch.context() as cut_off:
        cut_off.setattr(site.installation.queue, "publish", unreachable)
        with pytest.raises(StoreUnavailableError):
            site.experiments.launch(ALICE, experiment_id, "seagrid")
    site.deploy("/bin/echo")
    with pytest.raises(ConflictError, match="cut off"):
        site.experiments.launch(ALICE, experiment_id, "seagrid")
    site.deploy("/bin/cat")
    site.experiments.launch(ALICE, experiment_id, "seagrid")
