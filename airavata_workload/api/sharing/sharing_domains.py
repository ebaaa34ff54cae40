"""The sharing registry's domains, entity types and permission types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Generic, TypeVar

from airavata_workload.api.access.permission import require_internal
from airavata_workload.api.request_check import found, given, page
from airavata_workload.api.sharing import grants
from airavata_workload.api.updates import updated
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.groups import ResourcePermissionType, ResourceType
from airavata_workload.records.record import composed_key
from airavata_workload.records.sharing import (
    Domain,
    Entity,
    EntityType,
    GroupAdmin,
    GroupMembership,
    PermissionType,
    Sharing,
    SharingUser,
    UserGroup,
)

K = TypeVar("K", bound=EntityType | PermissionType)


class _Types(Generic[K]):
    """What is alike in entity types and permission types. ``column`` holds the id, in other kinds as well."""

    def __init__(self, records: RecordStore, clock: Clock, kind: type[K], column: str, used_by: Any, what: str) -> None:
        self._records = records
        self._clock = clock
        self._kind = kind
        self._column = column
        self._used_by = used_by
        self._what = what

    def create(self, caller: Caller, new: K) -> str:
        require_internal(caller, f"make {self._what}s")
        identifier = given(getattr(new, self._column), self._column)
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            require_domain(records, new.domain_id)
            if not _is_news(records, new, now_ms):
                records.add(replace(new, created_at_ms=now_ms, updated_at_ms=now_ms))
        return identifier

    def update(self, caller: Caller, new: K) -> bool:
        require_internal(caller, f"change {self._what}s")
        with self._records.transaction() as records:
            old = self._one(records, new.domain_id, getattr(new, self._column))
            now_ms = self._clock() // 1000
            records.put(updated(old, new, created_at_ms=old.created_at_ms, updated_at_ms=now_ms))
        return True

    def exists(self, caller: Caller, domain_id: str, identifier: str) -> bool:
        require_internal(caller, f"see {self._what}s")
        with self._records.reading() as records:
            return records.get(self._kind, composed_key(domain_id, identifier)) is not None

    def delete(self, caller: Caller, domain_id: str, identifier: str) -> bool:
        require_internal(caller, f"delete {self._what}s")
        with self._records.transaction() as records:
            self._one(records, domain_id, identifier)
            if records.count(self._used_by, Query(equal={"domain_id": domain_id, self._column: identifier})):
                raise ConflictError(
                    f"{self._what.capitalize()} '{identifier}' is in use.", remedy="Delete what has it first."
                )
            return records.delete(self._kind, composed_key(domain_id, identifier))

    def one(self, caller: Caller, domain_id: str, identifier: str) -> K:
        require_internal(caller, f"see {self._what}s")
        with self._records.reading() as records:
            return self._one(records, domain_id, identifier)

    def all(self, caller: Caller, domain_id: str, offset: int, limit: int) -> tuple[K, ...]:
        require_internal(caller, f"see {self._what}s")
        most, begin = page(limit, offset)
        with self._records.reading() as records:
            which = Query(equal={"domain_id": domain_id})
            return tuple(records.find(self._kind, which, order_by=self._column, limit=most, offset=begin))

    def _one(self, records: Records, domain_id: str | None, identifier: str | None) -> K:
        return found(records.get(self._kind, composed_key(domain_id, identifier)), f"{self._what} '{identifier}'")


def require_domain(records: Records, domain_id: str | None) -> Domain:
    """The domain. Raises ``NotFoundError``."""
    return found(records.get(Domain, domain_id or "") if domain_id else None, f"domain '{domain_id or ''}'")


def add_domain(records: Records, domain: Domain, now_ms: int) -> None:
    """Store a new domain with the permission of owners. Raises ``ConflictError`` if it is there."""
    records.add(replace(domain, created_at_ms=now_ms, updated_at_ms=now_ms))
    _add_permission(records, domain.domain_id, ResourcePermissionType.OWNER, now_ms)


def _is_news(records: Records, new: K | Domain, now_ms: int) -> bool:
    """Whether it was foretold, and is as it is told from now on."""
    old = records.get(type(new), new.identity)
    if old is None or not old.is_foretold:
        return False
    records.put(updated(old, new, created_at_ms=old.created_at_ms, updated_at_ms=now_ms))
    return True


def add_gateway_domain(records: Records, domain: Domain, now_ms: int) -> None:
    """A domain with everything that gateways share, unless it is there already. Its types are foretold if it is."""
    if records.get(Domain, domain.domain_id) is not None:
        return
    add_domain(records, domain, now_ms)
    for permission in ResourcePermissionType:
        if permission is not ResourcePermissionType.OWNER:
            _add_permission(records, domain.domain_id, permission, now_ms, is_foretold=domain.is_foretold)
    for name in (*ResourceType, "FILE"):
        records.put(
            EntityType(
                entity_type_id=grants.permission_id(domain.domain_id, name),
                domain_id=domain.domain_id,
                name=str(name),
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
                is_foretold=domain.is_foretold,
            )
        )


def _add_permission(
    records: Records, domain_id: str, permission: ResourcePermissionType, now_ms: int, *, is_foretold: bool = False
) -> None:
    records.put(
        PermissionType(
            permission_type_id=grants.permission_id(domain_id, permission),
            domain_id=domain_id,
            name=str(permission),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            is_foretold=is_foretold,
        )
    )


class SharingDomains:
    """Domains and their types, for peers of the internal services only."""

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._entity_types = _Types(records, clock, EntityType, "entity_type_id", Entity, "entity type")
        self._permission_types = _Types(
            records, clock, PermissionType, "permission_type_id", Sharing, "permission type"
        )

    # -- domains ---------------------------------------------------------------------
    def create_domain(self, caller: Caller, domain: Domain) -> str:
        """Store a domain. Raises ``ConflictError`` if it is there already.

        Once it is taken for news of a gateway that the same peers have had the registry store; so are its types.
        """
        require_internal(caller, "make domains")
        given(domain.domain_id, "domainId")
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            if not _is_news(records, domain, now_ms):
                add_domain(records, domain, now_ms)
        return domain.domain_id

    def update_domain(self, caller: Caller, domain: Domain) -> bool:
        """Change what is set. Raises ``NotFoundError``."""
        require_internal(caller, "change domains")
        with self._records.transaction() as records:
            old = require_domain(records, domain.domain_id)
            now_ms = self._clock() // 1000
            records.put(updated(old, domain, created_at_ms=old.created_at_ms, updated_at_ms=now_ms))
        return True

    def domain_exists(self, caller: Caller, domain_id: str) -> bool:
        """Whether there is a domain of that id."""
        require_internal(caller, "see domains")
        with self._records.reading() as records:
            return records.get(Domain, domain_id) is not None

    def delete_domain(self, caller: Caller, domain_id: str) -> bool:
        """Forget a domain. Raises ``NotFoundError``, and ``ConflictError`` while it has users or entities."""
        require_internal(caller, "delete domains")
        with self._records.transaction() as records:
            require_domain(records, domain_id)
            which = Query(equal={"domain_id": domain_id})
            if records.count(SharingUser, which) or records.count(Entity, which):
                raise ConflictError(f"Domain '{domain_id}' is in use.", remedy="Delete its entities and users first.")
            for kind in (EntityType, PermissionType, UserGroup, GroupMembership, GroupAdmin):
                records.delete_all(kind, which)
            return records.delete(Domain, domain_id)

    def domain(self, caller: Caller, domain_id: str) -> Domain:
        """A domain. Raises ``NotFoundError``."""
        require_internal(caller, "see domains")
        with self._records.reading() as records:
            return require_domain(records, domain_id)

    def domains(self, caller: Caller, offset: int, limit: int) -> tuple[Domain, ...]:
        """A page of all domains."""
        require_internal(caller, "see domains")
        most, begin = page(limit, offset)
        with self._records.reading() as records:
            return tuple(records.find(Domain, limit=most, offset=begin))

    # -- entity types ---------------------------------------------------------------------
    def create_entity_type(self, caller: Caller, entity_type: EntityType) -> str:
        """Store an entity type. Raises ``ConflictError`` if it is there already, ``NotFoundError`` for the domain."""
        return self._entity_types.create(caller, entity_type)

    def update_entity_type(self, caller: Caller, entity_type: EntityType) -> bool:
        """Change what is set. Raises ``NotFoundError``."""
        return self._entity_types.update(caller, entity_type)

    def entity_type_exists(self, caller: Caller, domain_id: str, entity_type_id: str) -> bool:
        """Whether there is an entity type of that id."""
        return self._entity_types.exists(caller, domain_id, entity_type_id)

    def delete_entity_type(self, caller: Caller, domain_id: str, entity_type_id: str) -> bool:
        """Forget an entity type. Raises ``NotFoundError``, and ``ConflictError`` while entities have it."""
        return self._entity_types.delete(caller, domain_id, entity_type_id)

    def entity_type(self, caller: Caller, domain_id: str, entity_type_id: str) -> EntityType:
        """An entity type. Raises ``NotFoundError``."""
        return self._entity_types.one(caller, domain_id, entity_type_id)

    def entity_types(self, caller: Caller, domain_id: str, offset: int, limit: int) -> tuple[EntityType, ...]:
        """A page of the domain's entity types."""
        return self._entity_types.all(caller, domain_id, offset, limit)

    # -- permission types -----------------------------------------------------------------
    def create_permission_type(self, caller: Caller, permission_type: PermissionType) -> str:
        """Store a permission type. Raises ``ConflictError`` if it is there, ``NotFoundError`` for the domain."""
        return self._permission_types.create(caller, permission_type)

    def update_permission_type(self, caller: Caller, permission_type: PermissionType) -> bool:
        """Change what is set. Raises ``NotFoundError``."""
        return self._permission_types.update(caller, permission_type)

    def permission_type_exists(self, caller: Caller, domain_id: str, permission_id: str) -> bool:
        """Whether there is a permission type of that id."""
        return self._permission_types.exists(caller, domain_id, permission_id)

    def delete_permission_type(self, caller: Caller, domain_id: str, permission_type_id: str) -> bool:
        """Forget a permission type. Raises ``NotFoundError``, and ``ConflictError`` while somebody holds it."""
        return self._permission_types.delete(caller, domain_id, permission_type_id)

    def permission_type(self, caller: Caller, domain_id: str, permission_type_id: str) -> PermissionType:
        """A permission type. Raises ``NotFoundError``."""
        return self._permission_types.one(caller, domain_id, permission_type_id)

    def permission_types(self, caller: Caller, domain_id: str, offset: int, limit: int) -> tuple[PermissionType, ...]:
        """A page of the domain's permission types."""
        return self._permission_types.all(caller, domain_id, offset, limit)
