"""The sharing registry, as the other servers of an installation call it."""

from __future__ import annotations

from typing import Any

import pytest

from airavata_thrift.sharing.ttypes import (
    Domain,
    Entity,
    EntityType,
    GroupCardinality,
    PermissionType,
    SharingRegistryException,
    User,
    UserGroup,
)


@pytest.fixture
def domain(sharing: Any, request: pytest.FixtureRequest) -> str:
    """A domain of the test's own, with two people, a group of one of them, and things of type 'file' to be read."""
    name = request.node.name
    sharing.createDomain(Domain(domainId=name, name=name))
    for user in ("ada", "bob"):
        sharing.createUser(User(userId=user, domainId=name, userName=user))
    sharing.createGroup(UserGroup(groupId="crew", domainId=name, name="Crew", ownerId="bob"))
    sharing.createEntityType(EntityType(entityTypeId="file", domainId=name, name="file"))
    sharing.createPermissionType(PermissionType(permissionTypeId="read", domainId=name, name="READ"))
    return str(name)


def entity(domain: str, entity_id: str, **fields: Any) -> Entity:
    return Entity(entityId=entity_id, domainId=domain, entityTypeId="file", ownerId="ada", name=entity_id, **fields)


def test_domains_are_listed_page_by_page(sharing: Any, domain: str) -> None:
    everything = [each.domainId for each in sharing.getDomains(0, -1)]
    assert {domain, "default"} <= set(everything)
    assert [each.domainId for each in sharing.getDomains(1, 1)] == everything[1:2]


def test_an_entity_is_there_as_it_was_made_until_it_is_deleted(sharing: Any, domain: str) -> None:
    assert not sharing.isEntityExists(domain, "water")
    made = entity(domain, "water", description="H2O", fullText="water H2O", binaryData=b"\x00\xff")
    assert sharing.createEntity(made) == "water"
    assert sharing.isEntityExists(domain, "water")
    found = sharing.getEntity(domain, "water")
    assert (found.ownerId, found.description, found.fullText, found.binaryData, found.sharedCount) == (
        "ada",
        "H2O",
        "water H2O",
        b"\x00\xff",
        0,
    )
    assert found.createdTime == found.updatedTime
    assert not sharing.isEntityExists("default", "water")
    assert sharing.deleteEntity(domain, "water")
    assert not sharing.isEntityExists(domain, "water")
    with pytest.raises(SharingRegistryException) as caught:
        sharing.getEntity(domain, "water")
    assert "'water'" in caught.value.message


def test_groups_to_whom_an_entity_was_given_are_told_apart_from_those_who_inherit(sharing: Any, domain: str) -> None:
    sharing.createEntity(entity(domain, "folder"))
    sharing.createEntity(entity(domain, "page", parentEntityId="folder"))
    assert sharing.shareEntityWithGroups(domain, "folder", ["crew"], "read", True)
    assert sharing.shareEntityWithUsers(domain, "folder", ["bob"], "read", False)

    def directly(entity_id: str) -> list[str]:
        return [each.groupId for each in sharing.getListOfDirectlySharedGroups(domain, entity_id, "read")]

    assert directly("folder") == ["crew"]
    assert directly("page") == []
    assert [each.groupId for each in sharing.getListOfSharedGroups(domain, "page", "read")] == ["crew"]
    assert sharing.userHasAccess(domain, "bob", "page", "read")
    assert sharing.revokeEntitySharingFromGroups(domain, "folder", ["crew"], "read")
    assert directly("folder") == []
    assert not sharing.userHasAccess(domain, "bob", "page", "read")


def test_a_permission_type_is_read_and_changed(sharing: Any, domain: str) -> None:
    before = sharing.getPermissionType(domain, "read")
    assert (before.name, before.description) == ("READ", None)
    changed = PermissionType(permissionTypeId="read", domainId=domain, description="to look at", createdTime=1)
    assert sharing.updatePermissionType(changed)
    after = sharing.getPermissionType(domain, "read")
    assert (after.name, after.description, after.createdTime) == ("READ", "to look at", before.createdTime)
    assert after.updatedTime >= before.updatedTime
    with pytest.raises(SharingRegistryException):
        sharing.updatePermissionType(PermissionType(permissionTypeId="eat", domainId=domain, name="EAT"))
    with pytest.raises(SharingRegistryException):
        sharing.getPermissionType(domain, "eat")


