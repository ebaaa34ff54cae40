"""What the sharing registry keeps for the other servers: domains, their types, their people, and what is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from whole_structs import changed, is_now, whole

from airavata_thrift.sharing.ttypes import (
    Domain,
    DuplicateEntryException,
    Entity,
    EntitySearchField,
    EntityType,
    GroupCardinality,
    GroupType,
    PermissionType,
    SearchCondition,
    SearchCriteria,
    SharingRegistryException,
    User,
    UserGroup,
)


@pytest.fixture
def domain(sharing: Any, request: pytest.FixtureRequest) -> str:
    """A domain of the test's own."""
    name = request.node.originalname
    sharing.createDomain(Domain(domainId=name, name=name))
    return str(name)


def timed(sent: Any, read: Any) -> Any:
    """What was sent, with the instants that were given to it."""
    assert is_now(read.createdTime)
    assert read.updatedTime >= read.createdTime
    return changed(sent, createdTime=read.createdTime, updatedTime=read.updatedTime)


# -- domains -----------------------------------------------------------------------------------
def test_a_domain_is_kept_whole_until_it_is_deleted(sharing: Any) -> None:
    sent = whole(Domain, domainId="whole")
    assert not sharing.isDomainExists("whole")
    assert sharing.createDomain(sent) == "whole"
    assert sharing.isDomainExists("whole")
    read = sharing.getDomain("whole")
    assert read == timed(sent, read)
    with pytest.raises(DuplicateEntryException):
        sharing.createDomain(sent)
    assert sharing.updateDomain(Domain(domainId="whole", description="changed", createdTime=1))
    again = sharing.getDomain("whole")
    assert again == changed(read, description="changed", updatedTime=again.updatedTime)
    sharing.createUser(User(userId="ada", domainId="whole", userName="ada"))
    with pytest.raises(SharingRegistryException, match="in use"):
        sharing.deleteDomain("whole")
    assert sharing.deleteUser("whole", "ada")
    assert sharing.deleteDomain("whole")
    assert not sharing.isDomainExists("whole")
    for call in (
        lambda: sharing.getDomain("whole"),
        lambda: sharing.updateDomain(sent),
        lambda: sharing.deleteDomain("whole"),
        lambda: sharing.createUser(User(userId="ada", domainId="whole", userName="ada")),
        lambda: sharing.createEntityType(EntityType(entityTypeId="x", domainId="whole", name="x")),
    ):
        with pytest.raises(SharingRegistryException, match="no domain 'whole'"):
            call()


# -- types -------------------------------------------------------------------------------------
def test_an_entity_type_is_kept_whole_and_listed(sharing: Any, domain: str) -> None:
    sent = [whole(EntityType, entityTypeId=f"t-{number}", domainId=domain) for number in (1, 2, 3)]
    for each in sent:
        assert sharing.createEntityType(each) == each.entityTypeId
    read = sharing.getEntityType(domain, "t-1")
    assert read == timed(sent[0], read)
    assert [each.entityTypeId for each in sharing.getEntityTypes(domain, 0, -1)] == ["t-1", "t-2", "t-3"]
    assert sharing.getEntityTypes(domain, 1, 1) == [sharing.getEntityType(domain, "t-2")]
    assert sharing.updateEntityType(EntityType(entityTypeId="t-1", domainId=domain, name="renamed"))
    again = sharing.getEntityType(domain, "t-1")
    assert again == changed(read, name="renamed", updatedTime=again.updatedTime)
    with pytest.raises(DuplicateEntryException):
        sharing.createEntityType(sent[0])
    for call in (
        lambda: sharing.getEntityType("default", "t-1"),
        lambda: sharing.updateEntityType(changed(sent[0], domainId="default")),
        lambda: sharing.deleteEntityType("default", "t-1"),
    ):
        with pytest.raises(SharingRegistryException, match="'t-1'"):
            call()


def test_a_permission_type_is_kept_whole_until_it_is_deleted(sharing: Any, domain: str) -> None:
    sent = whole(PermissionType, permissionTypeId="eat", domainId=domain)
    assert not sharing.isPermissionExists(domain, "eat")
    assert sharing.createPermissionType(sent) == "eat"
    assert sharing.isPermissionExists(domain, "eat")
    assert not sharing.isPermissionExists("default", "eat")
    read = sharing.getPermissionType(domain, "eat")
    assert read == timed(sent, read)
    assert [each.name for each in sharing.getPermissionTypes(domain, 0, -1)] == ["name-text", "OWNER"]
    assert sharing.getPermissionTypes(domain, 0, 1) == [read]
    share_one_thing(sharing, domain, "eat")
    with pytest.raises(SharingRegistryException, match="in use"):
        sharing.deletePermissionType(domain, "eat")
    assert sharing.revokeEntitySharingFromUsers(domain, "cake", ["bob"], "eat")
    assert sharing.deletePermissionType(domain, "eat")
    assert not sharing.isPermissionExists(domain, "eat")
    with pytest.raises(SharingRegistryException, match="'eat'"):
        sharing.deletePermissionType(domain, "eat")


