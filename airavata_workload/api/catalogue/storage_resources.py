"""Storage resources. Who may change them: ``shared_catalogue``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.permission import missing, require_admin
from airavata_workload.api.catalogue.compute_resources import MOVEMENT_KINDS
from airavata_workload.api.catalogue.named_interfaces import changed_interfaces, require_no_interfaces
from airavata_workload.api.catalogue.resource_uses import forget_in_profiles
from airavata_workload.api.catalogue.shared_catalogue import require_free_id, require_shared_write
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.storage_resources import StorageResource


class StorageResources:
    """Registers storage resources, changes them and tells of them. ``clock`` gives microseconds."""

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def register(self, caller: Caller, storage_resource: StorageResource) -> str:
        """Store a new storage resource; returns its id ``<host name>_<uuid>``.

        Raises ``InputError``, ``ConflictError`` for an id that is taken, and ``DeniedError``.
        """
        require_admin(caller, "register storage resources")
        host = check.host_name(storage_resource.host_name, "host_name")
        require_no_interfaces(storage_resource.data_movement_interfaces, "data_movement_interfaces")
        identifier = check.chosen_id(storage_resource.storage_resource_id, host, "storage_resource_id")
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            require_free_id(records, identifier)
            records.add(
                replace(
                    storage_resource,
                    storage_resource_id=identifier,
                    host_name=host,
                    created_at_ms=now_ms,
                    updated_at_ms=now_ms,
                )
            )
        return identifier

    def get(self, caller: Caller, storage_resource_id: str) -> StorageResource:
        """The storage resource. Raises ``NotFoundError``."""
        with self._records.reading() as records:
            return storage_resource_of(records, storage_resource_id)

    def names(self, caller: Caller) -> Mapping[str, str]:
        """The host names of all storage resources, by id."""
        with self._records.reading() as records:
            return {each.storage_resource_id: each.host_name for each in records.find(StorageResource)}

    def update(self, caller: Caller, storage_resource_id: str, storage_resource: StorageResource) -> bool:
        """Put another description in its place; interfaces stay where the new one says nothing of them.

        Raises ``InputError``, ``NotFoundError`` and ``DeniedError``.
        """
        with self._records.transaction() as records:
            require_shared_write(records, caller, storage_resource_id, "change the storage resource")
            old = storage_resource_of(records, storage_resource_id)
            movements = changed_interfaces(
                records,
                old.data_movement_interfaces,
                storage_resource.data_movement_interfaces,
                MOVEMENT_KINDS,
                "data_movement_interfaces",
            )
            records.put(
                replace(
                    storage_resource,
                    storage_resource_id=storage_resource_id,
                    host_name=check.host_name(storage_resource.host_name, "host_name"),
                    data_movement_interfaces=movements,
                    created_at_ms=old.created_at_ms,
                    updated_at_ms=self._clock() // 1000,
                )
            )
        return True

    def delete(self, caller: Caller, storage_resource_id: str) -> bool:
        """Forget a storage resource with its interfaces, and what profiles say of it.

        Raises ``NotFoundError`` and ``DeniedError``.
        """
        with self._records.transaction() as records:
            require_shared_write(records, caller, storage_resource_id, "delete the storage resource")
            resource = storage_resource_of(records, storage_resource_id)
            for movement in resource.data_movement_interfaces or ():
                for kind in MOVEMENT_KINDS:
                    records.delete(kind, movement.data_movement_interface_id)
            forget_in_profiles(records, storage_resource_id)
            records.delete(StorageResource, storage_resource_id)
        return True


def storage_resource_of(records: Records, storage_resource_id: str | None) -> StorageResource:
    """The storage resource. Raises ``NotFoundError``."""
    what = f"storage resource '{storage_resource_id or ''}'"
    if not storage_resource_id:
        raise missing(what)
    return check.found(records.get(StorageResource, storage_resource_id), what)
