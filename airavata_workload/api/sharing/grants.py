"""The sharing model: who holds which permission on which entity.

A grant is a ``Sharing`` record: a group (a user is a group of one) holds a
permission on an entity. Entities form trees. A cascading grant counts for
everything below its entity, also for what is put there later; it is written
down for each of them as INDIRECT_CASCADING, so that a question is one query
and a list is one join. The owner of an entity holds OWNER, which cascades and
stands for every other permission.

These functions work inside a transaction of the caller. Whoever adds or moves
an entity first reads, and so locks, all that is above it; whoever changes a
grant locks its entity: the two cannot miss each other.

Source: Apache Airavata 0.21, sharing registry, for what a permission is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from airavata_workload.api.access.permission import missing
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.record_store import Among, Query, Records
from airavata_workload.records.sharing import Entity, GroupMembership, Sharing, SharingType

OWNER = "OWNER"
DIRECT = (SharingType.DIRECT_CASCADING, SharingType.DIRECT_NON_CASCADING)
CASCADING = (SharingType.DIRECT_CASCADING, SharingType.INDIRECT_CASCADING)
_IDS_A_QUERY = 500
_FEW_GRANTS = 30
"""Hardly anything is shared with so many; what is, is asked about with the groups in question."""


def permission_id(domain_id: str, name: str) -> str:
    """The id of a domain's permission type, entity type or the like of that name."""
    return f"{domain_id}:{name}"


def sufficient(domain_id: str, permission_type_id: str) -> tuple[str, str]:
    """The permissions of which one is enough where this one is needed."""
    return permission_type_id, permission_id(domain_id, OWNER)


# -- questions ------------------------------------------------------------------------
def circle(records: Records, domain_id: str, user_id: str) -> frozenset[str]:
    """The user and every group that they are in, by whatever many groups between; one query a level."""
    return frozenset().union(*_levels(records, domain_id, user_id))


def _levels(records: Records, domain_id: str, user_id: str) -> Iterator[frozenset[str]]:
    """The user; the groups that they are in; those that these are in, and so on: a query each, but for the first."""
    level = found = frozenset({user_id})
    while level:
        yield level
        memberships = [
            each
            for ids in _batches(level)
            for each in records.find(GroupMembership, Query(equal={"domain_id": domain_id, "child_id": ids}))
        ]
        level = frozenset(each.parent_id for each in memberships if each.parent_id) - found
        found |= level


def holds(records: Records, domain_id: str, user_id: str, entity_id: str, permission_type_id: str | None) -> bool:
    """Whether the user, or a group that they are in, holds the permission, or OWNER, on the entity; ``None``: any."""
    wanted: dict[str, str | Collection[str]] = {"domain_id": domain_id, "entity_id": entity_id}
    if permission_type_id is not None:
        wanted["permission_type_id"] = sufficient(domain_id, permission_type_id)
    found = records.find(Sharing, Query(equal=wanted), limit=_FEW_GRANTS)
    holders = {each.group_id for each in found}
    if not holders:
        return False
    groups: frozenset[str] = frozenset()
    # Most people ask for what is their own, or what a group of theirs has, and no further level need be read.
    for level in _levels(records, domain_id, user_id):
        if holders & level:
            return True
        groups |= level
    return len(found) == _FEW_GRANTS and bool(
        records.find(Sharing, Query(equal={**wanted, "group_id": groups}), limit=1)
    )


def within_reach(domain_id: str, groups: Collection[str], permission_type_ids: Collection[str] = ()) -> Among:
    """The ids of the entities on which one of ``groups`` holds one of the permissions, or any at all: for a join."""
    equal: dict[str, str | Collection[str]] = {"domain_id": domain_id, "group_id": groups}
    if permission_type_ids:
        equal["permission_type_id"] = tuple(permission_type_ids)
    return Among(kind=Sharing, column="entity_id", which=Query(equal=equal))


