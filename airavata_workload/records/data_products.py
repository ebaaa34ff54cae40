"""Data products: files that the gateway knows, and where their replicas are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import Record


class ReplicaLocationCategory(StrEnum):
    """What kind of place a replica is in."""

    GATEWAY_DATA_STORE = "GATEWAY_DATA_STORE"
    COMPUTE_RESOURCE = "COMPUTE_RESOURCE"
    LONG_TERM_STORAGE_RESOURCE = "LONG_TERM_STORAGE_RESOURCE"
    OTHER = "OTHER"


class ReplicaPersistentType(StrEnum):
    """Whether a replica will stay."""

    TRANSIENT = "TRANSIENT"
    PERSISTENT = "PERSISTENT"


class DataProductType(StrEnum):
    """Whether a data product is one file."""

    FILE = "FILE"
    COLLECTION = "COLLECTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataReplicaLocation(Record):
    """A place where a data product is: ``file_path`` is a URI or a path on the storage resource."""

    IDENTITY: ClassVar[str] = "replica_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("product_uri", "storage_resource_id", "created_at_ms")

    replica_id: str | None = None
    product_uri: str | None = None
    replica_name: str | None = None
    replica_description: str | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    valid_until_ms: int | None = None
    replica_location_category: ReplicaLocationCategory | None = None
    replica_persistent_type: ReplicaPersistentType | None = None
    storage_resource_id: str | None = None
    file_path: str | None = None
    replica_metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataProduct(Record):
    """A file or a collection of files; ``product_uri`` is its id.

    ``replica_locations`` are there only while one is sent to a client: they are stored as records of
    their own.
    """

    IDENTITY: ClassVar[str] = "product_uri"
    SEARCHABLE: ClassVar[tuple[str, ...]] = (
        "gateway_id",
        "parent_product_uri",
        "product_name",
        "owner_name",
        "created_at_ms",
    )

    product_uri: str | None = None
    gateway_id: str | None = None
    parent_product_uri: str | None = None
    product_name: str | None = None
    product_description: str | None = None
    owner_name: str | None = None
    data_product_type: DataProductType | None = None
    product_size_bytes: int | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    product_metadata: Mapping[str, str] | None = None
    replica_locations: tuple[DataReplicaLocation, ...] | None = None
