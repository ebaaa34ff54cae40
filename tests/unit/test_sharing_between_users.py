"""Two users of a gateway who share, a third who does not take part, and one of another gateway."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from gateway_site import ADMIN, ALICE, AUDITOR, BOB, CAROL, PEER, STRANGER, Site, gateway_site

from airavata_workload.api.sharing.sharing import MANAGE_SHARING, OWNER, READ, WRITE
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.ports.record_store import Query
from airavata_workload.records.groups import Group, ResourceType
from airavata_workload.records.sharing import Entity


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Tests use ids of their own, so that the tables are made once."""
    with gateway_site(tmp_path_factory.mktemp("home")) as site:
        yield site


@pytest.fixture
def site(shared_site: Site, request: pytest.FixtureRequest) -> Site:
    prefix = request.node.name
    shared_site.sharing.register_entity(ALICE, f"{prefix}/p", ResourceType.PROJECT, "Solvation")
    shared_site.sharing.register_entity(
        ALICE, f"{prefix}/x", ResourceType.EXPERIMENT, "run 1", "in water", parent_id=f"{prefix}/p"
    )
    return shared_site


@pytest.fixture
def project(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}/p"


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}/x"


def test_what_is_not_shared_is_its_owners_alone(site: Site, experiment: str) -> None:
    assert site.sharing.may(ALICE, experiment, WRITE)
    assert not site.sharing.may(BOB, experiment, READ)
    with pytest.raises(DeniedError, match="no permission READ on experiment"):
        site.sharing.require(BOB, experiment, READ, f"experiment '{experiment}'")


def test_a_shared_project_shares_what_is_in_it_and_what_comes_later(site: Site, project: str, experiment: str) -> None:
    site.sharing.share_with_users(ALICE, project, {"bob@seagrid": READ})
    site.sharing.register_entity(BOB, f"{experiment}2", ResourceType.EXPERIMENT, parent_id=project)
    assert site.sharing.may(BOB, experiment, READ)
    assert not site.sharing.may(BOB, experiment, WRITE)
    assert site.sharing.may(ALICE, f"{experiment}2", WRITE), "who owns the project owns what others put into it"
    site.sharing.revoke_from_users(ALICE, project, {"bob": READ})
    assert not site.sharing.may(BOB, experiment, READ)
    assert site.sharing.may(BOB, f"{experiment}2", WRITE)


def test_revoking_here_leaves_what_comes_from_above(site: Site, project: str, experiment: str) -> None:
    site.sharing.share_with_users(ALICE, project, {"bob": READ})
    site.sharing.share_with_users(ALICE, experiment, {"bob": READ})
    site.sharing.revoke_from_users(ALICE, experiment, {"bob": READ})
    assert site.sharing.may(BOB, experiment, READ)


def test_a_group_that_is_deleted_takes_what_was_given_to_it_along(site: Site, project: str, experiment: str) -> None:
    group = site.groups.create(ALICE, Group(name="brief", members=("bob@seagrid",)))
    site.sharing.share_with_groups(ALICE, project, {group: READ})
    site.sharing.share_with_users(ALICE, project, {"carol@seagrid": READ})
    assert site.entities.entity(PEER, "seagrid", project).shared_count == 2
    assert site.groups.delete(ALICE, group)
    assert site.entities.entity(PEER, "seagrid", project).shared_count == 1
    assert not site.sharing.may(BOB, experiment, READ)
    assert site.sharing.may(CAROL, experiment, READ)


def test_groups_hold_permissions_for_their_members(site: Site, project: str, experiment: str) -> None:
    group = site.groups.create(ALICE, Group(name="chemists", members=("bob@seagrid",)))
    site.sharing.share_with_groups(ALICE, project, {group: WRITE})
    assert site.sharing.may(BOB, experiment, WRITE)
    assert site.sharing.accessible_groups(ALICE, experiment, WRITE) == (group,)
    assert site.sharing.directly_accessible_groups(ALICE, experiment, WRITE) == ()
    site.groups.remove_users(ALICE, ("bob",), group)
    assert not site.sharing.may(BOB, experiment, WRITE)


def test_lists_tell_who_holds_a_permission_and_from_where(site: Site, project: str, experiment: str) -> None:
    site.sharing.share_with_users(ALICE, project, {"bob": READ})
    assert site.sharing.accessible_users(ALICE, experiment, READ) == ("alice@seagrid", "bob@seagrid")
    assert site.sharing.directly_accessible_users(ALICE, experiment, READ) == ("alice@seagrid",)
    assert site.sharing.accessible_users(ALICE, experiment, OWNER) == ("alice@seagrid",)
    with pytest.raises(NotFoundError):
        site.sharing.accessible_users(CAROL, experiment, READ)


def test_of_very_many_who_hold_a_permission_everybody_holds_it_and_nobody_else(site: Site, project: str) -> None:
    group = site.groups.create(ALICE, Group(name=f"Many, of {project}", members=("bob@seagrid",)))
    site.sharing.share_with_users(ALICE, project, {f"guest{number:02}": READ for number in range(40)})
    assert not site.sharing.may(BOB, project, READ)
    site.sharing.share_with_groups(ALICE, project, {group: READ})
    assert site.sharing.may(BOB, project, READ)
    assert site.sharing.may(replace(BOB, user="guest39"), project, READ)
    assert not site.sharing.may(CAROL, project, READ)
    assert not site.sharing.may(BOB, project, WRITE)


