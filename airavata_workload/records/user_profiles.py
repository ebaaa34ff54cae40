"""User resource profiles: as whom a user works on which resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airavata_workload.records.record import Record, composed_key


@dataclass(frozen=True, slots=True, kw_only=True)
class UserComputeResourcePreference:
    """As whom, where and how a user works on a compute resource."""

    compute_resource_id: str
    login_user_name: str | None = None
    preferred_batch_queue: str | None = None
    scratch_location: str | None = None
    allocation_project_number: str | None = None
    resource_specific_credential_store_token: str | None = None
    quality_of_service: str | None = None
    reservation: str | None = None
    reservation_starts_at_ms: int | None = None
    reservation_ends_at_ms: int | None = None
    validated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStoragePreference:
    """As whom and where a user keeps files on a storage resource."""

    storage_resource_id: str
    login_user_name: str | None = None
    file_system_root_location: str | None = None
    resource_specific_credential_store_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserResourceProfile(Record):
    """What a user prefers on which resources. ``is_null`` marks the answer for a user who has no profile."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "user_id")

    user_id: str
    gateway_id: str
    credential_store_token: str | None = None
    user_compute_resource_preferences: tuple[UserComputeResourcePreference, ...] | None = None
    user_storage_preferences: tuple[UserStoragePreference, ...] | None = None
    identity_server_tenant: str | None = None
    identity_server_pwd_cred_token: str | None = None
    is_null: bool = False

    @property
    def key(self) -> str:
        """The id, made of ``gateway_id`` and ``user_id``."""
        return self.key_of(self.gateway_id, self.user_id)

    @staticmethod
    def key_of(gateway_id: str | None, user_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(gateway_id, user_id)
