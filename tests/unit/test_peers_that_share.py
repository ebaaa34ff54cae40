"""A peer stores something in the registry, then tells the sharing service of it, as Airavata's own API server does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from internal_site import InternalSite

from airavata_thrift.experiments.ttypes import ExperimentModel
from airavata_thrift.sharing.ttypes import (
    Domain,
    DuplicateEntryException,
    Entity,
    EntityType,
    PermissionType,
    SharingRegistryException,
    User,
)
from airavata_thrift.workspaces.ttypes import Gateway, Project
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.records import projects

GATEWAY = "default"
ADA = Caller(gateway=GATEWAY, user="ada", roles=frozenset({Role.USER}))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InternalSite]:
    with InternalSite(tmp_path_factory.mktemp("home")) as site:
        site.sharing.createUser(User(userId=f"ben@{GATEWAY}", domainId=GATEWAY, userName="ben"))
        yield site


def project(name: str) -> Project:
    return Project(owner="ada", gatewayId=GATEWAY, name=name)


def experiment(project_id: str) -> ExperimentModel:
    return ExperimentModel(
        projectId=project_id, gatewayId=GATEWAY, userName="ada", experimentName="Boil", experimentType=0
    )


def entity(entity_id: str, kind: str, **changes: Any) -> Entity:
    """What the API server of Airavata 0.17 to 2026 tells."""
    plain = {"ownerId": f"ada@{GATEWAY}", "name": "told", "description": "by a peer"}
    return Entity(
        **{"entityId": entity_id, "domainId": GATEWAY, "entityTypeId": f"{GATEWAY}:{kind}", **plain, **changes}
    )


def test_what_is_stored_may_be_told_once(site: InternalSite) -> None:
    project_id = site.registry.createProject(GATEWAY, project("Water"))
    told = entity(project_id, "PROJECT")
    assert site.sharing.createEntity(told) == project_id
    found = site.sharing.getEntity(GATEWAY, project_id)
    assert (found.name, found.description, found.ownerId) == ("told", "by a peer", f"ada@{GATEWAY}")
    with pytest.raises(SharingRegistryException, match="already"):
        site.sharing.createEntity(told)


def test_an_experiment_stays_in_its_project_whether_that_is_told_or_not(site: InternalSite) -> None:
    project_id = site.registry.createProject(GATEWAY, project("Ice"))
    site.sharing.createEntity(entity(project_id, "PROJECT"))
    told, untold, silent = (site.registry.createExperiment(GATEWAY, experiment(project_id)) for _ in range(3))
    site.sharing.createEntity(entity(told, "EXPERIMENT", parentEntityId=project_id))
    site.sharing.createEntity(entity(untold, "EXPERIMENT"))
    assert {site.sharing.getEntity(GATEWAY, each).parentEntityId for each in (told, untold, silent)} == {project_id}
    site.sharing.shareEntityWithUsers(GATEWAY, project_id, [f"ben@{GATEWAY}"], f"{GATEWAY}:READ", True)
    for each in (told, untold, silent):
        assert site.sharing.userHasAccess(GATEWAY, f"ada@{GATEWAY}", each, f"{GATEWAY}:WRITE")
        assert site.sharing.userHasAccess(GATEWAY, f"ben@{GATEWAY}", each, f"{GATEWAY}:READ")


def test_another_owner_or_place_is_believed(site: InternalSite) -> None:
    first, other = (site.registry.createProject(GATEWAY, project(name)) for name in ("One", "Other"))
    moved = site.registry.createExperiment(GATEWAY, experiment(first))
    site.sharing.createEntity(entity(moved, "EXPERIMENT", parentEntityId=other, ownerId=f"ben@{GATEWAY}"))
    found = site.sharing.getEntity(GATEWAY, moved)
    assert (found.parentEntityId, found.ownerId) == (other, f"ben@{GATEWAY}")
    assert site.sharing.userHasAccess(GATEWAY, f"ben@{GATEWAY}", moved, f"{GATEWAY}:WRITE")


def test_another_type_is_a_conflict(site: InternalSite) -> None:
    project_id = site.registry.createProject(GATEWAY, project("Steam"))
    with pytest.raises(SharingRegistryException, match="already"):
        site.sharing.createEntity(entity(project_id, "FILE"))
    assert site.sharing.createEntity(entity(project_id, "PROJECT")) == project_id


def test_what_a_portals_user_has_made_is_told_by_nobody(site: InternalSite) -> None:
    made = site.installation.api().projects.create(
        ADA, GATEWAY, projects.Project(owner="ada", gateway_id=GATEWAY, name="Fog")
    )
    with pytest.raises(SharingRegistryException, match="already"):
        site.sharing.createEntity(entity(made, "PROJECT"))


def test_what_is_rolled_back_leaves_nothing(site: InternalSite) -> None:
    project_id = site.registry.createProject(GATEWAY, project("Dew"))
    assert site.registry.deleteProject(project_id)
    assert not site.sharing.isEntityExists(GATEWAY, project_id)


def test_a_gateway_may_be_told_of_with_all_its_types(site: InternalSite) -> None:
    """In the order of ``addGateway`` of Airavata 0.17 to 2026."""
    assert site.registry.addGateway(Gateway(gatewayId="salt", gatewayName="Salt", gatewayApprovalStatus=1)) == "salt"
    told = [
        (site.sharing.createDomain, Domain(domainId="salt", name="Salt", description="told")),
        *(
            (site.sharing.createEntityType, EntityType(entityTypeId=f"salt:{name}", domainId="salt", name=name))
            for name in ("PROJECT", "EXPERIMENT", "FILE")
        ),
        *(
            (
                site.sharing.createPermissionType,
                PermissionType(permissionTypeId=f"salt:{name}", domainId="salt", name=name),
            )
            for name in ("READ", "WRITE")
        ),
    ]
    for tell, news in told:
        tell(news)
    assert site.sharing.getDomain("salt").description == "told"
    for tell, news in told:
        with pytest.raises((DuplicateEntryException, SharingRegistryException), match="already"):
            tell(news)
