"""The sharing registry's users and groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airavata_workload.api.access.permission import require_internal
from airavata_workload.api.request_check import found, page
from airavata_workload.api.sharing import principals
from airavata_workload.api.sharing.sharing_domains import require_domain
from airavata_workload.api.updates import updated
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError
from airavata_workload.ports.record_store import Among, Query, Records, RecordStore
from airavata_workload.records.sharing import (
    GroupCardinality,
    GroupChildType,
    GroupMembership,
    SharingUser,
    UserGroup,
)


class SharingPeople:
    """Users and groups of domains, for peers of the internal services only.

    Everything about a user or group that there is not raises ``NotFoundError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    # -- users ---------------------------------------------------------------------
    def create_user(self, caller: Caller, user: SharingUser) -> str:
        """Store a user. Raises ``ConflictError`` if they are there already."""
        require_internal(caller, "make users")
        with self._records.transaction() as records:
            require_domain(records, user.domain_id)
            return principals.add_user(records, user, self._now_ms()).user_id or ""

    def update_user(self, caller: Caller, user: SharingUser) -> bool:
        """Change what is set."""
        require_internal(caller, "change users")
        with self._records.transaction() as records:
            old = self._user(records, user.domain_id, user.user_id)
            new = updated(old, user, created_at_ms=old.created_at_ms, updated_at_ms=self._now_ms())
            records.put(new)
            group = records.get(UserGroup, UserGroup.key_of(user.domain_id, user.user_id))
            if group is not None and new.user_name != group.name:
                records.put(replace(group, name=new.user_name, updated_at_ms=new.updated_at_ms))
        return True

    def user_exists(self, caller: Caller, domain_id: str, user_id: str) -> bool:
        """Whether there is a user of that id."""
        require_internal(caller, "see users")
        with self._records.reading() as records:
            return records.get(SharingUser, SharingUser.key_of(domain_id, user_id)) is not None

    def delete_user(self, caller: Caller, domain_id: str, user_id: str) -> bool:
        """Forget a user. Raises ``ConflictError`` while they own something."""
        require_internal(caller, "delete users")
        with self._records.transaction() as records:
            self._user(records, domain_id, user_id)
            return principals.remove_user(records, domain_id, user_id)

    def user(self, caller: Caller, domain_id: str, user_id: str) -> SharingUser:
        """A user."""
        require_internal(caller, "see users")
        with self._records.reading() as records:
            return self._user(records, domain_id, user_id)

    def users(self, caller: Caller, domain_id: str, offset: int, limit: int) -> tuple[SharingUser, ...]:
        """A page of the domain's users."""
        require_internal(caller, "see users")
        most, begin = page(limit, offset)
        with self._records.reading() as records:
            which = Query(equal={"domain_id": domain_id})
            return tuple(records.find(SharingUser, which, order_by="user_id", limit=most, offset=begin))

    # -- groups --------------------------------------------------------------------------
    def create_group(self, caller: Caller, group: UserGroup) -> str:
        """Store a group with its owner as its member. Raises ``ConflictError`` if its id is taken."""
        require_internal(caller, "make groups")
        with self._records.transaction() as records:
            require_domain(records, group.domain_id)
            return principals.add_group(records, group, self._now_ms()).group_id or ""

    def update_group(self, caller: Caller, group: UserGroup) -> bool:
        """Change what is set. Raises ``ConflictError`` for another owner."""
        require_internal(caller, "change groups")
        with self._records.transaction() as records:
            old = principals.group_of(records, group.domain_id or "", group.group_id or "")
            if group.owner_id not in (None, old.owner_id):
                raise ConflictError(
                    f"Group '{old.group_id}' has another owner.", remedy="transferGroupOwnership changes it."
                )
            fixed: Mapping[str, Any] = {
                "group_cardinality": old.group_cardinality,
                "created_at_ms": old.created_at_ms,
                "updated_at_ms": self._now_ms(),
                "group_admins": None,
            }
            records.put(updated(old, group, **fixed))
        return True

    def group_exists(self, caller: Caller, domain_id: str, group_id: str) -> bool:
        """Whether there is a group of that id; a user is one, too."""
        require_internal(caller, "see groups")
        with self._records.reading() as records:
            return records.get(UserGroup, UserGroup.key_of(domain_id, group_id)) is not None

    def delete_group(self, caller: Caller, domain_id: str, group_id: str) -> bool:
        """Forget a group and what was shared with it."""
        require_internal(caller, "delete groups")
        with self._records.transaction() as records:
            principals.remove_group(records, principals.group_of(records, domain_id, group_id))
        return True

    def group(self, caller: Caller, domain_id: str, group_id: str) -> UserGroup:
        """A group with its administrators; a user's group of one, too."""
        require_internal(caller, "see groups")
        with self._records.reading() as records:
            group = found(records.get(UserGroup, UserGroup.key_of(domain_id, group_id)), f"group '{group_id}'")
            return principals.with_admins(records, [group])[0]

    def groups(self, caller: Caller, domain_id: str, offset: int, limit: int) -> tuple[UserGroup, ...]:
        """A page of the domain's groups, users' groups of one left out."""
        require_internal(caller, "see groups")
        which = {"domain_id": domain_id, "group_cardinality": GroupCardinality.MULTI_USER}
        return self._groups(Query(equal=which), offset, limit)

    # -- who is in a group ------------------------------------------------------------------
    def add_users(self, caller: Caller, domain_id: str, user_ids: tuple[str, ...], group_id: str) -> bool:
        """Let users into a group."""
        require_internal(caller, "change groups")
        with self._records.transaction() as records:
            group = principals.group_of(records, domain_id, group_id)
            principals.add_members(records, group, user_ids, self._now_ms())
        return True

    def remove_users(self, caller: Caller, domain_id: str, user_ids: tuple[str, ...], group_id: str) -> bool:
        """Put users out of a group. Raises ``ConflictError`` for its owner."""
        require_internal(caller, "change groups")
        with self._records.transaction() as records:
            principals.remove_members(records, principals.group_of(records, domain_id, group_id), user_ids)
        return True

    def transfer_ownership(self, caller: Caller, domain_id: str, group_id: str, new_owner_id: str) -> bool:
        """Let another member own a group. Raises ``ConflictError`` for one who is none."""
        require_internal(caller, "change groups")
        with self._records.transaction() as records:
            group = principals.group_of(records, domain_id, group_id)
            principals.transfer_group(records, group, new_owner_id, self._now_ms())
        return True

    def add_admins(self, caller: Caller, domain_id: str, group_id: str, admin_ids: tuple[str, ...]) -> bool:
        """Let members administer their group. Raises ``ConflictError`` for one who is none."""
        require_internal(caller, "change groups")
        with self._records.transaction() as records:
            principals.add_admins(records, principals.group_of(records, domain_id, group_id), admin_ids)
        return True

    def remove_admins(self, caller: Caller, domain_id: str, group_id: str, admin_ids: tuple[str, ...]) -> bool:
        """Let users administer a group no more."""
        require_internal(caller, "change groups")
        with self._records.transaction() as records:
            principals.remove_admins(records, principals.group_of(records, domain_id, group_id), admin_ids)
        return True

    def has_admin_access(self, caller: Caller, domain_id: str, group_id: str, admin_id: str) -> bool:
        """Whether a user administers a group without owning it."""
        require_internal(caller, "see groups")
        with self._records.reading() as records:
            return principals.is_admin(records, principals.group_of(records, domain_id, group_id), admin_id)

    def has_owner_access(self, caller: Caller, domain_id: str, group_id: str, owner_id: str) -> bool:
        """Whether a user owns a group."""
        require_internal(caller, "see groups")
        with self._records.reading() as records:
            return principals.group_of(records, domain_id, group_id).owner_id == owner_id

    def member_users(
        self, caller: Caller, domain_id: str, group_id: str, offset: int, limit: int
    ) -> tuple[SharingUser, ...]:
        """A page of the users directly in a group."""
        require_internal(caller, "see groups")
        most, begin = page(limit, offset)
        inside = _inside(domain_id, group_id, GroupChildType.USER)
        with self._records.reading() as records:
            which = Query(equal={"domain_id": domain_id}, among={"user_id": inside})
            return tuple(records.find(SharingUser, which, order_by="user_id", limit=most, offset=begin))

    def member_groups(
        self, caller: Caller, domain_id: str, group_id: str, offset: int, limit: int
    ) -> tuple[UserGroup, ...]:
        """A page of the groups directly in a group."""
        require_internal(caller, "see groups")
        inside = _inside(domain_id, group_id, GroupChildType.GROUP)
        return self._groups(Query(equal={"domain_id": domain_id}, among={"group_id": inside}), offset, limit)

    def add_child_groups(self, caller: Caller, domain_id: str, child_ids: tuple[str, ...], group_id: str) -> bool:
        """Put groups into a group. Raises ``InputError`` if it would be inside itself."""
        require_internal(caller, "change groups")
        with self._records.transaction() as records:
            group = principals.group_of(records, domain_id, group_id)
            principals.add_child_groups(records, group, child_ids, self._now_ms())
        return True

    def remove_child_group(self, caller: Caller, domain_id: str, child_id: str, group_id: str) -> bool:
        """Take a group out of a group; whether it was in it."""
        require_internal(caller, "change groups")
        with self._records.transaction() as records:
            return records.delete(GroupMembership, GroupMembership.key_of(domain_id, group_id, child_id))

    def groups_of_user(self, caller: Caller, domain_id: str, user_id: str) -> tuple[UserGroup, ...]:
        """The groups that a user is directly in."""
        require_internal(caller, "see groups")
        with self._records.reading() as records:
            return principals.with_admins(records, principals.groups_around(records, domain_id, user_id))

    def _groups(self, which: Query, offset: int, limit: int) -> tuple[UserGroup, ...]:
        most, begin = page(limit, offset)
        with self._records.reading() as records:
            groups = records.find(UserGroup, which, order_by="name", limit=most, offset=begin)
            return principals.with_admins(records, groups)

    @staticmethod
    def _user(records: Records, domain_id: str | None, user_id: str | None) -> SharingUser:
        return found(records.get(SharingUser, SharingUser.key_of(domain_id, user_id)), f"user '{user_id}'")

    def _now_ms(self) -> int:
        return self._clock() // 1000


def _inside(domain_id: str, group_id: str, child_type: GroupChildType) -> Among:
    which = {"domain_id": domain_id, "parent_id": group_id, "child_type": child_type}
    return Among(kind=GroupMembership, column="child_id", which=Query(equal=which))
