"""What the first start of an API server registers in an empty installation; as long as nobody has changed it, it
gives way to the records of the same ids that are moved there.

Gateways that two installations have made each for itself differ in instants
and in the ids of their groups, although nobody has asked for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.data_movement import LOCALDataMovement
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.gateways import Gateway, GatewayApprovalStatus, GatewayGroups
from airavata_workload.records.groups import ResourcePermissionType, ResourceType
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.record import Record
from airavata_workload.records.sharing import (
    Domain,
    EntityType,
    GroupMembership,
    PermissionType,
    SharingUser,
    UserGroup,
)
from airavata_workload.records.storage_resources import StorageResource

Replaced = frozenset[tuple[type[Record], str]]
"""Records by kind and id."""

_OF_THE_GATEWAY: Mapping[type[Record], int] = {
    Gateway: 1,
    GatewayGroups: 1,
    Domain: 1,
    SharingUser: 1,
    UserGroup: 4,  # the gateway's three, and the administrator's own
    GroupMembership: 3,
    EntityType: len(ResourceType) + 1,  # files, too
    PermissionType: len(ResourcePermissionType),
}
_OF_THE_STORAGE: Mapping[type[Record], int] = {StorageResource: 1, LOCALDataMovement: 1}
_ABOUT_BOTH: Mapping[type[Record], int] = {GatewayResourceProfile: 1}


def would_be_replaced(source: RecordStore, target: RecordStore) -> Replaced:
    """The target's records that give way; none unless the source has others of the same ids."""
    with target.reading() as records:
        found = _untouched(records)
    if not _differs(source, found):
        return frozenset()
    return frozenset((type(each), each.identity) for each in found)


def withdraw(source: RecordStore, target: RecordStore) -> None:
    """Remove them, all or none."""
    with target.transaction() as records:
        found = _untouched(records)
        if _differs(source, found):
            for each in found:
                records.delete(type(each), each.identity)


def _untouched(records: Records) -> list[Record]:
    """All records of a store in which there is nothing else; none at all of one that somebody has worked in."""
    counts = {kind: number for kind in KINDS if (number := records.count(kind))}
    parts = (_OF_THE_GATEWAY, _OF_THE_STORAGE, {**_OF_THE_GATEWAY, **_OF_THE_STORAGE, **_ABOUT_BOTH})
    if counts not in parts:
        return []
    found: list[Record] = [each for kind in counts for each in records.find(kind)]
    return found if all(_as_made(each) for each in found) else []


def _as_made(record: Record) -> bool:
    """Whether it is as it was registered; where no instant of a change tells, by all that it says."""
    if isinstance(record, Gateway):
        return record == Gateway(
            gateway_id=record.gateway_id,
            airavata_internal_gateway_id=record.gateway_id,
            gateway_approval_status=GatewayApprovalStatus.ACTIVE,
            gateway_name=record.gateway_id,
            requested_at_ms=record.requested_at_ms,
        )
    if isinstance(record, GatewayResourceProfile):
        storage = record.storage_preferences
        return len(storage or ()) == 1 and record == GatewayResourceProfile(
            gateway_id=record.gateway_id, storage_preferences=storage
        )
    dated: Any = record
    return not hasattr(record, "updated_at_ms") or dated.created_at_ms == dated.updated_at_ms


def _differs(source: RecordStore, found: list[Record]) -> bool:
    """Whether the source has another record of one of the ids. It has the same where both share a store."""
    with source.reading() as records:
        return any(
            ours != each
            for each in found
            for ours in records.find(type(each), Query(equal={type(each).IDENTITY: each.identity}))
        )