def holders(
    records: Records, domain_id: str, entity_id: str, permission_type_id: str, *, directly: bool
) -> tuple[str, ...]:
    """The users and groups to whom the permission on the entity was given, there itself or, unless ``directly``, above.

    Of OWNER only the entity's own: who owns what is above is not its owner in lists.
    """
    equal: dict[str, str | Collection[str]] = {
        "domain_id": domain_id,
        "entity_id": entity_id,
        "permission_type_id": permission_type_id,
    }
    if directly or permission_type_id == permission_id(domain_id, OWNER):
        equal["sharing_type"] = DIRECT
    return tuple(sorted({each.group_id for each in records.find(Sharing, Query(equal=equal)) if each.group_id}))


# -- the tree of entities -----------------------------------------------------------------
def add_entity(records: Records, entity: Entity) -> None:
    """Store a new entity with its owner's grant and what cascades to it. Raises ``ConflictError`` if it is there."""
    _lock_above(records, entity)
    records.add(entity)
    owns = _direct(entity, entity.owner_id or "", permission_id(entity.domain_id or "", OWNER), cascade=True)
    records.put_all(Sharing, [owns, *_inherited(records, entity, [entity.entity_id or ""])])


def replace_entity(records: Records, old: Entity, new: Entity) -> None:
    """Store a changed entity; its grants follow if it was moved or changed hands.

    Raises ``InputError`` if it was moved into itself.
    """
    domain_id, entity_id = old.domain_id or "", old.entity_id or ""
    if old.parent_entity_id != new.parent_entity_id:
        _lock_above(records, new)
        tree = [entity_id, *below(records, domain_id, entity_id)]
        _disinherit(records, domain_id, tree)
        records.put_all(Sharing, _inherited(records, new, tree))
    if old.owner_id != new.owner_id:
        owner = permission_id(domain_id, OWNER)
        take(records, new, [old.owner_id or ""], owner)
        _hand(records, new, [new.owner_id or ""], owner, cascade=True)
    records.put(new)


def remove_entity(records: Records, domain_id: str, entity_id: str) -> bool:
    """Forget an entity and its grants; whether there was one.

    What was directly in it stands alone from now on, without what cascaded through the entity.
    """
    entity = records.get(Entity, Entity.key_of(domain_id, entity_id))
    if entity is None:
        return False
    inside = below(records, domain_id, entity_id)
    _disinherit(records, domain_id, inside)
    for child in records.find(Entity, Query(equal={"domain_id": domain_id, "parent_entity_id": entity_id})):
        records.put(replace(child, parent_entity_id=None))
    records.delete_all(Sharing, Query(equal={"domain_id": domain_id, "entity_id": entity_id}))
    return records.delete(Entity, entity.key)


def below(records: Records, domain_id: str, entity_id: str) -> list[str]:
    """The ids of all entities below one, level by level; one query a level (and 500 entities)."""
    found: list[str] = []
    level = [entity_id]
    while level:
        inside = (Query(equal={"domain_id": domain_id, "parent_entity_id": ids}) for ids in _batches(level))
        # An entity counts once under its id: that gives the ids without the documents.
        level = [entity_id for which in inside for entity_id in sorted(records.count_by(Entity, "entity_id", which))]
        found += level
    return found


# -- giving and taking ---------------------------------------------------------------------
def give(records: Records, entity: Entity, groups: Iterable[str], permission_type_id: str, *, cascade: bool) -> None:
    """Let users and groups hold a permission; who held it directly holds it as said now.

    ``entity`` was read in this transaction. OWNER is not given: change the entity's ``owner_id``.
    """
    given = list(groups)
    take(records, entity, given, permission_type_id)
    _hand(records, entity, given, permission_type_id, cascade=cascade)


def take(records: Records, entity: Entity, groups: Iterable[str], permission_type_id: str) -> None:
    """End what was given on this entity, here and below; what they hold by another grant stays."""
    which = Query(
        equal={
            "domain_id": entity.domain_id,
            "inherited_parent_id": entity.entity_id,
            "permission_type_id": permission_type_id,
            "group_id": tuple(groups),
        }
    )
    records.delete_all(Sharing, which)