def test_an_entity_type_is_there_until_it_is_deleted(sharing: Any, domain: str) -> None:
    sharing.createEntity(entity(domain, "water"))
    assert sharing.isEntityTypeExists(domain, "file")
    assert not sharing.isEntityTypeExists("default", "file")
    with pytest.raises(SharingRegistryException) as caught:
        sharing.deleteEntityType(domain, "file")
    assert "in use" in caught.value.message
    assert sharing.isEntityTypeExists(domain, "file")
    sharing.deleteEntity(domain, "water")
    assert sharing.deleteEntityType(domain, "file")
    assert not sharing.isEntityTypeExists(domain, "file")


def test_a_group_is_there_until_it_is_deleted_and_every_user_is_one(sharing: Any, domain: str) -> None:
    assert sharing.isGroupExists(domain, "crew")
    assert sharing.isGroupExists(domain, "ada")
    assert sharing.getGroup(domain, "ada").groupCardinality == GroupCardinality.SINGLE_USER
    assert not sharing.isGroupExists("default", "crew")
    assert sharing.deleteGroup(domain, "crew")
    assert not sharing.isGroupExists(domain, "crew")
    assert sharing.getAllMemberGroupsForUser(domain, "bob") == []


def test_a_group_has_an_owner_who_may_be_another_and_admins_beside(sharing: Any, domain: str) -> None:
    assert "crew" in [each.groupId for each in sharing.getGroups(domain, 0, -1)]
    assert sharing.addUsersToGroup(domain, ["ada"], "crew")
    assert (sharing.hasOwnerAccess(domain, "crew", "bob"), sharing.hasOwnerAccess(domain, "crew", "ada")) == (
        True,
        False,
    )
    assert not sharing.hasAdminAccess(domain, "crew", "ada")
    assert sharing.addGroupAdmins(domain, "crew", ["ada"])
    assert sharing.hasAdminAccess(domain, "crew", "ada")
    assert sharing.removeGroupAdmins(domain, "crew", ["ada"])
    assert not sharing.hasAdminAccess(domain, "crew", "ada")
    assert sharing.transferGroupOwnership(domain, "crew", "ada")
    assert (sharing.hasOwnerAccess(domain, "crew", "bob"), sharing.hasOwnerAccess(domain, "crew", "ada")) == (
        False,
        True,
    )
    assert sharing.getGroup(domain, "crew").ownerId == "ada"
    assert {each.userId for each in sharing.getGroupMembersOfTypeUser(domain, "crew", 0, -1)} == {"ada", "bob"}
    assert sharing.removeUsersFromGroup(domain, ["bob"], "crew")
    assert [each.userId for each in sharing.getGroupMembersOfTypeUser(domain, "crew", 0, -1)] == ["ada"]


def test_what_is_shared_with_a_user_is_listed_and_found_until_it_is_taken_back(sharing: Any, domain: str) -> None:
    sharing.createEntity(entity(domain, "salt"))
    assert sharing.shareEntityWithUsers(domain, "salt", ["bob"], "read", True)
    assert sharing.userHasAccess(domain, "bob", "salt", "read")
    assert "bob" in [each.userId for each in sharing.getListOfDirectlySharedUsers(domain, "salt", "read")]
    assert "bob" in [each.userId for each in sharing.getListOfSharedUsers(domain, "salt", "read")]
    assert sharing.revokeEntitySharingFromUsers(domain, "salt", ["bob"], "read")
    assert not sharing.userHasAccess(domain, "bob", "salt", "read")
    changed = sharing.getEntity(domain, "salt")
    changed.description = "NaCl"
    assert sharing.updateEntity(changed)
    assert sharing.getEntity(domain, "salt").description == "NaCl"
