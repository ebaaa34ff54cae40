"""Groups of users, and what may be shared with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ResourceType(StrEnum):
    """What may be shared."""

    PROJECT = "PROJECT"
    EXPERIMENT = "EXPERIMENT"
    DATA = "DATA"
    APPLICATION_DEPLOYMENT = "APPLICATION_DEPLOYMENT"
    GROUP_RESOURCE_PROFILE = "GROUP_RESOURCE_PROFILE"
    CREDENTIAL_TOKEN = "CREDENTIAL_TOKEN"  # noqa: S105 - the name of a member
    OTHER = "OTHER"


class ResourcePermissionType(StrEnum):
    """What one may be allowed to do with something shared."""

    WRITE = "WRITE"
    READ = "READ"
    OWNER = "OWNER"
    MANAGE_SHARING = "MANAGE_SHARING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group as its owner sees it. It is stored as a ``sharing.UserGroup`` with its members and administrators."""

    id: str | None = None
    name: str | None = None
    owner_id: str | None = None
    description: str | None = None
    members: tuple[str, ...] | None = None
    admins: tuple[str, ...] | None = None
