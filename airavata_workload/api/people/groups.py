"""Groups of a gateway's users, as portals manage them."""

from __future__ import annotations

import uuid
from dataclasses import replace

from airavata_workload.api.access.permission import require_writer
from airavata_workload.api.request_check import given
from airavata_workload.api.sharing import grants, principals
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError, DeniedError, InputError
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.gateways import GatewayGroups
from airavata_workload.records.groups import Group
from airavata_workload.records.sharing import GroupCardinality, UserGroup


class Groups:
    """Makes groups and says who is in them.

    Everybody of a gateway sees its groups, to share with them. A group is
    changed by its owner and its administrators, given away or deleted by its
    owner; the gateway's administrators may do all of it. User ids are
    ``name@gateway``. An unknown group raises ``NotFoundError``, a change by
    somebody else ``DeniedError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def create(self, caller: Caller, group_model: Group) -> str:
        """Store a group of the caller's, with its members and administrators; its id."""
        require_writer(caller, "make groups")
        now_ms = self._now_ms()
        group = UserGroup(
            group_id=str(uuid.uuid4()),
            domain_id=caller.gateway,
            name=given(group_model.name, "name"),
            description=group_model.description,
            owner_id=principals.principal_of(caller.user, caller.gateway),
        )
        admins = self._ids(caller, group_model.admins or ())
        with self._records.transaction() as records:
            stored = principals.add_group(records, group, now_ms)
            members = (*self._ids(caller, group_model.members or ()), *admins)
            principals.add_members(records, stored, members, now_ms)
            principals.add_admins(records, stored, [each for each in admins if each != stored.owner_id])
        return stored.group_id or ""

    def update(self, caller: Caller, group_model: Group) -> bool:
        """Change a group's name and description; members and administrators have calls of their own."""
        with self._records.transaction() as records:
            group = self._changeable(records, caller, group_model.id)
            records.put(
                replace(
                    group,
                    name=group.name if group_model.name is None else given(group_model.name, "name"),
                    description=group.description if group_model.description is None else group_model.description,
                    updated_at_ms=self._now_ms(),
                )
            )
        return True

    def delete(self, caller: Caller, group_id: str, owner_id: str | None = None) -> bool:
        """Forget a group and what was shared with it. Raises ``ConflictError`` for those that the gateway needs."""
        with self._records.transaction() as records:
            group = self._changeable(records, caller, group_id, owner_only=True)
            if owner_id and principals.principal_named(owner_id, caller.gateway) != group.owner_id:
                raise InputError(f"Group '{group_id}' is not owned by '{owner_id}'.", remedy="Name its owner, or none.")
            if group_id in _needed(records.get(GatewayGroups, caller.gateway)):
                raise ConflictError(f"Gateway '{caller.gateway}' needs group '{group.name}'.")
            principals.remove_group(records, group)
        return True

    def get(self, caller: Caller, group_id: str) -> Group:
        """A group with its members."""
        with self._records.reading() as records:
            return principals.as_groups(records, [self._group(records, caller, group_id)])[0]

    def all(self, caller: Caller) -> tuple[Group, ...]:
        """All groups of the gateway, by name."""
        equal = {"domain_id": caller.gateway, "group_cardinality": GroupCardinality.MULTI_USER}
        with self._records.reading() as records:
            return principals.as_groups(records, records.find(UserGroup, Query(equal=equal), order_by="name"))

    def of_user(self, caller: Caller, user_name: str) -> tuple[Group, ...]:
        """The groups that a user is directly in, by name."""
        user_id = principals.principal_named(user_name, caller.gateway)
        with self._records.reading() as records:
            return principals.as_groups(records, principals.groups_around(records, caller.gateway, user_id))

    # -- who is in a group ------------------------------------------------------------------
    def add_users(self, caller: Caller, user_ids: tuple[str, ...], group_id: str) -> bool:
        """Let users into a group."""
        with self._records.transaction() as records:
            group = self._changeable(records, caller, group_id)
            principals.add_members(records, group, self._ids(caller, user_ids), self._now_ms())
        return True

    def remove_users(self, caller: Caller, user_ids: tuple[str, ...], group_id: str) -> bool:
        """Put users out of a group. Raises ``ConflictError`` for its owner."""
        with self._records.transaction() as records:
            group = self._changeable(records, caller, group_id)
            principals.remove_members(records, group, self._ids(caller, user_ids))
        return True

    def transfer_ownership(self, caller: Caller, group_id: str, new_owner_id: str) -> bool:
        """Let another member own a group. Raises ``ConflictError`` for one who is none."""
        with self._records.transaction() as records:
            group = self._changeable(records, caller, group_id, owner_only=True)
            new_owner = principals.principal_named(new_owner_id, caller.gateway)
            principals.transfer_group(records, group, new_owner, self._now_ms())
        return True

    def add_admins(self, caller: Caller, group_id: str, admin_ids: tuple[str, ...]) -> bool:
        """Let members administer their group. Raises ``ConflictError`` for one who is none, or does already."""
        with self._records.transaction() as records:
            group = self._changeable(records, caller, group_id, owner_only=True)
            principals.add_admins(records, group, self._ids(caller, admin_ids))
        return True

    def remove_admins(self, caller: Caller, group_id: str, admin_ids: tuple[str, ...]) -> bool:
        """Let users administer a group no more."""
        with self._records.transaction() as records:
            group = self._changeable(records, caller, group_id, owner_only=True)
            principals.remove_admins(records, group, self._ids(caller, admin_ids))
        return True

    def has_admin_access(self, caller: Caller, group_id: str, admin_id: str) -> bool:
        """Whether a user administers a group without owning it."""
        with self._records.reading() as records:
            group = self._group(records, caller, group_id)
            return principals.is_admin(records, group, principals.principal_named(admin_id, caller.gateway))

    def has_owner_access(self, caller: Caller, group_id: str, owner_id: str) -> bool:
        """Whether a user owns a group."""
        with self._records.reading() as records:
            owner = self._group(records, caller, group_id).owner_id
            return owner == principals.principal_named(owner_id, caller.gateway)

    # -- for the authentication -----------------------------------------------------------------
    def roles(self, gateway_id: str, user: str) -> frozenset[Role]:
        """What a user may do in a gateway by being in its groups of administrators and users."""
        with self._records.reading() as records:
            groups = records.get(GatewayGroups, gateway_id)
            if groups is None:
                return frozenset()
            around = grants.circle(records, gateway_id, principals.principal_of(user, gateway_id))
        role_of = {
            groups.admins_group_id: Role.ADMIN,
            groups.read_only_admins_group_id: Role.READ_ONLY_ADMIN,
            groups.default_gateway_users_group_id: Role.USER,
        }
        return frozenset(role for group_id, role in role_of.items() if group_id in around)

    # -- the parts of it -----------------------------------------------------------------------
    def _changeable(
        self, records: Records, caller: Caller, group_id: str | None, *, owner_only: bool = False
    ) -> UserGroup:
        require_writer(caller, "change groups")
        group = self._group(records, caller, group_id)
        user_id = principals.principal_of(caller.user, caller.gateway)
        if caller.is_admin or group.owner_id == user_id:
            return group
        if not owner_only and principals.is_admin(records, group, user_id):
            return group
        raise DeniedError(
            f"User '{caller.user}' may not change group '{group.name}' like this.",
            remedy="Its owner may" + ("." if owner_only else ", and its administrators."),
        )

    @staticmethod
    def _group(records: Records, caller: Caller, group_id: str | None) -> UserGroup:
        return principals.group_of(records, caller.gateway, given(group_id, "groupId"))

    @staticmethod
    def _ids(caller: Caller, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(principals.principal_named(each, caller.gateway) for each in names))

    def _now_ms(self) -> int:
        return self._clock() // 1000


def _needed(groups: GatewayGroups | None) -> tuple[str, ...]:
    if groups is None:
        return ()
    return groups.admins_group_id, groups.read_only_admins_group_id, groups.default_gateway_users_group_id
