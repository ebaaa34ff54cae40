"""What is there before anybody has registered anything: a gateway, and the installation's storage in it."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api.people.gateways import Gateways
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.data_movement import DataMovementInterface, DataMovementProtocol, LOCALDataMovement
from airavata_workload.records.gateway_profiles import GatewayResourceProfile, StoragePreference
from airavata_workload.records.storage_resources import StorageResource

FIRST_ADMIN = "admin"
"""Who administers a gateway that nobody has asked for."""


class FirstStart:
    """Registers what is not registered yet; done at every start of a server. ``clock`` gives microseconds."""

    def __init__(self, *, records: RecordStore, gateways: Gateways, clock: Clock) -> None:
        self._records = records
        self._gateways = gateways
        self._clock = clock

    def offer(self, gateway_id: str, storage: GatewayStorage | None) -> None:
        """Make the gateway exist, and the storage be one of its storage resources. '' is no gateway."""
        if gateway_id:
            self._gateways.ensure(gateway_id, FIRST_ADMIN)
        if storage is None:
            return
        with self._records.transaction() as records:
            if records.get(StorageResource, storage.resource_id) is None:
                self._register(records, storage)
            if gateway_id:
                _prefer(records, gateway_id, storage)

    def _register(self, records: Records, storage: GatewayStorage) -> None:
        now_ms = self._clock() // 1000
        movement = LOCALDataMovement(data_movement_interface_id=f"{storage.resource_id}_local")
        records.put(movement)
        # Another process may begin at the same moment, and then writes the same.
        records.put(
            StorageResource(
                storage_resource_id=storage.resource_id,
                host_name=storage.host_name,
                storage_resource_description="The installation's own storage, over SFTP",
                enabled=True,
                data_movement_interfaces=(
                    DataMovementInterface(
                        data_movement_interface_id=movement.data_movement_interface_id,
                        data_movement_protocol=DataMovementProtocol.LOCAL,
                        created_at_ms=now_ms,
                        updated_at_ms=now_ms,
                        storage_resource_id=storage.resource_id,
                    ),
                ),
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
            )
        )


def _prefer(records: Records, gateway_id: str, storage: GatewayStorage) -> None:
    """Say in the gateway's resource profile where its part of the storage is, as the settings have it now."""
    profile = records.get(GatewayResourceProfile, gateway_id) or GatewayResourceProfile(gateway_id=gateway_id)
    ours = StoragePreference(
        storage_resource_id=storage.resource_id, file_system_root_location=str(storage.directory(gateway_id))
    )
    known = profile.storage_preferences or ()
    if ours not in known:
        others = tuple(each for each in known if each.storage_resource_id != storage.resource_id)
        records.put(replace(profile, storage_preferences=(*others, ours)))