def share_one_thing(sharing: Any, domain: str, permission: str) -> None:
    """Bob may do that to Ada's cake."""
    for user in ("ada", "bob"):
        sharing.createUser(User(userId=user, domainId=domain, userName=user))
    sharing.createEntityType(EntityType(entityTypeId="food", domainId=domain, name="food"))
    sharing.createEntity(Entity(entityId="cake", domainId=domain, entityTypeId="food", ownerId="ada", name="cake"))
    assert sharing.shareEntityWithUsers(domain, "cake", ["bob"], permission, True)


# -- people ------------------------------------------------------------------------------------
def test_a_user_is_kept_whole_until_they_are_deleted(sharing: Any, domain: str) -> None:
    sent = whole(User, userId="grace", domainId=domain)
    assert not sharing.isUserExists(domain, "grace")
    assert sharing.createUser(sent) == "grace"
    assert sharing.isUserExists(domain, "grace")
    assert not sharing.isUserExists("default", "grace")
    read = sharing.getUser(domain, "grace")
    assert read == timed(sent, read)
    assert sharing.getUsers(domain, 0, -1) == [read]
    with pytest.raises(DuplicateEntryException):
        sharing.createUser(sent)
    assert sharing.updatedUser(User(userId="grace", domainId=domain, userName="hopper", email="g@example.org"))
    again = sharing.getUser(domain, "grace")
    assert again == changed(read, userName="hopper", email="g@example.org", updatedTime=again.updatedTime)
    assert sharing.getGroup(domain, "grace").name == "hopper"
    assert sharing.deleteUser(domain, "grace")
    assert not sharing.isUserExists(domain, "grace")
    assert sharing.getUsers(domain, 0, -1) == []
    for call in (
        lambda: sharing.getUser(domain, "grace"),
        lambda: sharing.updatedUser(sent),
        lambda: sharing.deleteUser(domain, "grace"),
    ):
        with pytest.raises(SharingRegistryException, match="no user 'grace'"):
            call()


def test_a_user_who_owns_something_stays(sharing: Any, domain: str) -> None:
    sharing.createPermissionType(PermissionType(permissionTypeId="eat", domainId=domain, name="EAT"))
    share_one_thing(sharing, domain, "eat")
    with pytest.raises(SharingRegistryException, match="owns 1 entities"):
        sharing.deleteUser(domain, "ada")
    assert sharing.isUserExists(domain, "ada")
    assert sharing.deleteUser(domain, "bob")
    assert not sharing.userHasAccess(domain, "bob", "cake", "eat")
    assert sharing.deleteEntity(domain, "cake")
    assert sharing.deleteUser(domain, "ada")


def test_a_group_is_kept_whole_and_changed(sharing: Any, domain: str) -> None:
    sharing.createUser(User(userId="ada", domainId=domain, userName="ada"))
    sent = whole(
        UserGroup,
        groupId="crew",
        domainId=domain,
        ownerId="ada",
        groupType=GroupType.DOMAIN_LEVEL_GROUP,
        groupCardinality=GroupCardinality.MULTI_USER,
        groupAdmins=[],
    )
    assert sharing.createGroup(sent) == "crew"
    read = sharing.getGroup(domain, "crew")
    assert read == timed(sent, read)
    new = UserGroup(groupId="crew", domainId=domain, name="Crew", groupCardinality=GroupCardinality.SINGLE_USER)
    assert sharing.updateGroup(new)
    again = sharing.getGroup(domain, "crew")
    assert again == changed(read, name="Crew", updatedTime=again.updatedTime)
    with pytest.raises(SharingRegistryException, match="transferGroupOwnership"):
        sharing.updateGroup(changed(new, ownerId="bob"))
    with pytest.raises(SharingRegistryException, match="no group 'nobody'"):
        sharing.updateGroup(changed(new, groupId="nobody"))


