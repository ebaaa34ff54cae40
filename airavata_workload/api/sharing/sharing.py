"""Sharing, as the other topics and portals use it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace

from airavata_workload.api.access.permission import missing, require_gateway, require_writer
from airavata_workload.api.request_check import found, given
from airavata_workload.api.sharing import grants, principals
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import DeniedError, InputError
from airavata_workload.domain.thing import Thing
from airavata_workload.ports.record_store import Among, Query, Records, RecordStore
from airavata_workload.records.groups import ResourcePermissionType, ResourceType
from airavata_workload.records.sharing import Entity, GroupCardinality, UserGroup

READ = ResourcePermissionType.READ
WRITE = ResourcePermissionType.WRITE
MANAGE_SHARING = ResourcePermissionType.MANAGE_SHARING
OWNER = ResourcePermissionType.OWNER


class Sharing:
    """Who may do what with projects, experiments, deployments, profiles and credentials of a gateway.

    An administrator may do everything with everything of the gateway, a
    read-only one read it. Everybody else may do what they own or what was
    shared with them, with a group of theirs, or with what it is in. One
    permission implies no other but that OWNER implies all: who shall read and
    write is given both. Whoever may change nothing at all reads even what is
    their own, and no more.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    # -- for the other topics --------------------------------------------------------------
    def may(self, caller: Caller, entity_id: str, permission: ResourcePermissionType) -> bool:
        """Whether the caller holds the permission on an entity of their gateway."""
        if caller.is_admin or (permission is READ and caller.sees_everything):
            return True
        if permission is not READ and not caller.may_write:
            return False
        with self._records.reading() as records:
            return self._holds(records, caller, entity_id, permission)

    def require(
        self, caller: Caller, entity_id: str, permission: ResourcePermissionType, what: str | Thing = ""
    ) -> None:
        """Let pass who holds the permission. ``what`` names the entity in errors, for example ``experiment 'x_1'``.

        Raises ``DeniedError``, and ``NotFoundError`` for what is not in the caller's gateway.
        """
        if self.may(caller, entity_id, permission):
            return
        what = what or f"resource '{entity_id}'"
        with self._records.reading() as records:
            if records.get(Entity, Entity.key_of(caller.gateway, entity_id)) is None:
                raise missing(what)
        if permission is not READ:
            require_writer(caller, f"change {what}")
        raise DeniedError(
            f"User '{caller.user}' has no permission {permission} on {what}.",
            remedy="Its owner, or somebody who may manage its sharing, can give it.",
        )

    def register_entity(
        self,
        caller: Caller,
        entity_id: str,
        entity_type: ResourceType,
        name: str = "",
        description: str = "",
        *,
        owner: str = "",
        gateway_id: str = "",
        parent_id: str = "",
        within: Records | None = None,
    ) -> None:
        """Make something shareable: of the caller, or of ``owner`` (a user's name), inside ``parent_id``.

        ``within`` is a transaction that is lost with this; without it, it is a part of whichever is open. Raises
        ``ConflictError`` if there is one of that id, ``NotFoundError`` for an unknown parent.
        """
        gateway_id = gateway_id or caller.gateway
        require_gateway(caller, gateway_id)
        now_ms = self._now_ms()
        entity = Entity(
            entity_id=entity_id,
            domain_id=gateway_id,
            entity_type_id=grants.permission_id(gateway_id, entity_type),
            owner_id=principals.principal_of(given(owner or caller.user, "owner"), gateway_id),
            parent_entity_id=parent_id or None,
            name=name,
            description=description or None,
            full_text=f"{name} {description}".strip(),
            original_entity_created_at_ms=now_ms,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            is_foretold=caller.internal,
        )
        with self._records.transaction() if within is None else nullcontext(within) as records:
            principals.ensure_user(records, gateway_id, entity.owner_id or "", now_ms)
            grants.add_entity(records, entity)

    def update_entity(
        self,
        caller: Caller,
        entity_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        parent_id: str | None = None,
        gateway_id: str = "",
    ) -> None:
        """Change what is set: the words by which it is found, or what it is in ('' for nothing).

        The topic has checked that the caller may. Raises ``NotFoundError``, ``InputError`` for one inside itself.
        """
        gateway_id = gateway_id or caller.gateway
        require_gateway(caller, gateway_id)
        with self._records.transaction() as records:
            old = self._entity(records, gateway_id, entity_id)
            new = replace(
                old,
                name=old.name if name is None else name,
                description=old.description if description is None else description or None,
                parent_entity_id=old.parent_entity_id if parent_id is None else parent_id or None,
                updated_at_ms=self._now_ms(),
            )
            grants.replace_entity(
                records, old, replace(new, full_text=f"{new.name or ''} {new.description or ''}".strip())
            )

    def delete_entity(self, caller: Caller, entity_id: str, *, gateway_id: str = "") -> bool:
        """Forget the entity of something that is deleted, and all sharing of it; whether there was one.

        The topic has checked that the caller may.
        """
        gateway_id = gateway_id or caller.gateway
        require_gateway(caller, gateway_id)
        with self._records.transaction() as records:
            return grants.remove_entity(records, gateway_id, entity_id)

    def accessible(
        self, caller: Caller, entity_type: ResourceType, permission: ResourcePermissionType
    ) -> frozenset[str]:
        """The ids of the entities of a type on which the caller holds the permission.

        Where there may be very many of them, join with ``visible`` instead.
        """
        type_id = grants.permission_id(caller.gateway, entity_type)
        visible = self.visible(caller, permission)
        which = Query(
            equal={"domain_id": caller.gateway, "entity_type_id": type_id},
            among={} if visible is None else {"entity_id": visible},
        )
        with self._records.reading() as records:
            return frozenset(each.entity_id or "" for each in records.find(Entity, which))

    def visible(self, caller: Caller, permission: ResourcePermissionType = READ) -> Among | None:
        """The entities on which the caller holds the permission, for ``Query.among`` on an id; ``None``: on all.

        ``None`` speaks of the caller's own gateway: the query restricts itself to that.
        """
        if caller.is_admin or (permission is READ and caller.sees_everything):
            return None
        with self._records.reading() as records:
            groups = grants.circle(records, caller.gateway, principals.principal_of(caller.user, caller.gateway))
        enough = grants.sufficient(caller.gateway, grants.permission_id(caller.gateway, permission))
        return grants.within_reach(caller.gateway, groups, enough)

    # -- for portals ---------------------------------------------------------------------------
    def share_with_users(
        self,
        caller: Caller,
        resource_id: str,
        user_permission_list: Mapping[str, ResourcePermissionType] | None = None,
    ) -> bool:
        """Let users (by id) hold a permission on a resource and on what is in it."""
        return self._share(caller, resource_id, self._users(caller, user_permission_list))

    def share_with_groups(
        self,
        caller: Caller,
        resource_id: str,
        group_permission_list: Mapping[str, ResourcePermissionType] | None = None,
    ) -> bool:
        """Let groups (by id) hold a permission on a resource and on what is in it. Raises ``NotFoundError``."""
        return self._share(caller, resource_id, dict(group_permission_list or {}), groups=True)

    def revoke_from_users(
        self,
        caller: Caller,
        resource_id: str,
        user_permission_list: Mapping[str, ResourcePermissionType] | None = None,
    ) -> bool:
        """End what was given to users on this resource; what they hold in another way stays."""
        return self._revoke(caller, resource_id, self._users(caller, user_permission_list))

    def revoke_from_groups(
        self,
        caller: Caller,
        resource_id: str,
        group_permission_list: Mapping[str, ResourcePermissionType] | None = None,
    ) -> bool:
        """End what was given to groups on this resource."""
        return self._revoke(caller, resource_id, dict(group_permission_list or {}))

    def accessible_users(
        self,
        caller: Caller,
        resource_id: str,
        permission_type: ResourcePermissionType = READ,
    ) -> tuple[str, ...]:
        """The ids of the users, its owner included, to whom the permission was given, here or above."""
        return self._holders(caller, resource_id, permission_type, directly=False, single=True)

    def directly_accessible_users(
        self, caller: Caller, resource_id: str, permission_type: ResourcePermissionType = READ
    ) -> tuple[str, ...]:
        """As ``accessible_users``, without those who hold it by what the resource is in."""
        return self._holders(caller, resource_id, permission_type, directly=True, single=True)

    def accessible_groups(
        self, caller: Caller, resource_id: str, permission_type: ResourcePermissionType = READ
    ) -> tuple[str, ...]:
        """The ids of the groups to which the permission was given, here or above."""
        return self._holders(caller, resource_id, permission_type, directly=False, single=False)

    def directly_accessible_groups(
        self, caller: Caller, resource_id: str, permission_type: ResourcePermissionType = READ
    ) -> tuple[str, ...]:
        """As ``accessible_groups``, without those that hold it by what the resource is in."""
        return self._holders(caller, resource_id, permission_type, directly=True, single=False)

    def user_has_access(self, caller: Caller, resource_id: str, permission_type: ResourcePermissionType = READ) -> bool:
        """Whether the caller holds the permission."""
        with self._records.reading() as records:
            if records.get(Entity, Entity.key_of(caller.gateway, resource_id)) is None:
                return False
            return self.may(caller, resource_id, permission_type)

    # -- the parts of it ---------------------------------------------------------------------------
    def _share(
        self,
        caller: Caller,
        resource_id: str,
        wanted: Mapping[str, ResourcePermissionType],
        *,
        groups: bool = False,
    ) -> bool:
        with self._records.transaction() as records:
            entity = self._changeable(records, caller, resource_id, wanted.values())
            if groups:
                for group_id in wanted:
                    principals.group_of(records, caller.gateway, group_id)
            else:
                principals.ensure_users(records, caller.gateway, wanted, self._now_ms())
            for permission_id, holders in self._by_permission(caller, wanted).items():
                grants.give(records, entity, holders, permission_id, cascade=True)
            records.put(replace(entity, shared_count=grants.shared_count(records, entity)))
        return True

    def _revoke(self, caller: Caller, resource_id: str, wanted: Mapping[str, ResourcePermissionType]) -> bool:
        with self._records.transaction() as records:
            entity = self._changeable(records, caller, resource_id, wanted.values())
            for permission_id, holders in self._by_permission(caller, wanted).items():
                grants.take(records, entity, holders, permission_id)
            records.put(replace(entity, shared_count=grants.shared_count(records, entity)))
        return True

    def _changeable(
        self, records: Records, caller: Caller, resource_id: str, permissions: Iterable[ResourcePermissionType]
    ) -> Entity:
        """The entity, if the caller may give and take these. To let others manage sharing is its owner's right."""
        require_writer(caller, "share resources")
        entity = self._entity(records, caller.gateway, resource_id)
        wanted = set(permissions)
        if OWNER in wanted:
            raise InputError("OWNER is not given or taken by sharing.", remedy="Use READ, WRITE or MANAGE_SHARING.")
        self.require(caller, resource_id, OWNER if MANAGE_SHARING in wanted else MANAGE_SHARING)
        return entity

    def _holders(
        self, caller: Caller, resource_id: str, permission: ResourcePermissionType, *, directly: bool, single: bool
    ) -> tuple[str, ...]:
        gateway = caller.gateway
        cardinality = GroupCardinality.SINGLE_USER if single else GroupCardinality.MULTI_USER
        with self._records.reading() as records:
            self._entity(records, caller.gateway, resource_id)
            user_id = principals.principal_of(caller.user, gateway)
            if not caller.sees_everything and not grants.holds(records, gateway, user_id, resource_id, None):
                raise missing(f"resource '{resource_id}'")
            holders = {
                each
                for name in {permission, OWNER}
                for each in grants.holders(
                    records, gateway, resource_id, grants.permission_id(gateway, name), directly=directly
                )
            }
            which = {"domain_id": gateway, "group_id": tuple(holders), "group_cardinality": cardinality}
            return tuple(each.group_id or "" for each in records.find(UserGroup, Query(equal=which)))

    def _holds(self, records: Records, caller: Caller, entity_id: str, permission: ResourcePermissionType) -> bool:
        user_id = principals.principal_of(caller.user, caller.gateway)
        permission_id = grants.permission_id(caller.gateway, permission)
        return grants.holds(records, caller.gateway, user_id, entity_id, permission_id)

    @staticmethod
    def _entity(records: Records, gateway_id: str, entity_id: str) -> Entity:
        key = Entity.key_of(gateway_id, given(entity_id, "resourceId"))
        return found(records.get(Entity, key), f"resource '{entity_id}'")

    @staticmethod
    def _users(
        caller: Caller, wanted: Mapping[str, ResourcePermissionType] | None
    ) -> dict[str, ResourcePermissionType]:
        named = wanted or {}
        return {principals.principal_named(user, caller.gateway): permission for user, permission in named.items()}

    @staticmethod
    def _by_permission(caller: Caller, wanted: Mapping[str, ResourcePermissionType]) -> Mapping[str, Collection[str]]:
        by_permission: dict[str, list[str]] = {}
        for holder, permission in wanted.items():
            by_permission.setdefault(grants.permission_id(caller.gateway, permission), []).append(holder)
        return by_permission

    def _now_ms(self) -> int:
        return self._clock() // 1000
