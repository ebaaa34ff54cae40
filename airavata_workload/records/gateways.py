"""Gateways: the tenants."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import SECRET, Record, composed_key


class GatewayApprovalStatus(StrEnum):
    """What became of the request for a gateway."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    DEACTIVATED = "DEACTIVATED"
    CANCELLED = "CANCELLED"
    DENIED = "DENIED"
    CREATED = "CREATED"
    DEPLOYED = "DEPLOYED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway(Record):
    """A tenant: a portal and its users."""

    IDENTITY: ClassVar[str] = "gateway_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = (
        "gateway_name",
        "domain",
        "gateway_approval_status",
        "requester_username",
        "requested_at_ms",
    )

    airavata_internal_gateway_id: str | None = None
    gateway_id: str
    gateway_approval_status: GatewayApprovalStatus
    gateway_name: str | None = None
    domain: str | None = None
    email_address: str | None = None
    gateway_acronym: str | None = None
    gateway_url: str | None = None
    gateway_public_abstract: str | None = None
    review_proposal_description: str | None = None
    gateway_admin_first_name: str | None = None
    gateway_admin_last_name: str | None = None
    gateway_admin_email: str | None = None
    identity_server_user_name: str | None = None
    identity_server_password_token: str | None = field(default=None, repr=False, metadata=SECRET)
    declined_reason: str | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: str | None = field(default=None, repr=False, metadata=SECRET)
    requested_at_ms: int | None = None
    requester_username: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayGroups(Record):
    """The three groups of users that every gateway has."""

    IDENTITY: ClassVar[str] = "gateway_id"

    gateway_id: str
    admins_group_id: str
    read_only_admins_group_id: str
    default_gateway_users_group_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayUsageReportingCommand(Record):
    """What a job runs to report to the owners of a compute resource for which gateway it runs."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "compute_resource_id")

    gateway_id: str
    compute_resource_id: str
    command: str

    @property
    def key(self) -> str:
        """The id, made of ``gateway_id`` and ``compute_resource_id``."""
        return self.key_of(self.gateway_id, self.compute_resource_id)

    @staticmethod
    def key_of(gateway_id: str | None, compute_resource_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(gateway_id, compute_resource_id)
