"""What preferences of gateways, groups and users for compute and storage resources have in common, checked."""

from __future__ import annotations

from airavata_workload.api import request_check as check
from airavata_workload.api.access.permission import missing
from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.records.gateway_profiles import ComputeResourcePreference, StoragePreference
from airavata_workload.records.group_profiles import GroupComputeResourcePreference
from airavata_workload.records.user_profiles import UserComputeResourcePreference, UserStoragePreference

ComputePreference = ComputeResourcePreference | GroupComputeResourcePreference | UserComputeResourcePreference
AnyStoragePreference = StoragePreference | UserStoragePreference


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


def token_of(preference: ComputePreference | AnyStoragePreference, resource_id: str) -> tuple[str, str | None]:
    """The preference's token, and what errors call the field."""
    token = preference.resource_specific_credential_store_token
    return f"preference for '{resource_id}': resource_specific_credential_store_token", token


def require_there(what: str, is_there: bool, should_be: bool) -> None:
    """Raise ``NotFoundError`` for what is not there and should be, ``ConflictError`` for the opposite."""
    if should_be and not is_there:
        raise missing(what)
    if is_there and not should_be:
        raise ConflictError(f"There is a {what} already.", remedy="Update it instead.")
