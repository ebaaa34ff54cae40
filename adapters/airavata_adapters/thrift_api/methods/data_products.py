"""Data products and their replicas."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

AIRAVATA: Table = {
    "registerDataProduct": ("data_products", "register"),
    "getDataProduct": ("data_products", "get"),
    "registerReplicaLocation": ("data_products", "register_replica"),
    "getParentDataProduct": ("data_products", "parent"),
    "getChildDataProducts": ("data_products", "children"),
}
REGISTRY: Table = {**AIRAVATA, "searchDataProductsByName": ("data_products", "search")}