def test_who_manages_sharing_may_share_but_not_let_others_share(site: Site, project: str) -> None:
    with pytest.raises(DeniedError):
        site.sharing.share_with_users(BOB, project, {"carol": READ})
    site.sharing.share_with_users(ALICE, project, {"bob": MANAGE_SHARING})
    site.sharing.share_with_users(BOB, project, {"carol": READ})
    assert site.sharing.may(CAROL, project, READ)
    with pytest.raises(DeniedError):
        site.sharing.share_with_users(BOB, project, {"carol": MANAGE_SHARING})
    with pytest.raises(InputError, match="OWNER"):
        site.sharing.share_with_users(ALICE, project, {"bob": OWNER})


def test_a_share_that_fails_gives_nothing(site: Site, project: str) -> None:
    with pytest.raises(NotFoundError, match="group 'nobody'"):
        site.sharing.share_with_groups(ALICE, project, {"nobody": READ})
    assert site.sharing.accessible_groups(ALICE, project, READ) == ()


def test_administrators_see_everything_and_read_only_ones_change_nothing(site: Site, project: str) -> None:
    assert site.sharing.may(ADMIN, project, WRITE)
    assert site.sharing.may(AUDITOR, project, READ)
    assert not site.sharing.may(AUDITOR, project, WRITE)
    with pytest.raises(DeniedError):
        site.sharing.share_with_users(AUDITOR, project, {"bob": READ})


def test_for_another_gateway_there_is_nothing(site: Site, project: str) -> None:
    assert not site.sharing.user_has_access(STRANGER, project, READ)
    for refused in (
        lambda: site.sharing.share_with_users(STRANGER, project, {"bob": READ}),
        lambda: site.sharing.accessible_users(STRANGER, project, READ),
        lambda: site.sharing.register_entity(STRANGER, "z", ResourceType.PROJECT, gateway_id="seagrid"),
        lambda: site.sharing.delete_entity(STRANGER, project, gateway_id="seagrid"),
    ):
        with pytest.raises(NotFoundError):
            refused()
    assert project not in site.sharing.accessible(STRANGER, ResourceType.PROJECT, READ)


def test_a_name_that_looks_like_a_users_id_is_nobody_else(site: Site, project: str) -> None:
    site.sharing.share_with_users(ALICE, project, {"bob@seagrid": READ})
    impostor = Caller(gateway="seagrid", user="bob@seagrid", roles=BOB.roles)
    assert not site.sharing.may(impostor, project, READ)


def test_lists_join_with_what_is_visible(site: Site, project: str, experiment: str) -> None:
    site.sharing.share_with_users(ALICE, project, {"bob": READ})
    assert {project} <= site.sharing.accessible(BOB, ResourceType.PROJECT, READ)
    assert project not in site.sharing.accessible(CAROL, ResourceType.PROJECT, READ)
    visible = site.sharing.visible(BOB)
    assert visible is not None
    with site.records.reading() as records:
        found = records.find(Entity, Query(equal={"domain_id": "seagrid"}, among={"entity_id": visible}))
    assert {project, experiment} <= {each.entity_id for each in found}
    assert site.sharing.visible(ADMIN) is None
    assert site.sharing.visible(AUDITOR, WRITE) is not None


def test_a_moved_tree_leaves_one_sharing_and_takes_the_other(site: Site, project: str, experiment: str) -> None:
    site.sharing.register_entity(ALICE, f"{experiment}/file", ResourceType.DATA, parent_id=experiment)
    site.sharing.register_entity(ALICE, f"{project}2", ResourceType.PROJECT)
    site.sharing.share_with_users(ALICE, project, {"bob": READ})
    site.sharing.share_with_users(ALICE, f"{project}2", {"carol": READ})
    site.sharing.update_entity(ALICE, experiment, parent_id=f"{project}2")
    assert not site.sharing.may(BOB, f"{experiment}/file", READ)
    assert site.sharing.may(CAROL, f"{experiment}/file", READ)


def test_a_deleted_project_leaves_its_experiments_to_their_owners(site: Site, project: str, experiment: str) -> None:
    site.sharing.share_with_users(ALICE, project, {"bob": READ})
    assert site.sharing.delete_entity(ALICE, project)
    assert not site.sharing.may(BOB, experiment, READ)
    assert site.sharing.may(ALICE, experiment, WRITE)
    assert not site.sharing.delete_entity(ALICE, project)


def test_an_entity_is_registered_once_and_with_what_holds_it(site: Site, project: str) -> None:
    with pytest.raises(ConflictError):
        site.sharing.register_entity(BOB, project, ResourceType.PROJECT)
    with pytest.raises(NotFoundError, match="entity 'nowhere'"):
        site.sharing.register_entity(BOB, f"{project}/y", ResourceType.EXPERIMENT, parent_id="nowhere")
    assert not site.sharing.may(BOB, f"{project}/y", READ)


def test_what_is_shared_is_counted(site: Site, project: str) -> None:
    site.sharing.share_with_users(ALICE, project, {"bob": READ, "carol": READ})
    site.sharing.revoke_from_users(ALICE, project, {"bob": READ})
    with site.records.reading() as records:
        entity = records.get(Entity, Entity.key_of("seagrid", project))
    assert entity is not None
    assert entity.shared_count == 1


def test_what_is_put_into_a_project_while_it_is_shared_is_shared(site: Site, project: str) -> None:
    wanted = [f"{project}/{number}" for number in range(8)]

    def put(entity_id: str) -> None:
        site.sharing.register_entity(ALICE, entity_id, ResourceType.EXPERIMENT, parent_id=project)

    with ThreadPoolExecutor(3) as pool:
        work = [pool.submit(put, each) for each in wanted[:4]]
        work.append(pool.submit(site.sharing.share_with_users, ALICE, project, {"bob": READ}))
        work += [pool.submit(put, each) for each in wanted[4:]]
        for each in work:
            each.result(timeout=30)
    assert all(site.sharing.may(BOB, each, READ) for each in wanted)
