"""Credentials as portals see them. What opens a door is shown in no representation of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import Record


class SummaryType(StrEnum):
    """Kinds of credentials."""

    SSH = "SSH"
    PASSWD = "PASSWD"  # noqa: S105 - the name of a member
    CERT = "CERT"


class CredentialOwnerType(StrEnum):
    """Whether a credential is the gateway's or one user's."""

    GATEWAY = "GATEWAY"
    USER = "USER"


@dataclass(frozen=True, slots=True, kw_only=True)
class SSHCredential:
    """A pair of SSH keys."""

    gateway_id: str
    username: str
    passphrase: str | None = field(default=None, repr=False)
    public_key: str | None = None
    private_key: str | None = field(default=None, repr=False)
    persisted_at_ms: int | None = None
    token: str | None = None
    description: str | None = None
    credential_owner_type: CredentialOwnerType = CredentialOwnerType.GATEWAY


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCredential:
    """A password for a login elsewhere."""

    gateway_id: str
    portal_user_name: str
    login_user_name: str
    password: str = field(repr=False)
    description: str | None = None
    persisted_at_ms: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityUser:
    """For whom a certificate was issued."""

    gateway_name: str
    username: str
    user_email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateCredential:
    """An X.509 certificate with its key. ``life_time_s`` is for how long it was issued."""

    community_user: CommunityUser
    x509_cert: str
    not_after: str | None = None
    private_key: str | None = field(default=None, repr=False)
    life_time_s: int | None = None
    not_before: str | None = None
    persisted_at_ms: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSummary(Record):
    """A credential without its secret; ``token`` is its id.

    ``owner_type`` is not sent to clients.
    """

    IDENTITY: ClassVar[str] = "token"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "username", "type", "owner_type")

    type: SummaryType
    gateway_id: str
    username: str
    public_key: str | None = None
    persisted_at_ms: int | None = None
    token: str
    description: str | None = None
    owner_type: CredentialOwnerType = CredentialOwnerType.GATEWAY
