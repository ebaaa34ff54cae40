"""Users and groups of a gateway, as the sharing model knows them.

A user's id here is ``name@gateway``. Every user is a group of one as well, of
the same id. The owner of a group is a member of it; administrators are members
who may change who belongs to it.

These functions work inside a transaction of the caller and authorise nothing.

Source: Apache Airavata 0.21, sharing registry and ``GroupManagerServiceHandler``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from airavata_workload.api.request_check import found, given
from airavata_workload.api.sharing import grants
from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.ports.record_store import Query, Records
from airavata_workload.records.groups import Group
from airavata_workload.records.sharing import (
    Domain,
    Entity,
    GroupAdmin,
    GroupCardinality,
    GroupChildType,
    GroupMembership,
    GroupType,
    SharingUser,
    UserGroup,
)


def principal_of(user: str, gateway_id: str) -> str:
    """The id of a gateway's user."""
    return f"{user}@{gateway_id}"


def principal_named(name: str, gateway_id: str) -> str:
    """The id that a client means: they send ``name@gateway`` or the name alone."""
    text = given(name, "user id")
    return text if text.endswith(f"@{gateway_id}") else principal_of(text, gateway_id)


def user_named(principal: str, gateway_id: str) -> str:
    """The user's name within the gateway."""
    return principal.removesuffix(f"@{gateway_id}")