def shared_count(records: Records, entity: Entity) -> int:
    """How many permissions were given on the entity itself, its owner's not counted."""
    equal = {"domain_id": entity.domain_id, "entity_id": entity.entity_id, "sharing_type": DIRECT}
    by_permission = records.count_by(Sharing, "permission_type_id", Query(equal=equal))
    return sum(by_permission.values()) - by_permission.get(permission_id(entity.domain_id or "", OWNER), 0)


def drop_group(records: Records, domain_id: str, group_id: str) -> None:
    """Take everything from a user or group that is going to be removed."""
    held = {"domain_id": domain_id, "group_id": group_id}
    given = records.count_by(Sharing, "entity_id", Query(equal={**held, "sharing_type": DIRECT}))
    records.delete_all(Sharing, Query(equal=held))
    for entity_id in given:
        entity = records.get(Entity, Entity.key_of(domain_id, entity_id))
        if entity is not None:
            records.put(replace(entity, shared_count=shared_count(records, entity)))


def _hand(records: Records, entity: Entity, groups: list[str], permission_type_id: str, *, cascade: bool) -> None:
    direct = [_direct(entity, group_id, permission_type_id, cascade=cascade) for group_id in groups]
    records.put_all(Sharing, direct)
    if cascade:
        records.put_all(Sharing, _copies(direct, below(records, entity.domain_id or "", entity.entity_id or "")))


def _direct(entity: Entity, group_id: str, permission_type_id: str, *, cascade: bool) -> Sharing:
    return Sharing(
        domain_id=entity.domain_id,
        permission_type_id=permission_type_id,
        entity_id=entity.entity_id,
        group_id=group_id,
        sharing_type=SharingType.DIRECT_CASCADING if cascade else SharingType.DIRECT_NON_CASCADING,
        inherited_parent_id=entity.entity_id,
        created_at_ms=entity.updated_at_ms,
        updated_at_ms=entity.updated_at_ms,
    )


def _copies(grants: Iterable[Sharing], entity_ids: Collection[str]) -> Iterator[Sharing]:
    """The grants as they count for what is below their entity."""
    inherited = [replace(grant, sharing_type=SharingType.INDIRECT_CASCADING) for grant in grants]
    return (replace(grant, entity_id=entity_id) for grant in inherited for entity_id in entity_ids)


def _inherited(records: Records, entity: Entity, tree: Collection[str]) -> Iterable[Sharing]:
    """What cascades from the parent of ``entity`` to the entities of ``tree``."""
    if not entity.parent_entity_id:
        return ()
    equal = {"domain_id": entity.domain_id, "entity_id": entity.parent_entity_id, "sharing_type": CASCADING}
    return _copies(records.find(Sharing, Query(equal=equal)), tree)


def _disinherit(records: Records, domain_id: str, tree: Collection[str]) -> None:
    """Take from the entities of ``tree`` what cascades to them from outside of it."""
    inside = frozenset(tree)
    for ids in _batches(tree):
        equal = {"domain_id": domain_id, "entity_id": ids, "sharing_type": SharingType.INDIRECT_CASCADING}
        for each in records.find(Sharing, Query(equal=equal)):
            if each.inherited_parent_id not in inside:
                records.delete(Sharing, each.key)


def _lock_above(records: Records, entity: Entity) -> None:
    """Read everything above an entity. Raises ``NotFoundError`` for an unknown parent, ``InputError`` for a circle."""
    parent_id = entity.parent_entity_id
    while parent_id:
        if parent_id == entity.entity_id:
            raise InputError(
                f"Entity '{entity.entity_id}' cannot be inside itself.", remedy="Choose a parent that is not below it."
            )
        parent = records.get(Entity, Entity.key_of(entity.domain_id, parent_id))
        if parent is None:
            raise missing(f"entity '{parent_id}'")
        parent_id = parent.parent_entity_id


def _batches(ids: Collection[str]) -> Iterator[tuple[str, ...]]:
    """No database takes any number of values in one statement."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _IDS_A_QUERY):
        yield tuple(ordered[start : start + _IDS_A_QUERY])
