"""The sharing registry's entities, and who holds what on them."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api.access.permission import require_internal
from airavata_workload.api.request_check import found, given, page
from airavata_workload.api.sharing import grants, principals
from airavata_workload.api.sharing.entity_search import EntitySearch
from airavata_workload.api.sharing.sharing_domains import require_domain
from airavata_workload.api.updates import updated
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.sharing import (
    Entity,
    EntityType,
    GroupCardinality,
    PermissionType,
    SearchCriteria,
    SharingUser,
    UserGroup,
)


class SharingEntities:
    """Entities of domains and their sharing, for peers of the internal services only.

    Everything about an entity, user or group that there is not raises ``NotFoundError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    # -- entities --------------------------------------------------------------------
    def create_entity(self, caller: Caller, entity: Entity) -> str:
        """Store an entity. Raises ``ConflictError`` if it is there already. An unknown owner becomes a user.

        Once it is taken for news of what the same peers have had the registry store.
        """
        require_internal(caller, "make entities")
        entity_id, owner_id = given(entity.entity_id, "entityId"), given(entity.owner_id, "ownerId")
        now_ms = self._now_ms()
        with self._records.transaction() as records:
            domain_id = require_domain(records, entity.domain_id).domain_id
            self._require_type(records, entity)
            principals.ensure_user(records, domain_id, owner_id, now_ms)
            new = replace(
                entity,
                shared_count=0,
                parent_entity_id=entity.parent_entity_id or None,
                original_entity_created_at_ms=entity.original_entity_created_at_ms or now_ms,
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
            )
            old = records.get(Entity, new.key)
            if old is not None and old.is_foretold and old.entity_type_id == new.entity_type_id:
                grants.replace_entity(records, old, updated(old, new, shared_count=old.shared_count))
            else:
                grants.add_entity(records, new)
        return entity_id

    def update_entity(self, caller: Caller, entity: Entity) -> bool:
        """Change what is set; with another parent or owner its sharing changes."""
        require_internal(caller, "change entities")
        with self._records.transaction() as records:
            old = self._entity(records, entity.domain_id or "", entity.entity_id or "")
            self._require_type(records, entity)
            if entity.owner_id:
                principals.ensure_user(records, old.domain_id or "", entity.owner_id, self._now_ms())
            new = updated(
                old,
                entity,
                shared_count=old.shared_count,
                created_at_ms=old.created_at_ms,
                updated_at_ms=self._now_ms(),
            )
            grants.replace_entity(records, old, replace(new, parent_entity_id=new.parent_entity_id or None))
        return True

    def entity_exists(self, caller: Caller, domain_id: str, entity_id: str) -> bool:
        """Whether there is an entity of that id."""
        require_internal(caller, "see entities")
        with self._records.reading() as records:
            return records.get(Entity, Entity.key_of(domain_id, entity_id)) is not None

    def delete_entity(self, caller: Caller, domain_id: str, entity_id: str) -> bool:
        """Forget an entity and its sharing; what was in it stands alone from now on."""
        require_internal(caller, "delete entities")
        with self._records.transaction() as records:
            self._entity(records, domain_id, entity_id)
            return grants.remove_entity(records, domain_id, entity_id)

    def entity(self, caller: Caller, domain_id: str, entity_id: str) -> Entity:
        """An entity."""
        require_internal(caller, "see entities")
        with self._records.reading() as records:
            return self._entity(records, domain_id, entity_id)

    def search(
        self,
        caller: Caller,
        domain_id: str,
        user_id: str,
        filters: tuple[SearchCriteria, ...],
        offset: int,
        limit: int,
    ) -> tuple[Entity, ...]:
        """A page of the entities on which a user holds the permissions asked for, or any, the newest first.

        All filters must hold. Raises ``InputError`` for one that is incomplete.
        """
        require_internal(caller, "search entities")
        most, begin = page(limit, offset)
        search = EntitySearch.of(domain_id, filters)
        with self._records.reading() as records:
            return search.entities(records, grants.circle(records, domain_id, user_id), begin, most)

    # -- sharing -------------------------------------------------------------------------
    def share_with_users(
        self,
        caller: Caller,
        domain_id: str,
        entity_id: str,
        user_list: tuple[str, ...],
        permission_type_id: str,
        cascade_permission: bool,
    ) -> bool:
        """Let users hold a permission on an entity, and below it if it cascades."""
        return self._share(caller, domain_id, entity_id, user_list, permission_type_id, cascade=cascade_permission)

    def revoke_from_users(
        self, caller: Caller, domain_id: str, entity_id: str, user_list: tuple[str, ...], permission_type_id: str
    ) -> bool:
        """End what was given to users on this entity, here and below."""
        return self._revoke(caller, domain_id, entity_id, user_list, permission_type_id)

    def share_with_groups(
        self,
        caller: Caller,
        domain_id: str,
        entity_id: str,
        group_list: tuple[str, ...],
        permission_type_id: str,
        cascade_permission: bool,
    ) -> bool:
        """Let groups hold a permission on an entity, and below it if it cascades."""
        return self._share(caller, domain_id, entity_id, group_list, permission_type_id, cascade=cascade_permission)

    def revoke_from_groups(
        self, caller: Caller, domain_id: str, entity_id: str, group_list: tuple[str, ...], permission_type_id: str
    ) -> bool:
        """End what was given to groups on this entity, here and below."""
        return self._revoke(caller, domain_id, entity_id, group_list, permission_type_id)

    def user_has_access(
        self, caller: Caller, domain_id: str, user_id: str, entity_id: str, permission_type_id: str
    ) -> bool:
        """Whether a user, or a group that they are in, holds a permission, or OWNER, on an entity."""
        require_internal(caller, "see sharing")
        with self._records.reading() as records:
            return grants.holds(records, domain_id, user_id, entity_id, permission_type_id)

    def shared_users(
        self, caller: Caller, domain_id: str, entity_id: str, permission_type_id: str
    ) -> tuple[SharingUser, ...]:
        """The users to whom the permission was given, on the entity or above."""
        return self._users(caller, domain_id, entity_id, permission_type_id, directly=False)

    def directly_shared_users(
        self, caller: Caller, domain_id: str, entity_id: str, permission_type_id: str
    ) -> tuple[SharingUser, ...]:
        """The users to whom the permission was given on the entity itself."""
        return self._users(caller, domain_id, entity_id, permission_type_id, directly=True)

    def shared_groups(
        self, caller: Caller, domain_id: str, entity_id: str, permission_type_id: str
    ) -> tuple[UserGroup, ...]:
        """The groups to which the permission was given, on the entity or above."""
        return self._groups(caller, domain_id, entity_id, permission_type_id, directly=False)

    def directly_shared_groups(
        self, caller: Caller, domain_id: str, entity_id: str, permission_type_id: str
    ) -> tuple[UserGroup, ...]:
        """The groups to which the permission was given on the entity itself."""
        return self._groups(caller, domain_id, entity_id, permission_type_id, directly=True)

    # -- the parts of it -------------------------------------------------------------------
    def _share(
        self,
        caller: Caller,
        domain_id: str,
        entity_id: str,
        holders: tuple[str, ...],
        permission_type_id: str,
        *,
        cascade: bool,
    ) -> bool:
        require_internal(caller, "share entities")
        with self._records.transaction() as records:
            entity = self._shareable(records, domain_id, entity_id, permission_type_id)
            known = records.keys(UserGroup, Query(equal={"domain_id": domain_id, "group_id": holders}))
            for holder in holders:
                found(holder if UserGroup.key_of(domain_id, holder) in known else None, f"user or group '{holder}'")
            grants.give(records, entity, holders, permission_type_id, cascade=cascade)
            records.put(replace(entity, shared_count=grants.shared_count(records, entity)))
        return True

    def _revoke(
        self, caller: Caller, domain_id: str, entity_id: str, holders: tuple[str, ...], permission_type_id: str
    ) -> bool:
        require_internal(caller, "share entities")
        with self._records.transaction() as records:
            entity = self._shareable(records, domain_id, entity_id, permission_type_id)
            grants.take(records, entity, holders, permission_type_id)
            records.put(replace(entity, shared_count=grants.shared_count(records, entity)))
        return True

    def _shareable(self, records: Records, domain_id: str, entity_id: str, permission_type_id: str) -> Entity:
        if permission_type_id == grants.permission_id(domain_id, grants.OWNER):
            raise InputError("OWNER is not given or taken by sharing.", remedy="updateEntity changes the owner.")
        entity = self._entity(records, domain_id, entity_id)
        key = PermissionType.key_of(domain_id, permission_type_id)
        found(records.get(PermissionType, key), f"permission type '{permission_type_id}'")
        return entity

    def _users(
        self, caller: Caller, domain_id: str, entity_id: str, permission_type_id: str, *, directly: bool
    ) -> tuple[SharingUser, ...]:
        require_internal(caller, "see sharing")
        with self._records.reading() as records:
            self._entity(records, domain_id, entity_id)
            ids = grants.holders(records, domain_id, entity_id, permission_type_id, directly=directly)
            return tuple(records.find(SharingUser, Query(equal={"domain_id": domain_id, "user_id": ids})))

    def _groups(
        self, caller: Caller, domain_id: str, entity_id: str, permission_type_id: str, *, directly: bool
    ) -> tuple[UserGroup, ...]:
        require_internal(caller, "see sharing")
        with self._records.reading() as records:
            self._entity(records, domain_id, entity_id)
            ids = grants.holders(records, domain_id, entity_id, permission_type_id, directly=directly)
            which = {"domain_id": domain_id, "group_id": ids, "group_cardinality": GroupCardinality.MULTI_USER}
            return principals.with_admins(records, records.find(UserGroup, Query(equal=which)))

    @staticmethod
    def _entity(records: Records, domain_id: str, entity_id: str) -> Entity:
        return found(records.get(Entity, Entity.key_of(domain_id, entity_id)), f"entity '{entity_id}'")

    @staticmethod
    def _require_type(records: Records, entity: Entity) -> None:
        if entity.entity_type_id:
            key = EntityType.key_of(entity.domain_id, entity.entity_type_id)
            found(records.get(EntityType, key), f"entity type '{entity.entity_type_id}'")

    def _now_ms(self) -> int:
        return self._clock() // 1000
