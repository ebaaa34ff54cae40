"""Storage resources."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

REGISTRY: Table = {
    "registerStorageResource": ("storage_resources", "register"),
    "getStorageResource": ("storage_resources", "get"),
    "getAllStorageResourceNames": ("storage_resources", "names"),
    "updateStorageResource": ("storage_resources", "update"),
    "deleteStorageResource": ("storage_resources", "delete"),
}
AIRAVATA: Table = {
    **REGISTRY,
    "getResourceStorageInfo": ("storage_space", "volume"),
    "getStorageDirectoryInfo": ("storage_space", "directory"),
}
