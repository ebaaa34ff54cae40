"""What preferences of gateways, groups and users for compute and storage resources have in common, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from airavata_workload.api import request_check as check
from airavata_workload.api.access.permission import missing
from airavata_workload.api.catalogue.compute_resources import compute_resource_of
from airavata_workload.api.catalogue.storage_resources import storage_resource_of
from airavata_workload.api.credentials.credential_tokens import Named
from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.ports.record_store import Records
from airavata_workload.records.gateway_profiles import ComputeResourcePreference, StoragePreference
from airavata_workload.records.group_profiles import GroupComputeResourcePreference
from airavata_workload.records.user_profiles import UserComputeResourcePreference, UserStoragePreference

ComputePreference = ComputeResourcePreference | GroupComputeResourcePreference | UserComputeResourcePreference
AnyStoragePreference = StoragePreference | UserStoragePreference
AnyPreference = ComputePreference | AnyStoragePreference
P = TypeVar("P", bound=AnyPreference)


def check_compute_preference(preference: ComputePreference) -> None:
    """Raise ``InputError`` that names the resource and the field."""
    where = f"preference for '{preference.compute_resource_id}': "
    check.login_name(preference.login_user_name, f"{where}login_user_name")
    check.absolute_path(preference.scratch_location, f"{where}scratch_location")
    starts, ends = preference.reservation_starts_at_ms, preference.reservation_ends_at_ms
    if starts and ends and ends < starts:
        raise InputError(f"{where}the reservation ends before it starts.", remedy="Correct its end.")


def check_storage_preference(preference: AnyStoragePreference) -> None:
    """Raise ``InputError`` that names the resource and the field."""
    where = f"preference for '{preference.storage_resource_id}': "
    check.login_name(preference.login_user_name, f"{where}login_user_name")
    check.absolute_path(preference.file_system_root_location, f"{where}file_system_root_location")


def token_of(preference: AnyPreference, resource_id: str) -> Named:
    """The preference's token, and what errors call the field."""
    token = preference.resource_specific_credential_store_token
    return f"preference for '{resource_id}': resource_specific_credential_store_token", token


def changed_preferences(
    old: Sequence[P] | None, resource_id: str, new: P | None, what: str, *, there: bool
) -> tuple[P, ...]:
    """The preferences with that of one resource replaced by the new one, or taken away.

    ``there`` says whether the resource must have one: raises ``NotFoundError`` about ``what`` for one that is not
    there and should be, ``ConflictError`` for the opposite.
    """
    left = tuple(each for each in old or () if _resource_of(each) != resource_id)
    is_there = len(left) != len(old or ())
    if there and not is_there:
        raise missing(what)
    if is_there and not there:
        raise ConflictError(f"There is a {what} already.", remedy="Update it instead.")
    return left if new is None else (*left, new)


def check_changed(
    records: Records, old: Sequence[AnyPreference] | None, new: Sequence[AnyPreference] | None, field: str
) -> list[Named]:
    """The credentials that preferences name which the stored ones do not hold already; ``field`` is what has them.

    Raises ``InputError`` for two of one resource and for what cannot be right, ``NotFoundError`` for an unknown one.
    """
    check.unique(map(_resource_of, new or ()), field)
    changed = [each for each in new or () if each not in (old or ())]
    for each in changed:
        if isinstance(each, StoragePreference | UserStoragePreference):
            storage_resource_of(records, each.storage_resource_id)
            check_storage_preference(each)
        else:
            compute_resource_of(records, each.compute_resource_id)
            check_compute_preference(each)
    return [token_of(each, _resource_of(each)) for each in changed]


def _resource_of(preference: AnyPreference) -> str:
    if isinstance(preference, StoragePreference | UserStoragePreference):
        return preference.storage_resource_id
    return preference.compute_resource_id
