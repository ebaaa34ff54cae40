"""Data movement interfaces of compute and storage resources. Who may change them: ``shared_catalogue``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from airavata_workload.api import request_check as check
from airavata_workload.api.access.permission import missing, require_admin
from airavata_workload.api.catalogue.compute_resources import MOVEMENT_KINDS, compute_resource_of
from airavata_workload.api.catalogue.priorities import reordered
from airavata_workload.api.catalogue.shared_catalogue import require_shared_write
from airavata_workload.api.catalogue.storage_resources import storage_resource_of
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.data_movement import (
    DataMovementInterface,
    DataMovementProtocol,
    DMType,
    GridFTPDataMovement,
    LOCALDataMovement,
    SCPDataMovement,
    UnicoreDataMovement,
)
from airavata_workload.records.storage_resources import StorageResource

Movement = SCPDataMovement | LOCALDataMovement | GridFTPDataMovement | UnicoreDataMovement
D = TypeVar("D", bound=Movement)
Resource = ComputeResource | StorageResource


class DataMovements:
    """Adds interfaces to compute and storage resources and changes them. ``clock`` gives microseconds.

    Every ``add`` takes the id of the resource as ``product_uri``, returns the
    id of the new interface and raises ``NotFoundError`` for an unknown
    resource; every ``update`` and ``get`` raises ``NotFoundError`` for an
    interface that does not exist or is of another kind. Writing raises
    ``DeniedError`` and ``InputError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    # -- adding -----------------------------------------------------------------------
    def add_local(
        self,
        caller: Caller,
        product_uri: str,
        data_move_type: DMType,
        priority_order: int,
        local_data_movement: LOCALDataMovement,
    ) -> str:
        """The files are on this machine's file systems."""
        protocol = DataMovementProtocol.LOCAL
        return self._add(caller, product_uri, data_move_type, priority_order, local_data_movement, protocol)

    def add_scp(
        self,
        caller: Caller,
        product_uri: str,
        data_move_type: DMType,
        priority_order: int,
        scp_data_movement: SCPDataMovement,
    ) -> str:
        """Files go by SCP."""
        protocol = DataMovementProtocol.SCP
        return self._add(caller, product_uri, data_move_type, priority_order, scp_data_movement, protocol)

    def add_unicore(
        self,
        caller: Caller,
        product_uri: str,
        data_move_type: DMType,
        priority_order: int,
        unicore_data_movement: UnicoreDataMovement,
    ) -> str:
        """Files go through a UNICORE server."""
        protocol = DataMovementProtocol.UNICORE_STORAGE_SERVICE
        return self._add(caller, product_uri, data_move_type, priority_order, unicore_data_movement, protocol)

    def add_grid_ftp(
        self,
        caller: Caller,
        product_uri: str,
        data_move_type: DMType,
        priority_order: int,
        grid_ftp_data_movement: GridFTPDataMovement,
    ) -> str:
        """Files go by GridFTP."""
        protocol = DataMovementProtocol.GridFTP
        return self._add(caller, product_uri, data_move_type, priority_order, grid_ftp_data_movement, protocol)

    def _add(
        self,
        caller: Caller,
        resource_id: str,
        data_move_type: DMType,
        priority_order: int,
        movement: Movement,
        protocol: DataMovementProtocol,
    ) -> str:
        _check(movement)
        identifier = check.new_id(protocol)
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            require_shared_write(records, caller, resource_id, "add data movement interfaces to it")
            resource = _resource(records, resource_id, data_move_type)
            interface = DataMovementInterface(
                data_movement_interface_id=identifier,
                data_movement_protocol=protocol,
                priority_order=priority_order,
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
                storage_resource_id=resource_id if isinstance(resource, StorageResource) else None,
            )
            records.add(replace(movement, data_movement_interface_id=identifier))
            interfaces = (*(resource.data_movement_interfaces or ()), interface)
            records.put(replace(resource, data_movement_interfaces=interfaces))
        return identifier

    # -- changing ---------------------------------------------------------------------
    def update_local(
        self, caller: Caller, data_movement_interface_id: str, local_data_movement: LOCALDataMovement
    ) -> bool:
        """Put another description of a local interface in place of the old one."""
        return self._update(caller, data_movement_interface_id, local_data_movement)

    def update_scp(self, caller: Caller, data_movement_interface_id: str, scp_data_movement: SCPDataMovement) -> bool:
        """Put another description of an SCP interface in place of the old one."""
        return self._update(caller, data_movement_interface_id, scp_data_movement)

    def update_unicore(
        self, caller: Caller, data_movement_interface_id: str, unicore_data_movement: UnicoreDataMovement
    ) -> bool:
        """Put another description of a UNICORE interface in place of the old one."""
        return self._update(caller, data_movement_interface_id, unicore_data_movement)

    def update_grid_ftp(
        self, caller: Caller, data_movement_interface_id: str, grid_ftp_data_movement: GridFTPDataMovement
    ) -> bool:
        """Put another description of a GridFTP interface in place of the old one."""
        return self._update(caller, data_movement_interface_id, grid_ftp_data_movement)

    def _update(self, caller: Caller, identifier: str, movement: Movement) -> bool:
        _check(movement)
        with self._records.transaction() as records:
            owner = next((each for each in _resources(records) if identifier in _interface_ids(each)), None)
            require_shared_write(records, caller, owner.identity if owner else "", "change its interfaces")
            _movement(records, type(movement), identifier)
            records.put(replace(movement, data_movement_interface_id=identifier))
        return True

    def delete(self, caller: Caller, product_uri: str, data_movement_interface_id: str, data_move_type: DMType) -> bool:
        """Take an interface from its resource and forget it."""
        with self._records.transaction() as records:
            require_shared_write(records, caller, product_uri, "delete its data movement interfaces")
            resource = _resource(records, product_uri, data_move_type)
            interfaces = resource.data_movement_interfaces or ()
            left = tuple(each for each in interfaces if each.data_movement_interface_id != data_movement_interface_id)
            if len(left) == len(interfaces):
                raise missing(f"data movement interface '{data_movement_interface_id}' of '{product_uri}'")
            for kind in MOVEMENT_KINDS:
                records.delete(kind, data_movement_interface_id)
            records.put(replace(resource, data_movement_interfaces=left))
        return True

    # -- telling ----------------------------------------------------------------------
    def get_local(self, caller: Caller, data_movement_id: str) -> LOCALDataMovement:
        """A local interface."""
        return self._get(LOCALDataMovement, data_movement_id)

    def get_scp(self, caller: Caller, data_movement_id: str) -> SCPDataMovement:
        """An SCP interface."""
        return self._get(SCPDataMovement, data_movement_id)

    def get_unicore(self, caller: Caller, data_movement_id: str) -> UnicoreDataMovement:
        """A UNICORE interface."""
        return self._get(UnicoreDataMovement, data_movement_id)

    def get_grid_ftp(self, caller: Caller, data_movement_id: str) -> GridFTPDataMovement:
        """A GridFTP interface."""
        return self._get(GridFTPDataMovement, data_movement_id)

    def _get(self, kind: type[D], identifier: str) -> D:
        with self._records.reading() as records:
            return _movement(records, kind, identifier)

    # -- order ------------------------------------------------------------------------
    def change_priority(self, caller: Caller, data_movement_interface_id: str, new_priority_order: int) -> bool:
        """Give an interface another place in the order; the least is tried first."""
        return self.change_priorities(caller, {data_movement_interface_id: new_priority_order})

    def change_priorities(self, caller: Caller, data_movement_priority_map: Mapping[str, int]) -> bool:
        """Give several interfaces, by id, other places in the order, all or none."""
        require_admin(caller, "change priorities of data movement interfaces")
        left = set(data_movement_priority_map)
        with self._records.transaction() as records:
            for resource in _resources(records):
                mine = left & _interface_ids(resource)
                if mine:
                    left -= mine
                    require_shared_write(records, caller, resource.identity, "change its interfaces")
                    interfaces = resource.data_movement_interfaces or ()
                    new = reordered(interfaces, "data_movement_interface_id", data_movement_priority_map)
                    records.put(replace(resource, data_movement_interfaces=new))
            if left:
                raise missing(f"data movement interface '{min(left)}'")
        return True


def _resource(records: Records, resource_id: str, data_move_type: DMType) -> Resource:
    if data_move_type is DMType.STORAGE_RESOURCE:
        return storage_resource_of(records, resource_id)
    return compute_resource_of(records, resource_id)


def _resources(records: Records) -> list[Resource]:
    return [*records.find(ComputeResource), *records.find(StorageResource)]


def _interface_ids(resource: Resource) -> set[str]:
    return {each.data_movement_interface_id for each in resource.data_movement_interfaces or ()}


def _movement(records: Records, kind: type[D], identifier: str | None) -> D:
    found = records.get(kind, identifier) if identifier else None
    return check.found(found, f"data movement interface '{identifier or ''}' of kind {kind.__name__}")


def _check(movement: Movement) -> None:
    if isinstance(movement, SCPDataMovement):
        check.port(movement.ssh_port, "ssh_port")
        if movement.alternative_scp_host_name:
            check.host_name(movement.alternative_scp_host_name, "alternative_scp_host_name")
    if isinstance(movement, UnicoreDataMovement):
        check.given(movement.unicore_end_point_url, "unicore_end_point_url")
    if isinstance(movement, GridFTPDataMovement) and not movement.grid_ftp_end_points:
        check.given("", "grid_ftp_end_points")