# -- users ----------------------------------------------------------------------------
def add_user(records: Records, user: SharingUser, now_ms: int) -> SharingUser:
    """Store a new user, and let them into the gateway's first group.

    Raises ``ConflictError`` if they are there, or a group has their id.
    """
    user_id = given(user.user_id, "userId")
    name = user.user_name or user_named(user_id, user.domain_id or "")
    stored = replace(user, user_id=user_id, user_name=name, created_at_ms=now_ms, updated_at_ms=now_ms)
    records.add(stored)
    records.add(
        UserGroup(
            group_id=user_id,
            domain_id=user.domain_id,
            name=name,
            description=f"user {name} group",
            owner_id=user_id,
            group_type=GroupType.USER_LEVEL_GROUP,
            group_cardinality=GroupCardinality.SINGLE_USER,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
    )
    domain = records.get(Domain, user.domain_id or "")
    if domain is not None and domain.initial_user_group_id:
        _join(records, user.domain_id or "", domain.initial_user_group_id, user_id, GroupChildType.USER, now_ms)
    return stored


def ensure_user(records: Records, domain_id: str, user_id: str, now_ms: int) -> None:
    """Make a user exist: those of an identity provider appear when they are first heard of."""
    if records.get(SharingUser, SharingUser.key_of(domain_id, user_id)) is None:
        add_user(records, SharingUser(domain_id=domain_id, user_id=user_id), now_ms)


def ensure_users(records: Records, domain_id: str, user_ids: Iterable[str], now_ms: int) -> None:
    """As ``ensure_user``, with one query for all of them."""
    wanted = set(user_ids)
    known = {each.user_id for each in records.find(SharingUser, _among(domain_id, "user_id", wanted))}
    for user_id in sorted(wanted - known):
        add_user(records, SharingUser(domain_id=domain_id, user_id=user_id), now_ms)


def remove_user(records: Records, domain_id: str, user_id: str) -> bool:
    """Forget a user, their memberships and what was shared with them; whether there was one.

    Raises ``ConflictError`` while they own something.
    """
    if records.get(SharingUser, SharingUser.key_of(domain_id, user_id)) is None:
        return False
    owned = records.count(Entity, Query(equal={"domain_id": domain_id, "owner_id": user_id}))
    groups = records.count(
        UserGroup,
        Query(equal={"domain_id": domain_id, "owner_id": user_id, "group_cardinality": GroupCardinality.MULTI_USER}),
    )
    if owned or groups:
        raise ConflictError(
            f"User '{user_id}' owns {owned} entities and {groups} groups.",
            remedy="Delete them, or give them to somebody else, first.",
        )
    _forget_group(records, domain_id, user_id)
    return records.delete(SharingUser, SharingUser.key_of(domain_id, user_id))


# -- groups ---------------------------------------------------------------------------
def add_group(records: Records, group: UserGroup, now_ms: int) -> UserGroup:
    """Store a new group with its owner as its first member. Raises ``ConflictError`` if its id is taken."""
    owner_id = given(group.owner_id, "ownerId")
    ensure_user(records, group.domain_id or "", owner_id, now_ms)
    stored = replace(
        group,
        group_id=given(group.group_id, "groupId"),
        name=given(group.name, "name"),
        group_type=group.group_type or GroupType.USER_LEVEL_GROUP,
        group_cardinality=GroupCardinality.MULTI_USER,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        group_admins=None,
    )
    records.add(stored)
    _join(records, group.domain_id or "", stored.group_id or "", owner_id, GroupChildType.USER, now_ms)
    return stored


def group_of(records: Records, domain_id: str, group_id: str) -> UserGroup:
    """A group, but no user's group of one. Raises ``NotFoundError``."""
    group = records.get(UserGroup, UserGroup.key_of(domain_id, group_id))
    if group is not None and group.group_cardinality is GroupCardinality.SINGLE_USER:
        group = None
    return found(group, f"group '{group_id}'")


def remove_group(records: Records, group: UserGroup) -> None:
    """Forget a group, who is in it, and what was shared with it."""
    _forget_group(records, group.domain_id or "", group.group_id or "")


def _forget_group(records: Records, domain_id: str, group_id: str) -> None:
    grants.drop_group(records, domain_id, group_id)
    for column in ("parent_id", "child_id"):
        records.delete_all(GroupMembership, Query(equal={"domain_id": domain_id, column: group_id}))
    for column in ("group_id", "admin_id"):
        records.delete_all(GroupAdmin, Query(equal={"domain_id": domain_id, column: group_id}))
    records.delete(UserGroup, UserGroup.key_of(domain_id, group_id))


# -- who is in a group -------------------------------------------------------------------
def add_members(records: Records, group: UserGroup, user_ids: Sequence[str], now_ms: int) -> None:
    """Let users into a group; those who are in it stay in it."""
    ensure_users(records, group.domain_id or "", user_ids, now_ms)
    for user_id in user_ids:
        _join(records, group.domain_id or "", group.group_id or "", user_id, GroupChildType.USER, now_ms)


def remove_members(records: Records, group: UserGroup, user_ids: Sequence[str]) -> None:
    """Put users out of a group, also as its administrators. Raises ``ConflictError`` for its owner."""
    if group.owner_id in user_ids:
        raise ConflictError(
            f"'{group.owner_id}' owns group '{group.name}' and cannot leave it.",
            remedy="Transfer the group to another member first.",
        )
    for user_id in user_ids:
        records.delete(GroupMembership, GroupMembership.key_of(group.domain_id, group.group_id, user_id))
    remove_admins(records, group, user_ids)


def add_child_groups(records: Records, group: UserGroup, child_ids: Sequence[str], now_ms: int) -> None:
    """Put groups into a group. Raises ``NotFoundError``, and ``InputError`` if the group would be inside itself."""
    domain_id, group_id = group.domain_id or "", group.group_id or ""
    around = grants.circle(records, domain_id, group_id)
    for child_id in child_ids:
        group_of(records, domain_id, child_id)
        if child_id in around:
            raise InputError(
                f"Group '{child_id}' holds group '{group_id}' and cannot be put into it.",
                remedy="Choose another group.",
            )
        _join(records, domain_id, group_id, child_id, GroupChildType.GROUP, now_ms)


def _join(
    records: Records, domain_id: str, group_id: str, child_id: str, child_type: GroupChildType, now_ms: int
) -> None:
    records.put(
        GroupMembership(
            domain_id=domain_id,
            parent_id=group_id,
            child_id=child_id,
            child_type=child_type,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
    )


def add_admins(records: Records, group: UserGroup, admin_ids: Sequence[str]) -> None:
    """Let members administer their group. Raises ``ConflictError`` for one who is not a member, or does already."""
    members = set(members_of(records, [group])[group.group_id or ""])
    admins = set(admins_of(records, [group])[group.group_id or ""])
    for admin_id in admin_ids:
        if admin_id not in members:
            raise ConflictError(
                f"User '{admin_id}' is not in group '{group.name}'.", remedy="Add them to the group first."
            )
        if admin_id in admins:
            raise ConflictError(f"User '{admin_id}' administers group '{group.name}' already.")
        records.put(GroupAdmin(domain_id=group.domain_id, group_id=group.group_id, admin_id=admin_id))


def remove_admins(records: Records, group: UserGroup, admin_ids: Sequence[str]) -> None:
    """Let users administer a group no more."""
    for admin_id in admin_ids:
        records.delete(GroupAdmin, GroupAdmin.key_of(group.domain_id, group.group_id, admin_id))


def transfer_group(records: Records, group: UserGroup, new_owner_id: str, now_ms: int) -> None:
    """Let another member own a group. Raises ``ConflictError`` for one who is none, or owns it already."""
    if new_owner_id == group.owner_id:
        raise ConflictError(f"User '{new_owner_id}' owns group '{group.name}' already.")
    if new_owner_id not in members_of(records, [group])[group.group_id or ""]:
        raise ConflictError(
            f"User '{new_owner_id}' is not in group '{group.name}'.", remedy="Add them to the group first."
        )
    remove_admins(records, group, [new_owner_id])
    records.put(replace(group, owner_id=new_owner_id, updated_at_ms=now_ms))


def is_admin(records: Records, group: UserGroup, user_id: str) -> bool:
    """Whether a user administers a group without owning it."""
    return records.get(GroupAdmin, GroupAdmin.key_of(group.domain_id, group.group_id, user_id)) is not None


# -- views ------------------------------------------------------------------------------
def members_of(records: Records, groups: Sequence[UserGroup]) -> Mapping[str, list[str]]:
    """The users directly in each of a domain's groups, by group id; one query for all."""
    found_members: dict[str, list[str]] = defaultdict(list)
    if groups:
        which = _among(groups[0].domain_id, "parent_id", {each.group_id or "" for each in groups})
        for each in records.find(GroupMembership, which):
            if each.child_type is GroupChildType.USER:
                found_members[each.parent_id or ""].append(each.child_id or "")
    return found_members


def admins_of(records: Records, groups: Sequence[UserGroup]) -> Mapping[str, list[str]]:
    """The administrators of each of a domain's groups, by group id; one query for all."""
    admins: dict[str, list[str]] = defaultdict(list)
    if groups:
        which = _among(groups[0].domain_id, "group_id", {each.group_id or "" for each in groups})
        for each in records.find(GroupAdmin, which):
            admins[each.group_id or ""].append(each.admin_id or "")
    return admins


def with_admins(records: Records, groups: Sequence[UserGroup]) -> tuple[UserGroup, ...]:
    """Groups as the sharing registry shows them."""
    admins = admins_of(records, groups)
    return tuple(
        replace(
            each,
            group_admins=tuple(
                GroupAdmin(domain_id=each.domain_id, group_id=each.group_id, admin_id=admin_id)
                for admin_id in admins.get(each.group_id or "", ())
            ),
        )
        for each in groups
    )


def as_groups(records: Records, groups: Sequence[UserGroup]) -> tuple[Group, ...]:
    """Groups as portals show them."""
    members, admins = members_of(records, groups), admins_of(records, groups)
    return tuple(
        Group(
            id=each.group_id,
            name=each.name,
            owner_id=each.owner_id,
            description=each.description,
            members=tuple(members.get(each.group_id or "", ())),
            admins=tuple(admins.get(each.group_id or "", ())),
        )
        for each in groups
    )


def groups_around(records: Records, domain_id: str, user_id: str) -> list[UserGroup]:
    """The groups that a user is directly in."""
    memberships = records.find(GroupMembership, Query(equal={"domain_id": domain_id, "child_id": user_id}))
    which = _among(domain_id, "group_id", {each.parent_id or "" for each in memberships})
    return records.find(UserGroup, which, order_by="name")


def _among(domain_id: str | None, column: str, ids: Iterable[str]) -> Query:
    return Query(equal={"domain_id": domain_id, column: tuple(sorted(ids))})
