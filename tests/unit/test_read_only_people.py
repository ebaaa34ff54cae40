"""Somebody who may only look, in what is their own: read-only administrators, and people without any role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from experiment_site import ExperimentSite, experiment_site
from gateway_site import ALICE, AUDITOR

from airavata_workload.api.sharing.sharing import OWNER, READ, WRITE
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.domain.errors import DeniedError
from airavata_workload.records.experiments import UserConfigurationData
from airavata_workload.records.projects import Project
from airavata_workload.records.scheduling import ComputationalResourceScheduling


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExperimentSite]:
    with experiment_site(tmp_path) as made:
        (made.storage_root / "in.txt").write_text("hello")
        yield made


@pytest.fixture(params=[frozenset(), frozenset({Role.READ_ONLY_ADMIN})], ids=["no role", "read-only-admin"])
def watcher(request: pytest.FixtureRequest) -> Caller:
    """Alice, after her roles were taken from her."""
    return replace(ALICE, roles=request.param)


def test_owners_who_may_only_look_neither_run_nor_change_their_experiments(
    site: ExperimentSite, watcher: Caller
) -> None:
    experiment_id = site.create()
    assert site.views.get(watcher, experiment_id).experiment_id == experiment_id
    attempts = (
        lambda: site.experiments.launch(watcher, experiment_id, "seagrid"),
        lambda: site.experiments.validate(watcher, experiment_id),
        lambda: site.experiments.terminate(watcher, experiment_id, "seagrid"),
        lambda: site.experiments.update(watcher, experiment_id, site.request()),
        lambda: site.experiments.update_configuration(watcher, experiment_id, UserConfigurationData()),
        lambda: site.experiments.update_scheduling(watcher, experiment_id, ComputationalResourceScheduling()),
        lambda: site.experiments.delete(watcher, experiment_id),
        lambda: site.experiments.clone(watcher, experiment_id),
        lambda: site.intermediate.fetch(watcher, experiment_id, ("Shown",)),
        lambda: site.people.sharing.share_with_users(watcher, experiment_id, {"bob@seagrid": READ}),
        lambda: site.projects.update(watcher, site.project, Project(owner="", gateway_id="", name="Q")),
        lambda: site.projects.delete(watcher, site.project),
    )
    for attempt in attempts:
        with pytest.raises(DeniedError, match="may not"):
            attempt()
    assert site.experiments.launched(experiment_id) is None


def test_what_was_given_for_writing_is_for_reading_to_who_may_only_look(site: ExperimentSite) -> None:
    experiment_id = site.create()
    site.people.sharing.share_with_users(ALICE, experiment_id, {"audrey@seagrid": WRITE})
    with pytest.raises(DeniedError, match="needs the role user or admin"):
        site.experiments.launch(AUDITOR, experiment_id, "seagrid")
    assert site.people.sharing.user_has_access(AUDITOR, experiment_id, READ)
    assert not site.people.sharing.user_has_access(AUDITOR, experiment_id, WRITE)


def test_owners_who_may_only_look_do_not_delete_their_credentials(site: ExperimentSite, watcher: Caller) -> None:
    token = site.people.credentials.generate_ssh_keys(ALICE)
    assert not site.people.sharing.may(watcher, token, OWNER)
    with pytest.raises(DeniedError):
        site.people.credentials.delete_ssh_keys(watcher, token)
    assert site.people.credentials.summary(watcher, token).username == "alice"