def test_groups_are_put_into_groups_and_taken_out(sharing: Any, domain: str) -> None:
    for user in ("ada", "bob"):
        sharing.createUser(User(userId=user, domainId=domain, userName=user))
    for name in ("whole", "part", "other"):
        sharing.createGroup(UserGroup(groupId=name, domainId=domain, name=name, ownerId="ada"))
    sharing.addUsersToGroup(domain, ["bob"], "part")
    assert sharing.addChildGroupsToParentGroup(domain, ["part", "other"], "whole")

    def inside(group: str, offset: int = 0, limit: int = -1) -> list[str]:
        return [each.groupId for each in sharing.getGroupMembersOfTypeGroup(domain, group, offset, limit)]

    assert inside("whole") == ["other", "part"]
    assert inside("whole", 1, 1) == ["part"]
    assert inside("part") == []
    assert [each.userId for each in sharing.getGroupMembersOfTypeUser(domain, "whole", 0, -1)] == ["ada"]
    with pytest.raises(SharingRegistryException, match="cannot be put into it"):
        sharing.addChildGroupsToParentGroup(domain, ["whole"], "part")
    sharing.createPermissionType(PermissionType(permissionTypeId="read", domainId=domain, name="READ"))
    sharing.createEntityType(EntityType(entityTypeId="file", domainId=domain, name="file"))
    sharing.createEntity(Entity(entityId="page", domainId=domain, entityTypeId="file", ownerId="ada", name="page"))
    sharing.shareEntityWithGroups(domain, "page", ["whole"], "read", True)
    assert sharing.userHasAccess(domain, "bob", "page", "read")
    assert sharing.removeChildGroupFromParentGroup(domain, "part", "whole")
    assert inside("whole") == ["other"]
    assert not sharing.userHasAccess(domain, "bob", "page", "read")
    with pytest.raises(SharingRegistryException, match="no group 'nobody'"):
        sharing.addChildGroupsToParentGroup(domain, ["nobody"], "whole")


# -- search ------------------------------------------------------------------------------------
def criterion(field: int, value: str, condition: int = SearchCondition.EQUAL) -> SearchCriteria:
    return SearchCriteria(searchField=field, value=value, searchCondition=condition)


@pytest.fixture(scope="module")
def found(sharing: Any) -> Callable[..., list[str]]:
    """What Bob finds among Ada's papers, of which one is shared with him, and his own."""
    name = "search"
    sharing.createDomain(Domain(domainId=name, name=name))
    for user in ("ada", "bob"):
        sharing.createUser(User(userId=user, domainId=name, userName=user))
    sharing.createPermissionType(PermissionType(permissionTypeId="read", domainId=name, name="READ"))
    for kind in ("paper", "note"):
        sharing.createEntityType(EntityType(entityTypeId=kind, domainId=name, name=kind))
    for identifier, kind, owner, text in (
        ("secret", "paper", "ada", "nobody reads this"),
        ("shared", "paper", "ada", "water and salt"),
        ("own-paper", "paper", "bob", "salt alone"),
        ("own-note", "note", "bob", "50% water"),
    ):
        sharing.createEntity(
            Entity(entityId=identifier, domainId=name, entityTypeId=kind, ownerId=owner, name=identifier, fullText=text)
        )
    sharing.shareEntityWithUsers(name, "shared", ["bob"], "read", True)

    def search(*criteria: SearchCriteria, offset: int = 0, limit: int = -1) -> list[str]:
        return [each.entityId for each in sharing.searchEntities(name, "bob", list(criteria), offset, limit)]

    return search


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ((), {"shared", "own-paper", "own-note"}),
        ((criterion(EntitySearchField.ENTITY_TYPE_ID, "paper"),), {"shared", "own-paper"}),
        ((criterion(EntitySearchField.NAME, "own", SearchCondition.LIKE),), {"own-paper", "own-note"}),
        ((criterion(EntitySearchField.OWNER_ID, "bob", SearchCondition.NOT),), {"shared"}),
        ((criterion(EntitySearchField.FULL_TEXT, "salt water", SearchCondition.FULL_TEXT),), {"shared"}),
        ((criterion(EntitySearchField.FULL_TEXT, "0%", SearchCondition.FULL_TEXT),), {"own-note"}),
        ((criterion(EntitySearchField.PERMISSION_TYPE_ID, "read"),), {"shared", "own-paper", "own-note"}),
        ((criterion(EntitySearchField.PERMISSION_TYPE_ID, "search:OWNER"),), {"own-paper", "own-note"}),
        ((criterion(EntitySearchField.SHARED_COUNT, "1", SearchCondition.GTE),), {"shared"}),
        ((criterion(EntitySearchField.CREATED_TIME, "1000", SearchCondition.LTE),), set()),
        ((criterion(EntitySearchField.NAME, "secret"),), set()),
    ],
)
def test_somebody_finds_what_is_theirs_or_shared_with_them(
    found: Callable[..., list[str]], criteria: tuple[SearchCriteria, ...], expected: set[str]
) -> None:
    assert set(found(*criteria)) == expected


def test_what_is_found_is_told_page_by_page_and_the_newest_first(sharing: Any, found: Callable[..., list[str]]) -> None:
    every = found()
    times = [sharing.getEntity("search", each).createdTime for each in every]
    assert times == sorted(times, reverse=True)
    assert found(limit=1) + found(offset=1, limit=1) + found(offset=2) == every
    with pytest.raises(SharingRegistryException, match="'soon' is no number"):
        found(criterion(EntitySearchField.CREATED_TIME, "soon", SearchCondition.GTE))
