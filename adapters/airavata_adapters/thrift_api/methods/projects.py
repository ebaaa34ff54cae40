"""Projects."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

AIRAVATA: Table = {
    "createProject": ("projects", "create"),
    "updateProject": ("projects", "update"),
    "getProject": ("projects", "get"),
    "deleteProject": ("projects", "delete"),
    "getUserProjects": ("projects", "of_user"),
    "searchProjects": ("projects", "search"),
}
REGISTRY: Table = {
    "createProject": ("projects", "create"),
    "updateProject": ("projects", "update"),
    "getProject": ("projects", "get"),
    "deleteProject": ("projects", "delete"),
    "getUserProjects": ("projects", "of_user"),
    "searchProjects": ("projects", "search_among"),
}
