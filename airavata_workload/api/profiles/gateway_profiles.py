"""Gateway resource profiles: as whom, where and how a gateway works on compute and storage resources."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import require_admin, require_admin_view, require_gateway
from airavata_workload.api.credentials.credential_tokens import check_tokens
from airavata_workload.api.profiles.preference_check import changed_preferences, check_changed
from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.gateway_profiles import (
    ComputeResourcePreference,
    GatewayResourceProfile,
    StoragePreference,
)


class GatewayProfiles:
    """Keeps one resource profile for each gateway.

    The people of a gateway read its profile, since clients look there for the
    storage resource of inputs; it names credentials by token and holds none.
    Its administrators change it. Raises ``NotFoundError`` for another gateway,
    for an unknown resource and for a preference that is not there.
    """

    def __init__(self, *, records: RecordStore, sharing: Sharing) -> None:
        self._records = records
        self._sharing = sharing

    # -- profiles -----------------------------------------------------------------------
    def register(self, caller: Caller, gateway_resource_profile: GatewayResourceProfile) -> str:
        """Store the profile of a gateway; returns the gateway's id. Raises ``ConflictError`` if it has one."""
        require_existing_gateway(self._records, caller, gateway_resource_profile.gateway_id)
        gateway_id = self._require_write(caller, gateway_resource_profile.gateway_id)
        with self._records.transaction() as records:
            if records.get(GatewayResourceProfile, gateway_id) is not None:
                raise ConflictError(
                    f"Gateway '{gateway_id}' has a resource profile already.",
                    remedy="Update it, or delete it first.",
                )
            self._store(records, caller, replace(gateway_resource_profile, gateway_id=gateway_id))
        return gateway_id

    def get(self, caller: Caller, gateway_id: str) -> GatewayResourceProfile:
        """The profile of a gateway."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return _profile(records, gateway_id)

    def update(self, caller: Caller, gateway_id: str, gateway_resource_profile: GatewayResourceProfile) -> bool:
        """Put another profile in its place; preferences stay where the new one says nothing of them."""
        self._require_write(caller, gateway_id)
        with self._records.transaction() as records:
            old = _profile(records, gateway_id)
            new = gateway_resource_profile
            compute, storage = new.compute_resource_preferences, new.storage_preferences
            merged = replace(
                new,
                gateway_id=gateway_id,
                compute_resource_preferences=old.compute_resource_preferences if compute is None else compute,
                storage_preferences=old.storage_preferences if storage is None else storage,
            )
            self._store(records, caller, merged)
        return True

    def delete(self, caller: Caller, gateway_id: str) -> bool:
        """Forget the profile of a gateway with its preferences."""
        self._require_write(caller, gateway_id)
        with self._records.transaction() as records:
            _profile(records, gateway_id)
            records.delete(GatewayResourceProfile, gateway_id)
        return True

    def all(self, caller: Caller) -> tuple[GatewayResourceProfile, ...]:
        """All profiles that exist for the caller: of every gateway for internal peers, else that of their own."""
        require_admin_view(caller, "list gateway resource profiles")
        with self._records.reading() as records:
            if caller.internal:
                return tuple(records.find(GatewayResourceProfile))
            own = records.get(GatewayResourceProfile, caller.gateway)
            return (own,) if own is not None else ()

    # -- compute preferences ------------------------------------------------------------
    def add_compute_preference(
        self,
        caller: Caller,
        gateway_id: str,
        compute_resource_id: str,
        compute_resource_preference: ComputeResourcePreference,
    ) -> bool:
        """Say how the gateway works on a compute resource. Raises ``ConflictError`` if that was said already."""
        new = replace(compute_resource_preference, compute_resource_id=compute_resource_id)
        return self._change_compute(caller, gateway_id, compute_resource_id, new, there=False)

    def update_compute_preference(
        self,
        caller: Caller,
        gateway_id: str,
        compute_resource_id: str,
        compute_resource_preference: ComputeResourcePreference,
    ) -> bool:
        """Put another preference in place of the old one."""
        new = replace(compute_resource_preference, compute_resource_id=compute_resource_id)
        return self._change_compute(caller, gateway_id, compute_resource_id, new, there=True)

    def delete_compute_preference(self, caller: Caller, gateway_id: str, compute_resource_id: str) -> bool:
        """Forget how the gateway works on a compute resource."""
        return self._change_compute(caller, gateway_id, compute_resource_id, None, there=True)

    def get_compute_preference(
        self, caller: Caller, gateway_id: str, compute_resource_id: str
    ) -> ComputeResourcePreference:
        """How the gateway works on a compute resource."""
        preferences = self.compute_preferences(caller, gateway_id)
        found = next((each for each in preferences if each.compute_resource_id == compute_resource_id), None)
        return check.found(found, _compute_preference(gateway_id, compute_resource_id))

    def compute_preferences(self, caller: Caller, gateway_id: str) -> tuple[ComputeResourcePreference, ...]:
        """How the gateway works on each compute resource."""
        return self.get(caller, gateway_id).compute_resource_preferences or ()

    def _change_compute(
        self, caller: Caller, gateway_id: str, resource_id: str, new: ComputeResourcePreference | None, *, there: bool
    ) -> bool:
        self._require_write(caller, gateway_id)
        what = _compute_preference(gateway_id, resource_id)
        with self._records.transaction() as records:
            profile = _profile(records, gateway_id)
            after = changed_preferences(profile.compute_resource_preferences, resource_id, new, what, there=there)
            self._store(records, caller, replace(profile, compute_resource_preferences=after))
        return True

    # -- storage preferences ------------------------------------------------------------
    def add_storage_preference(
        self, caller: Caller, gateway_id: str, storage_resource_id: str, storage_preference: StoragePreference
    ) -> bool:
        """Say how the gateway works on a storage resource. Raises ``ConflictError`` if that was said already."""
        new = replace(storage_preference, storage_resource_id=storage_resource_id)
        return self._change_storage(caller, gateway_id, storage_resource_id, new, there=False)

    def update_storage_preference(
        self, caller: Caller, gateway_id: str, storage_id: str, storage_preference: StoragePreference
    ) -> bool:
        """Put another preference in place of the old one."""
        new = replace(storage_preference, storage_resource_id=storage_id)
        return self._change_storage(caller, gateway_id, storage_id, new, there=True)

    def delete_storage_preference(self, caller: Caller, gateway_id: str, storage_id: str) -> bool:
        """Forget how the gateway works on a storage resource."""
        return self._change_storage(caller, gateway_id, storage_id, None, there=True)

    def get_storage_preference(self, caller: Caller, gateway_id: str, storage_resource_id: str) -> StoragePreference:
        """How the gateway works on a storage resource."""
        preferences = self.storage_preferences(caller, gateway_id)
        found = next((each for each in preferences if each.storage_resource_id == storage_resource_id), None)
        return check.found(found, _storage_preference(gateway_id, storage_resource_id))

    def storage_preferences(self, caller: Caller, gateway_id: str) -> tuple[StoragePreference, ...]:
        """How the gateway works on each storage resource."""
        return self.get(caller, gateway_id).storage_preferences or ()

    def _change_storage(
        self, caller: Caller, gateway_id: str, resource_id: str, new: StoragePreference | None, *, there: bool
    ) -> bool:
        self._require_write(caller, gateway_id)
        what = _storage_preference(gateway_id, resource_id)
        with self._records.transaction() as records:
            profile = _profile(records, gateway_id)
            after = changed_preferences(profile.storage_preferences, resource_id, new, what, there=there)
            self._store(records, caller, replace(profile, storage_preferences=after))
        return True

    # -- what all writes share ----------------------------------------------------------
    @staticmethod
    def _require_write(caller: Caller, gateway_id: str) -> str:
        require_gateway(caller, gateway_id)
        require_admin(caller, "change the gateway's resource profile")
        return check.given(gateway_id, "gateway_id")

    def _store(self, records: Records, caller: Caller, profile: GatewayResourceProfile) -> None:
        """Check what the stored profile does not say already, and store."""
        old = records.get(GatewayResourceProfile, profile.gateway_id) or GatewayResourceProfile(gateway_id="")
        compute, storage = profile.compute_resource_preferences, profile.storage_preferences
        tokens = check_changed(records, old.compute_resource_preferences, compute, "compute_resource_preferences")
        tokens += check_changed(records, old.storage_preferences, storage, "storage_preferences")
        if profile.credential_store_token != old.credential_store_token:
            tokens.append(("credential_store_token", profile.credential_store_token))
        check_tokens(records, self._sharing, caller, profile.gateway_id, tokens)
        records.put(profile)


def _profile(records: Records, gateway_id: str) -> GatewayResourceProfile:
    found = records.get(GatewayResourceProfile, gateway_id) if gateway_id else None
    return check.found(found, f"resource profile of gateway '{gateway_id}'")


def _compute_preference(gateway_id: str, resource_id: str) -> str:
    return f"preference of gateway '{gateway_id}' for compute resource '{resource_id}'"


def _storage_preference(gateway_id: str, resource_id: str) -> str:
    return f"preference of gateway '{gateway_id}' for storage resource '{resource_id}'"
