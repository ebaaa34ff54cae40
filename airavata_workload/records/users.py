"""Users of gateways."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import SECRET, Record, composed_key


class UserStatus(StrEnum):
    """What became of a user's account."""

    ACTIVE = "ACTIVE"
    CONFIRMED = "CONFIRMED"
    APPROVED = "APPROVED"
    DELETED = "DELETED"
    DUPLICATE = "DUPLICATE"
    GRACE_PERIOD = "GRACE_PERIOD"
    INVITED = "INVITED"
    DENIED = "DENIED"
    PENDING = "PENDING"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    PENDING_CONFIRMATION = "PENDING_CONFIRMATION"
    SUSPENDED = "SUSPENDED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"


class USCitizenship(StrEnum):
    """A question of the National Science Foundation."""

    US_CITIZEN = "US_CITIZEN"
    US_PERMANENT_RESIDENT = "US_PERMANENT_RESIDENT"
    OTHER_NON_US_CITIZEN = "OTHER_NON_US_CITIZEN"


class Ethnicity(StrEnum):
    """A question of the National Science Foundation."""

    HISPANIC_LATINO = "HISPANIC_LATINO"
    NOT_HISPANIC_LATINO = "NOT_HISPANIC_LATINO"


class Race(StrEnum):
    """A question of the National Science Foundation."""

    ASIAN = "ASIAN"
    AMERICAN_INDIAN_OR_ALASKAN_NATIVE = "AMERICAN_INDIAN_OR_ALASKAN_NATIVE"
    BLACK_OR_AFRICAN_AMERICAN = "BLACK_OR_AFRICAN_AMERICAN"
    NATIVE_HAWAIIAN_OR_PACIFIC_ISLANDER = "NATIVE_HAWAIIAN_OR_PACIFIC_ISLANDER"
    WHITE = "WHITE"


class Disability(StrEnum):
    """A question of the National Science Foundation; ``HEARING_IMAPAIRED`` is Airavata's own spelling."""

    HEARING_IMAPAIRED = "HEARING_IMAPAIRED"
    VISUAL_IMPAIRED = "VISUAL_IMPAIRED"
    MOBILITY_OR_ORTHOPEDIC_IMPAIRMENT = "MOBILITY_OR_ORTHOPEDIC_IMPAIRMENT"
    OTHER_IMPAIRMENT = "OTHER_IMPAIRMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class NSFDemographics:
    """Answers to what the National Science Foundation asks."""

    airavata_internal_user_id: str = ""
    gender: str | None = None
    us_citizenship: USCitizenship | None = None
    ethnicities: tuple[Ethnicity, ...] | None = None
    races: tuple[Race, ...] | None = None
    disabilities: tuple[Disability, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomDashboard:
    """Which columns a user wants to see in lists."""

    airavata_internal_user_id: str = ""
    experiment_id: str | None = None
    name: str | None = None
    description: str | None = None
    project: str | None = None
    owner: str | None = None
    application: str | None = None
    compute_resource: str | None = None
    job_name: str | None = None
    job_id: str | None = None
    job_status: str | None = None
    job_creation_time: str | None = None
    notifications_to: str | None = None
    working_dir: str | None = None
    job_description: str | None = None
    creation_time: str | None = None
    last_modified_time: str | None = None
    wall_time: str | None = None
    cpu_count: str | None = None
    node_count: str | None = None
    queue: str | None = None
    inputs: str | None = None
    outputs: str | None = None
    storage_dir: str | None = None
    errors: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserProfile(Record):
    """A person as one gateway knows them; ``user_id`` is the login name, unique within the gateway."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = (
        "gateway_id",
        "user_id",
        "first_name",
        "last_name",
        "state",
        "created_at_ms",
    )

    user_model_version: str = "1.0"
    airavata_internal_user_id: str = ""
    user_id: str
    gateway_id: str
    emails: tuple[str, ...]
    first_name: str
    last_name: str
    middle_name: str | None = None
    name_prefix: str | None = None
    name_suffix: str | None = None
    orcid_id: str | None = None
    phones: tuple[str, ...] | None = None
    country: str | None = None
    nationality: tuple[str, ...] | None = None
    home_organization: str | None = None
    organization_affiliation: str | None = None
    created_at_ms: int
    last_access_at_ms: int
    valid_until_ms: int
    state: UserStatus
    comments: str | None = None
    labeled_uri: tuple[str, ...] | None = None
    gpg_key: str | None = None
    time_zone: str | None = None
    nsf_demographics: NSFDemographics | None = None
    custom_dashboard: CustomDashboard | None = None

    @property
    def key(self) -> str:
        """The id, made of ``gateway_id`` and ``user_id``."""
        return self.key_of(self.gateway_id, self.user_id)

    @staticmethod
    def key_of(gateway_id: str | None, user_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(gateway_id, user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Record):
    """What lets a person in, where the gateway's users are kept here and not by an identity provider.

    ``password_hash`` is '' for one who cannot log in by password; ``roles`` are names of roles within the gateway.
    """

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "user_id", "enabled", "email", "created_at_ms")

    gateway_id: str
    user_id: str
    enabled: bool = False
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    password_hash: str = field(default="", repr=False, metadata=SECRET)
    roles: tuple[str, ...] = ()
    created_at_ms: int | None = None
    last_access_at_ms: int | None = None

    @property
    def key(self) -> str:
        """The id, made of ``gateway_id`` and ``user_id``."""
        return self.key_of(self.gateway_id, self.user_id)

    @staticmethod
    def key_of(gateway_id: str | None, user_id: str | None) -> str:
        """The ``key`` of such a record."""
        return composed_key(gateway_id, user_id)
