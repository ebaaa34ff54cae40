"""What a layout needs beyond other ids: values of another form, and what peers of a generation must find filled.

Each function changes one generated object in place: *before* it is written for peers of a span of generations, or
*after* it was read from one. The objects are made for one message and belong to it alone.

Source: the interface of Apache Airavata as of April 2017, 0.17 to 0.21, July and November 2025.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from airavata_adapters.thrift_api.dialect_layouts import CLASHES, Choice
from airavata_adapters.thrift_api.dialects import Span
from airavata_thrift.airavata_api import Airavata
from airavata_thrift.group_resource_profiles.ttypes import (
    EnvironmentSpecificPreferences,
    GroupComputeResourcePreference,
    ResourceType,
    SlurmComputeResourcePreference,
)
from airavata_thrift.groups.ttypes import ResourceType as SharedResourceType
from airavata_thrift.user_profiles.ttypes import UserProfile
from airavata_thrift.workspaces.ttypes import Gateway

Conversion = Callable[[Any, Span], None]

_PROFILE_TIMES = ("creationTime", "lastAccessTime", "validUntil")
_SLURM_FIELDS = tuple(row[2] for row in SlurmComputeResourcePreference.thrift_spec if row is not None)
_OTHER_RESOURCE_TYPE_BEFORE_0_19 = 3


def _fill_internal_id(gateway: Any, span: Span) -> None:
    """A reader of 2017 finds its required gateway id where others have the internal one."""
    if CLASHES[Gateway].choose(span) is Choice.EITHER and gateway.airavataInternalGatewayId is None:
        gateway.airavataInternalGatewayId = gateway.gatewayId


def _profile_to_2017(profile: Any, span: Span) -> None:
    """The whole name in one field and times as text: milliseconds since 1970 in decimal."""
    if CLASHES[UserProfile].choose(span) is not Choice.OTHER:
        return
    names = (profile.firstName, profile.middleName, profile.lastName)
    profile.firstName = " ".join(name for name in names if name)
    for name in _PROFILE_TIMES:
        setattr(profile, name, str(getattr(profile, name)))


def _profile_from_2017(profile: Any, span: Span) -> None:
    if CLASHES[UserProfile].choose(span) is not Choice.OTHER:
        return
    first, _, last = (profile.firstName or "").rpartition(" ")
    profile.firstName, profile.lastName = (first, last) if first else (last, "")
    profile.middleName = ""  # it is in the first name now; left unset, it would stay and come twice
    for name in _PROFILE_TIMES:
        setattr(profile, name, milliseconds(getattr(profile, name)))


def milliseconds(text: str | None) -> int | None:
    """A time that a peer of April 2017 wrote as text: decimal milliseconds or ISO 8601; 0, "unknown", for anything
    else.
    """
    if text is None:
        return None
    stripped = text.strip()
    if stripped.isascii() and stripped.isdigit() and len(stripped) <= 18:
        return int(stripped)
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _preference_to_2025(preference: Any, span: Span) -> None:
    """What concerns Slurm moved into a struct of its own in July 2025."""
    if CLASHES[GroupComputeResourcePreference].choose(span) is Choice.CLASSIC:
        return
    specific = preference.specificPreferences
    aws = specific is not None and specific.aws is not None
    slurm = {name: getattr(preference, name) for name in _SLURM_FIELDS}
    if not aws and any(value is not None for value in slurm.values()):
        slurm_preference = SlurmComputeResourcePreference(**slurm)
        preference.specificPreferences = EnvironmentSpecificPreferences(slurm=slurm_preference)
    if preference.resourceType is None:
        preference.resourceType = ResourceType.AWS if aws else ResourceType.SLURM


def _preference_from_2025(preference: Any, span: Span) -> None:
    if CLASHES[GroupComputeResourcePreference].choose(span) is not Choice.OTHER:
        return
    slurm = preference.specificPreferences.slurm if preference.specificPreferences is not None else None
    if slurm is None:
        return
    for name in _SLURM_FIELDS:
        setattr(preference, name, getattr(slurm, name))


def _resource_type_before_0_19(arguments: Any, span: Span) -> None:
    """Only peers before 0.19 send this argument, and for them 3 was OTHER."""
    del span
    if arguments.resourceType == _OTHER_RESOURCE_TYPE_BEFORE_0_19:
        arguments.resourceType = SharedResourceType.OTHER


BEFORE_WRITING: Mapping[Any, Conversion] = {
    Gateway: _fill_internal_id,
    UserProfile: _profile_to_2017,
    GroupComputeResourcePreference: _preference_to_2025,
}
AFTER_READING: Mapping[Any, Conversion] = {
    UserProfile: _profile_from_2017,
    GroupComputeResourcePreference: _preference_from_2025,
    Airavata.shareResourceWithUsers_args: _resource_type_before_0_19,
    Airavata.revokeSharingOfResourceFromUsers_args: _resource_type_before_0_19,
    Airavata.getAllAccessibleUsers_args: _resource_type_before_0_19,
}
