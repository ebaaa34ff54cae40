"""What names a compute or storage resource, when the resource is to be deleted.

Source: Airavata 0.21, the application catalogue: what profiles say of a resource goes with it. So do the deployments on
it there; here they have to be deleted before, as they have for an application module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from airavata_workload.api import request_check as check
from airavata_workload.ports.record_store import Query, Records
from airavata_workload.records.applications import ApplicationDeployment
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.group_profiles import GroupResourceProfile
from airavata_workload.records.user_profiles import UserResourceProfile

_PROFILES: tuple[type[Any], ...] = (GatewayResourceProfile, GroupResourceProfile, UserResourceProfile)
_NAMES = ("compute_resource_id", "storage_resource_id")
"""The fields in which the parts of profiles name a resource."""


def require_undeployed(records: Records, compute_resource_id: str) -> None:
    """Raise ``ConflictError`` while an application is deployed on the compute resource."""
    deployed = records.keys(ApplicationDeployment, Query(equal={"compute_host_id": compute_resource_id}))
    check.unused(f"compute resource '{compute_resource_id}'", deployed, "application deployment")


def forget_in_profiles(records: Records, resource_id: str) -> None:
    """Take from every profile what it says of the resource: preferences and policies."""
    for kind in _PROFILES:
        for profile in records.find(kind):
            left = {
                field.name: kept
                for field in fields(profile)
                if isinstance(parts := getattr(profile, field.name), tuple)
                and len(kept := _others(parts, resource_id)) < len(parts)
            }
            if left:
                records.put(replace(profile, **left))


def _others(parts: Sequence[Any], resource_id: str) -> tuple[Any, ...]:
    return tuple(each for each in parts if all(getattr(each, name, None) != resource_id for name in _NAMES))
