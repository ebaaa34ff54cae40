"""User resource profiles: as whom, where and how a user works on compute and storage resources."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import require_admin_view, require_gateway, require_user
from airavata_workload.api.credentials.credential_tokens import check_tokens
from airavata_workload.api.profiles.preference_check import changed_preferences, check_changed
from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.user_profiles import (
    UserComputeResourcePreference,
    UserResourceProfile,
    UserStoragePreference,
)


class UserProfiles:
    """Keeps one resource profile for each user of a gateway.

    Users read and change their own, administrators all of the gateway.
    Raises ``NotFoundError`` for another gateway, for an unknown resource and
    for a preference that is not there, and ``DeniedError``.
    """

    def __init__(self, *, records: RecordStore, sharing: Sharing) -> None:
        self._records = records
        self._sharing = sharing

    # -- profiles -----------------------------------------------------------------------
    def register(self, caller: Caller, user_resource_profile: UserResourceProfile) -> str:
        """Store the profile of a user; returns the user's id. Raises ``ConflictError`` if they have one."""
        gateway_id, user_id = user_resource_profile.gateway_id, check.given(user_resource_profile.user_id, "user_id")
        require_existing_gateway(self._records, caller, gateway_id)
        _require_own(caller, user_id, gateway_id)
        with self._records.transaction() as records:
            if records.get(UserResourceProfile, user_resource_profile.key) is not None:
                raise ConflictError(
                    f"User '{user_id}' of gateway '{gateway_id}' has a resource profile already.",
                    remedy="Update it, or delete it first.",
                )
            self._store(records, caller, replace(user_resource_profile, is_null=False))
        return user_id

    def exists(self, caller: Caller, user_id: str, gateway_id: str) -> bool:
        """Whether the user has a profile."""
        _require_view(caller, user_id, gateway_id)
        with self._records.reading() as records:
            return records.get(UserResourceProfile, UserResourceProfile.key_of(gateway_id, user_id)) is not None

    def get(self, caller: Caller, user_id: str, gateway_id: str) -> UserResourceProfile:
        """The profile of a user; one that says ``is_null`` for a user who has none.

        Source: Airavata 0.21: clients ask before they make one, and look at that mark.
        """
        _require_view(caller, user_id, gateway_id)
        with self._records.reading() as records:
            found = records.get(UserResourceProfile, UserResourceProfile.key_of(gateway_id, user_id))
        return found or UserResourceProfile(user_id=user_id, gateway_id=gateway_id, is_null=True)

    def update(self, caller: Caller, user_id: str, gateway_id: str, user_resource_profile: UserResourceProfile) -> bool:
        """Put another profile in its place; preferences stay where the new one says nothing of them."""
        _require_own(caller, user_id, gateway_id)
        with self._records.transaction() as records:
            old = _profile(records, user_id, gateway_id)
            new = user_resource_profile
            compute, storage = new.user_compute_resource_preferences, new.user_storage_preferences
            merged = replace(
                new,
                user_id=user_id,
                gateway_id=gateway_id,
                user_compute_resource_preferences=old.user_compute_resource_preferences if compute is None else compute,
                user_storage_preferences=old.user_storage_preferences if storage is None else storage,
                is_null=False,
            )
            self._store(records, caller, merged)
        return True

    def delete(self, caller: Caller, user_id: str, gateway_id: str) -> bool:
        """Forget the profile of a user with its preferences."""
        _require_own(caller, user_id, gateway_id)
        with self._records.transaction() as records:
            records.delete(UserResourceProfile, _profile(records, user_id, gateway_id).key)
        return True

    def all(self, caller: Caller) -> tuple[UserResourceProfile, ...]:
        """The profiles of all users of the caller's gateway; for internal peers of all gateways."""
        require_admin_view(caller, "list the resource profiles of all users")
        which = Query() if caller.internal else Query(equal={"gateway_id": caller.gateway})
        with self._records.reading() as records:
            return tuple(records.find(UserResourceProfile, which))

    # -- compute preferences ------------------------------------------------------------
    def add_compute_preference(
        self,
        caller: Caller,
        user_id: str,
        gateway_id: str,
        user_compute_resource_id: str,
        user_compute_resource_preference: UserComputeResourcePreference,
    ) -> bool:
        """Say how the user works on a compute resource. Raises ``ConflictError`` if that was said already."""
        new = replace(user_compute_resource_preference, compute_resource_id=user_compute_resource_id)
        return self._change_compute(caller, user_id, gateway_id, user_compute_resource_id, new, there=False)

    def update_compute_preference(
        self,
        caller: Caller,
        user_id: str,
        gateway_id: str,
        user_compute_resource_id: str,
        user_compute_resource_preference: UserComputeResourcePreference,
    ) -> bool:
        """Put another preference in place of the old one."""
        new = replace(user_compute_resource_preference, compute_resource_id=user_compute_resource_id)
        return self._change_compute(caller, user_id, gateway_id, user_compute_resource_id, new, there=True)

    def delete_compute_preference(
        self, caller: Caller, user_id: str, gateway_id: str, user_compute_resource_id: str
    ) -> bool:
        """Forget how the user works on a compute resource."""
        return self._change_compute(caller, user_id, gateway_id, user_compute_resource_id, None, there=True)

    def get_compute_preference(
        self, caller: Caller, user_id: str, gateway_id: str, user_compute_resource_id: str
    ) -> UserComputeResourcePreference:
        """How the user works on a compute resource."""
        preferences = self.compute_preferences(caller, user_id, gateway_id)
        found = next((each for each in preferences if each.compute_resource_id == user_compute_resource_id), None)
        return check.found(found, _preference(user_id, "compute", user_compute_resource_id))

    def has_compute_preference(
        self, caller: Caller, user_id: str, gateway_id: str, user_compute_resource_id: str
    ) -> bool:
        """Whether the user has said how they work on a compute resource."""
        preferences = self.compute_preferences(caller, user_id, gateway_id)
        return any(each.compute_resource_id == user_compute_resource_id for each in preferences)

    def compute_preferences(
        self, caller: Caller, user_id: str, gateway_id: str
    ) -> tuple[UserComputeResourcePreference, ...]:
        """How the user works on each compute resource."""
        return self.get(caller, user_id, gateway_id).user_compute_resource_preferences or ()

    def _change_compute(
        self,
        caller: Caller,
        user_id: str,
        gateway_id: str,
        resource_id: str,
        new: UserComputeResourcePreference | None,
        *,
        there: bool,
    ) -> bool:
        _require_own(caller, user_id, gateway_id)
        with self._records.transaction() as records:
            profile = _profile(records, user_id, gateway_id)
            old, what = profile.user_compute_resource_preferences, _preference(user_id, "compute", resource_id)
            after = changed_preferences(old, resource_id, new, what, there=there)
            self._store(records, caller, replace(profile, user_compute_resource_preferences=after))
        return True

    # -- storage preferences ------------------------------------------------------------
    def add_storage_preference(
        self,
        caller: Caller,
        user_id: str,
        gateway_id: str,
        user_storage_resource_id: str,
        user_storage_preference: UserStoragePreference,
    ) -> bool:
        """Say how the user works on a storage resource. Raises ``ConflictError`` if that was said already."""
        new = replace(user_storage_preference, storage_resource_id=user_storage_resource_id)
        return self._change_storage(caller, user_id, gateway_id, user_storage_resource_id, new, there=False)

    def update_storage_preference(
        self,
        caller: Caller,
        user_id: str,
        gateway_id: str,
        user_storage_id: str,
        user_storage_preference: UserStoragePreference,
    ) -> bool:
        """Put another preference in place of the old one."""
        new = replace(user_storage_preference, storage_resource_id=user_storage_id)
        return self._change_storage(caller, user_id, gateway_id, user_storage_id, new, there=True)

    def delete_storage_preference(self, caller: Caller, user_id: str, gateway_id: str, user_storage_id: str) -> bool:
        """Forget how the user works on a storage resource."""
        return self._change_storage(caller, user_id, gateway_id, user_storage_id, None, there=True)

    def get_storage_preference(
        self, caller: Caller, user_id: str, gateway_id: str, user_storage_resource_id: str
    ) -> UserStoragePreference:
        """How the user works on a storage resource."""
        preferences = self.storage_preferences(caller, user_id, gateway_id)
        found = next((each for each in preferences if each.storage_resource_id == user_storage_resource_id), None)
        return check.found(found, _preference(user_id, "storage", user_storage_resource_id))

    def storage_preferences(self, caller: Caller, user_id: str, gateway_id: str) -> tuple[UserStoragePreference, ...]:
        """How the user works on each storage resource."""
        return self.get(caller, user_id, gateway_id).user_storage_preferences or ()

    def _change_storage(
        self,
        caller: Caller,
        user_id: str,
        gateway_id: str,
        resource_id: str,
        new: UserStoragePreference | None,
        *,
        there: bool,
    ) -> bool:
        _require_own(caller, user_id, gateway_id)
        with self._records.transaction() as records:
            profile = _profile(records, user_id, gateway_id)
            old, what = profile.user_storage_preferences, _preference(user_id, "storage", resource_id)
            after = changed_preferences(old, resource_id, new, what, there=there)
            self._store(records, caller, replace(profile, user_storage_preferences=after))
        return True

    def _store(self, records: Records, caller: Caller, profile: UserResourceProfile) -> None:
        """Check what the stored profile does not say already, and store."""
        old = records.get(UserResourceProfile, profile.key) or UserResourceProfile(user_id="", gateway_id="")
        compute, storage = profile.user_compute_resource_preferences, profile.user_storage_preferences
        field = "user_compute_resource_preferences"
        tokens = check_changed(records, old.user_compute_resource_preferences, compute, field)
        tokens += check_changed(records, old.user_storage_preferences, storage, "user_storage_preferences")
        if profile.credential_store_token != old.credential_store_token:
            tokens.append(("credential_store_token", profile.credential_store_token))
        check_tokens(records, self._sharing, caller, profile.gateway_id, tokens)
        records.put(profile)


def _require_own(caller: Caller, user_id: str, gateway_id: str) -> None:
    require_gateway(caller, gateway_id)
    require_user(caller, user_id, "change the resource profile of another user")


def _require_view(caller: Caller, user_id: str, gateway_id: str) -> None:
    require_gateway(caller, gateway_id)
    if caller.user != user_id:
        require_admin_view(caller, "see the resource profile of another user")


def _profile(records: Records, user_id: str, gateway_id: str) -> UserResourceProfile:
    found = records.get(UserResourceProfile, UserResourceProfile.key_of(gateway_id, user_id))
    return check.found(found, f"resource profile of user '{user_id}' in gateway '{gateway_id}'")


def _preference(user_id: str, kind: str, resource_id: str) -> str:
    return f"preference of user '{user_id}' for {kind} resource '{resource_id}'"
