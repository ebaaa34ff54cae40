"""How the fields and enumerations of Thrift are called in records: in snake case, but for what stands in a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

RENAMED_EVERYWHERE: Mapping[str, str] = {
    # Instants: all are milliseconds since 1970.
    "createdAt": "created_at_ms",
    "createdTime": "created_at_ms",
    "creationTime": "created_at_ms",
    "expirationTime": "expires_at_ms",
    "lastAccessTime": "last_access_at_ms",
    "lastModifiedTime": "updated_at_ms",
    "lastUpdateTime": "updated_at_ms",
    "originalEntityCreationTime": "original_entity_created_at_ms",
    "persistedTime": "persisted_at_ms",
    "publishedTime": "published_at_ms",
    "requestCreationTime": "requested_at_ms",
    "reservationEndTime": "reservation_ends_at_ms",
    "reservationStartTime": "reservation_starts_at_ms",
    "statusUpdateTime": "status_updated_at_ms",
    "timeOfStateChange": "changed_at_ms",
    "timeofStateChange": "changed_at_ms",
    "transferEndTime": "transfer_ended_at_ms",
    "transferStartTime": "transfer_started_at_ms",
    "updateTime": "updated_at_ms",
    "updatedAt": "updated_at_ms",
    "updatedTime": "updated_at_ms",
    "validUntil": "valid_until_ms",
    "validUntilTime": "valid_until_ms",
    # Units.
    "defaultWalltime": "default_wall_time_min",
    "lifeTime": "life_time_s",
    "maxAllowedWalltime": "max_allowed_wall_time_min",
    "maxMemory": "max_memory_mb",
    "maxMemoryPerNode": "max_memory_per_node_mb",
    "maxRunTime": "max_run_time_min",
    "physicalMemory": "physical_memory_mb",
    "productSize": "product_size_bytes",
    "totalPhysicalMemory": "total_physical_memory_mb",
    "wallTime": "wall_time_min",
    "wallTimeLimit": "wall_time_limit_min",
    # Misspelt on the wire.
    "chessisNumber": "chassis_number",
    "orginationAffiliation": "organization_affiliation",
    "overridebyAiravata": "override_by_airavata",
    "queuename": "queue_name",
}
"""By the name of the Thrift field, whatever its struct."""

RENAMED: Mapping[tuple[str, str], str] = {
    ("ComputeResourceReservation", "endTime"): "ends_at_ms",
    ("ComputeResourceReservation", "startTime"): "starts_at_ms",
    # Free text for people in this one.
    ("CustomDashboard", "creationTime"): "creation_time",
    ("CustomDashboard", "lastModifiedTime"): "last_modified_time",
    ("CustomDashboard", "wallTime"): "wall_time",
    ("GroupComputeResourcePreference", "specificPreferences"): "aws",
    ("QueueStatusModel", "time"): "at_ms",
}
"""By struct and field, and before the table above."""

WRAPPED: Mapping[tuple[str, str], str] = {
    ("GroupComputeResourcePreference", "specificPreferences"): "aws",
}
"""Fields whose struct is there for one member's sake: the record has that member itself.

The other member, ``slurm``, repeats what the preference says in fields of its own; the codec keeps the two alike.
"""

ENUMS_RENAMED: Mapping[str, str] = {"GroupResourceType": "ResourceType", "UserStatus": "Status"}
"""By the name of a record's enumeration: what it is called in Thrift."""

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def snake_case(name: str) -> str:
    """``totalCPUCount`` as ``total_cpu_count``."""
    return _BOUNDARY.sub("_", name).lower()


def record_field(struct_name: str, thrift_field: str) -> str:
    """What a struct's field is called in a record, or a method's argument in the application layer."""
    found = RENAMED.get((struct_name, thrift_field)) or RENAMED_EVERYWHERE.get(thrift_field)
    return found or snake_case(thrift_field)
