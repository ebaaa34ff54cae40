"""Who may do what with what: the sharing registry's domains, users, groups, entities and sharings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import Record, composed_key


class GroupCardinality(StrEnum):
    """Whether a group stands for one user."""

    SINGLE_USER = "SINGLE_USER"
    MULTI_USER = "MULTI_USER"


class GroupType(StrEnum):
    """Whether a group was made by the gateway or by one of its users."""

    DOMAIN_LEVEL_GROUP = "DOMAIN_LEVEL_GROUP"
    USER_LEVEL_GROUP = "USER_LEVEL_GROUP"


class GroupChildType(StrEnum):
    """What is a member of a group."""

    USER = "USER"
    GROUP = "GROUP"


class EntitySearchField(StrEnum):
    """By what entities are searched."""

    NAME = "NAME"
    DESCRIPTION = "DESCRIPTION"
    FULL_TEXT = "FULL_TEXT"
    PARRENT_ENTITY_ID = "PARRENT_ENTITY_ID"
    OWNER_ID = "OWNER_ID"
    PERMISSION_TYPE_ID = "PERMISSION_TYPE_ID"
    CREATED_TIME = "CREATED_TIME"
    UPDATED_TIME = "UPDATED_TIME"
    ENTITY_TYPE_ID = "ENTITY_TYPE_ID"
    SHARED_COUNT = "SHARED_COUNT"


class SearchCondition(StrEnum):
    """How a field of an entity is compared."""

    EQUAL = "EQUAL"
    LIKE = "LIKE"
    FULL_TEXT = "FULL_TEXT"
    GTE = "GTE"
    LTE = "LTE"
    NOT = "NOT"


class SharingType(StrEnum):
    """Whether a sharing counts for what is inside the entity, or comes from what the entity is in."""

    DIRECT_NON_CASCADING = "DIRECT_NON_CASCADING"
    DIRECT_CASCADING = "DIRECT_CASCADING"
    INDIRECT_CASCADING = "INDIRECT_CASCADING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain(Record):
    """A tenant of the sharing registry: a gateway. ``is_foretold`` as in ``Entity``."""

    IDENTITY: ClassVar[str] = "domain_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("name",)

    domain_id: str = ""
    name: str | None = None
    description: str | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    initial_user_group_id: str | None = None
    is_foretold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingUser(Record):
    """A user of a domain. ``icon`` is a picture."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("domain_id", "user_id", "user_name")

    user_id: str | None = None
    domain_id: str | None = None
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    icon: bytes | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None

    @property
    def key(self) -> str:
        """The id, made of ``domain_id`` and ``user_id``."""
        return self.key_of(self.domain_id, self.user_id)

    @staticmethod
    def key_of(domain_id: str | None, user_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(domain_id, user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAdmin(Record):
    """Says that a user administers a group without owning it."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("domain_id", "group_id", "admin_id")

    group_id: str | None = None
    domain_id: str | None = None
    admin_id: str | None = None

    @property
    def key(self) -> str:
        """The id, made of ``domain_id``, ``group_id`` and ``admin_id``."""
        return self.key_of(self.domain_id, self.group_id, self.admin_id)

    @staticmethod
    def key_of(domain_id: str | None, group_id: str | None, admin_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(domain_id, group_id, admin_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup(Record):
    """A group of a domain; every user is one of cardinality SINGLE_USER."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = (
        "domain_id",
        "group_id",
        "name",
        "owner_id",
        "group_type",
        "group_cardinality",
        "created_at_ms",
    )

    group_id: str | None = None
    domain_id: str | None = None
    name: str | None = None
    description: str | None = None
    owner_id: str | None = None
    group_type: GroupType | None = None
    group_cardinality: GroupCardinality | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    group_admins: tuple[GroupAdmin, ...] | None = None

    @property
    def key(self) -> str:
        """The id, made of ``domain_id`` and ``group_id``."""
        return self.key_of(self.domain_id, self.group_id)

    @staticmethod
    def key_of(domain_id: str | None, group_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(domain_id, group_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembership(Record):
    """Says that a user or a group belongs to a group."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("domain_id", "parent_id", "child_id", "child_type")

    parent_id: str | None = None
    child_id: str | None = None
    domain_id: str | None = None
    child_type: GroupChildType | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None

    @property
    def key(self) -> str:
        """The id, made of ``domain_id``, ``parent_id`` and ``child_id``."""
        return self.key_of(self.domain_id, self.parent_id, self.child_id)

    @staticmethod
    def key_of(domain_id: str | None, parent_id: str | None, child_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(domain_id, parent_id, child_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityType(Record):
    """A kind of entities. ``is_foretold`` as in ``Entity``."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("domain_id", "entity_type_id")

    entity_type_id: str | None = None
    domain_id: str | None = None
    name: str | None = None
    description: str | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    is_foretold: bool = False

    @property
    def key(self) -> str:
        """The id, made of ``domain_id`` and ``entity_type_id``."""
        return self.key_of(self.domain_id, self.entity_type_id)

    @staticmethod
    def key_of(domain_id: str | None, entity_type_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(domain_id, entity_type_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCriteria:
    """A condition on the entities that are searched."""

    search_field: EntitySearchField | None = None
    value: str | None = None
    search_condition: SearchCondition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity(Record):
    """Something that its owner may share; what is shared counts for what is inside it, too.

    ``shared_count`` is with how many users and groups. ``is_foretold`` marks one that was made together with what a
    peer had the registry store, and of which that peer may still tell the sharing service itself.
    """

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = (
        "domain_id",
        "entity_id",
        "entity_type_id",
        "owner_id",
        "parent_entity_id",
        "name",
        "description",
        "full_text",
        "shared_count",
        "original_entity_created_at_ms",
        "created_at_ms",
        "updated_at_ms",
    )

    entity_id: str | None = None
    domain_id: str | None = None
    entity_type_id: str | None = None
    owner_id: str | None = None
    parent_entity_id: str | None = None
    name: str | None = None
    description: str | None = None
    binary_data: bytes | None = None
    full_text: str | None = None
    shared_count: int = 0
    original_entity_created_at_ms: int | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    is_foretold: bool = False

    @property
    def key(self) -> str:
        """The id, made of ``domain_id`` and ``entity_id``."""
        return self.key_of(self.domain_id, self.entity_id)

    @staticmethod
    def key_of(domain_id: str | None, entity_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(domain_id, entity_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionType(Record):
    """Something that one may be allowed to do. ``is_foretold`` as in ``Entity``."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("domain_id", "permission_type_id", "name")

    permission_type_id: str | None = None
    domain_id: str | None = None
    name: str | None = None
    description: str | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    is_foretold: bool = False

    @property
    def key(self) -> str:
        """The id, made of ``domain_id`` and ``permission_type_id``."""
        return self.key_of(self.domain_id, self.permission_type_id)

    @staticmethod
    def key_of(domain_id: str | None, permission_type_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(domain_id, permission_type_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing(Record):
    """Allows a group to do something with an entity.

    ``inherited_parent_id`` is the entity with which the sharing began: the entity itself, or one that
    it is in.
    """

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = (
        "domain_id",
        "permission_type_id",
        "entity_id",
        "group_id",
        "sharing_type",
        "inherited_parent_id",
    )

    permission_type_id: str | None = None
    entity_id: str | None = None
    group_id: str | None = None
    sharing_type: SharingType | None = None
    domain_id: str | None = None
    inherited_parent_id: str | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None

    @property
    def key(self) -> str:
        """The id, made of domain, permission type, entity, group and the entity with which it began."""
        return self.key_of(
            self.domain_id, self.permission_type_id, self.entity_id, self.group_id, self.inherited_parent_id
        )

    @staticmethod
    def key_of(
        domain_id: str | None,
        permission_type_id: str | None,
        entity_id: str | None,
        group_id: str | None,
        inherited_parent_id: str | None,
    ) -> str:
        """The ``key`` of such a record."""
        return composed_key(domain_id, permission_type_id, entity_id, group_id, inherited_parent_id)
