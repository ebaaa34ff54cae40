"""Search for experiments: who sees which, page by page, whether it is little that they may see or very much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway_site import ADMIN, ALICE, BOB, CAROL, PEER, Site, gateway_site
from sqlalchemy import Engine, event

from airavata_adapters.record_stores import known_sizes, sql_records
from airavata_workload.api.experiments.experiment_lists import ExperimentLists
from airavata_workload.api.experiments.projects import Projects
from airavata_workload.api.sharing.sharing import READ, WRITE
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.states import ExperimentState
from airavata_workload.records.application_io import InputDataObject
from airavata_workload.records.experiments import (
    ExperimentSearchFields,
    ExperimentSummary,
    GatewayExperiment,
    UserConfigurationData,
)
from airavata_workload.records.groups import Group, ResourceType
from airavata_workload.records.projects import Project
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.statuses import ExperimentStatus

EXPERIMENTS = 12
AN_INSTANT_MS = 1_700_000_000_000


class Searching:
    """A gateway where alice has experiments, three made at each instant."""

    def __init__(self, site: Site) -> None:
        self.site = site
        projects = Projects(records=site.records, sharing=site.sharing, clock=site.clock)
        self.lists = ExperimentLists(records=site.records, sharing=site.sharing, projects=projects)
        self.project, self.other_project = (
            projects.create(ALICE, "seagrid", Project(owner="alice", gateway_id="seagrid", name=name)) for name in "PQ"
        )
        self.made = [self.make(number) for number in range(EXPERIMENTS)]

    def make(self, number: int) -> str:
        """The id of a new experiment, every fourth of the other project."""
        experiment_id = f"x{number:02}"
        states = (ExperimentState.CREATED, ExperimentState.FAILED if number % 2 else ExperimentState.COMPLETED)
        scheduling = ComputationalResourceScheduling(resource_host_id="comet")
        experiment = GatewayExperiment(
            experiment_id=experiment_id,
            project_id=self.project if number % 4 else self.other_project,
            gateway_id="seagrid",
            user_name="alice",
            experiment_name=f"Box {number}",
            created_at_ms=AN_INSTANT_MS + number // 3,
            execution_id="Cat_1",
            experiment_inputs=(InputDataObject(name="in", value="a.txt"),),
            user_configuration_data=UserConfigurationData(computational_resource_scheduling=scheduling),
            experiment_status=tuple(ExperimentStatus(state=state, changed_at_ms=AN_INSTANT_MS) for state in states),
        )
        with self.site.records.transaction() as records:
            records.add(experiment)
        self.site.sharing.register_entity(
            ALICE, experiment_id, ResourceType.EXPERIMENT, f"Box {number}", parent_id=experiment.project_id
        )
        return experiment_id

    def seen(self, caller: Caller, filters: dict[ExperimentSearchFields, str] | None = None) -> list[str]:
        """What a search finds, the oldest first; all of it and a first page are looked for in different ways."""
        found = self.lists.search(caller, "seagrid", caller.user, filters)
        assert self.lists.search(caller, "seagrid", caller.user, filters, EXPERIMENTS) == found
        return [each.experiment_id for each in reversed(found)]

    def of(self, project_id: str) -> list[str]:
        """The experiments of a project."""
        return [each for number, each in enumerate(self.made) if (self.other_project == project_id) != bool(number % 4)]


@pytest.fixture(params=[1_000, 0], ids=["gathered", "checked"])
def searching(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Searching]:
    """With either way to see what may be seen."""
    monkeypatch.setattr(sql_records, "FEW", request.param)
    with gateway_site(tmp_path) as site:
        yield Searching(site)


def test_everybody_sees_what_is_theirs_and_what_they_are_given(searching: Searching) -> None:
    assert searching.seen(ALICE) == searching.made
    assert searching.seen(BOB) == []
    searching.site.sharing.share_with_users(ALICE, "x03", {"bob": READ})
    searching.site.sharing.share_with_users(ALICE, "x04", {"bob": WRITE})
    assert searching.seen(BOB) == ["x03"], "to write is not to read"
    assert searching.seen(CAROL) == []
    assert searching.seen(ADMIN) == [], "a search is for what is one's own, an administrator's too"


def test_what_is_given_in_two_ways_is_found_once(searching: Searching) -> None:
    sharing = searching.site.sharing
    group = searching.site.groups.create(ALICE, Group(name="lab", members=("bob@seagrid",)))
    sharing.share_with_groups(ALICE, searching.other_project, {group: READ})
    sharing.share_with_users(ALICE, "x04", {"bob": READ})
    assert searching.seen(BOB) == searching.of(searching.other_project) == ["x00", "x04", "x08"]
    sharing.revoke_from_groups(ALICE, searching.other_project, {group: READ})
    assert searching.seen(BOB) == ["x04"]
    sharing.revoke_from_users(ALICE, "x04", {"bob": READ})
    assert searching.seen(BOB) == []


def test_who_leaves_a_group_sees_its_experiments_no_more(searching: Searching) -> None:
    groups = searching.site.groups
    inner = groups.create(ALICE, Group(name="lab", members=("bob@seagrid", "carol@seagrid")))
    outer = groups.create(ALICE, Group(name="institute"))
    searching.site.sharing.share_with_groups(ALICE, searching.project, {outer: READ})
    assert searching.seen(BOB) == []
    searching.site.people.add_child_groups(PEER, "seagrid", (inner,), outer)
    assert searching.seen(BOB) == searching.seen(CAROL) == searching.of(searching.project)
    assert groups.remove_users(ALICE, ("bob@seagrid",), inner)
    assert searching.seen(BOB) == []
    assert searching.seen(CAROL) == searching.of(searching.project)


def test_pages_follow_one_another_over_experiments_of_one_instant(searching: Searching) -> None:
    searching.site.sharing.share_with_users(ALICE, searching.project, {"bob": READ})
    found = [
        each.experiment_id
        for offset in range(0, EXPERIMENTS, 2)
        for each in searching.lists.search(BOB, "seagrid", "bob", {}, 2, offset)
    ]
    assert found == searching.of(searching.project)[::-1]


def test_filters_choose_among_what_may_be_seen(searching: Searching) -> None:
    fields = ExperimentSearchFields
    searching.site.sharing.share_with_users(ALICE, searching.project, {"bob": READ})
    assert searching.seen(BOB, {fields.STATUS: "FAILED"}) == ["x01", "x03", "x05", "x07", "x09", "x11"]
    assert searching.seen(BOB, {fields.STATUS: "COMPLETED"}) == ["x02", "x06", "x10"]
    assert searching.seen(BOB, {fields.EXPERIMENT_NAME: "box 1"}) == ["x01", "x10", "x11"]
    assert searching.seen(BOB, {fields.PROJECT_ID: searching.other_project}) == []
    dates = {fields.FROM_DATE: str(AN_INSTANT_MS + 1), fields.TO_DATE: str(AN_INSTANT_MS + 1)}
    assert searching.seen(BOB, {**dates, fields.USER_NAME: "alice"}) == ["x03", "x05"]
    assert searching.lists.statistics(BOB, "seagrid", 0, 2**60).failed_experiment_count == 6


def test_a_summary_has_all_that_there_is_to_say(searching: Searching) -> None:
    wanted = ExperimentSummary(
        experiment_id="x11",
        project_id=searching.project,
        gateway_id="seagrid",
        created_at_ms=AN_INSTANT_MS + 3,
        user_name="alice",
        name="Box 11",
        execution_id="Cat_1",
        resource_host_id="comet",
        experiment_status="FAILED",
        status_updated_at_ms=AN_INSTANT_MS,
    )
    assert searching.lists.search(ALICE, "seagrid", "alice", {}, 1) == (wanted,)
    listed = searching.lists.statistics(ALICE, "seagrid", 0, 2**60, limit=1)
    assert listed.failed_experiments == (wanted,)
    assert listed.all_experiments == (wanted,)
    kept = searching.lists.of_user(ALICE, "seagrid", "alice", 1)[0].experiment_inputs
    assert kept == (InputDataObject(name="in", value="a.txt"),), "other lists tell of inputs"


def test_whether_somebody_sees_much_is_asked_now_and_then_and_what_they_see_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    @event.listens_for(Engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT 1 ") and "gateway_sharing_sharings" in statement:
            asked.append(statement)

    try:
        monkeypatch.setattr(sql_records, "FEW", 2)
        with gateway_site(tmp_path) as site:
            searching = Searching(site)
            site.sharing.share_with_users(ALICE, "x03", {"bob": READ})
            for few in range(2):
                assert searching.seen(BOB) == ["x03"], few
            assert len(asked) == 1
            site.sharing.share_with_users(ALICE, searching.other_project, {"bob": READ})
            assert searching.seen(BOB) == sorted(["x03", *searching.of(searching.other_project)])
            assert len(asked) == 1
            monkeypatch.setattr(known_sizes, "KEPT_S", 0.0)
            assert searching.seen(BOB) == sorted(["x03", *searching.of(searching.other_project)])
            assert len(asked) > 1
    finally:
        event.remove(Engine, "before_cursor_execute", note)
