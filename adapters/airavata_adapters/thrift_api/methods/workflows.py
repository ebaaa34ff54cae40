"""Workflow templates: methods of the API until 0.17, and a service of its own since 2025."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Constant, Table

_ALL: Table = {
    "getWorkflow": ("workflows", "get"),
    "deleteWorkflow": ("workflows", "delete"),
    "updateWorkflow": ("workflows", "update"),
    "getWorkflowTemplateId": ("workflows", "id_of"),
    "isWorkflowExistWithName": ("workflows", "exists"),
}
AIRAVATA: Table = {
    **_ALL,
    "getAllWorkflows": ("workflows", "ids"),
    "registerWorkflow": ("workflows", "register"),
}
REGISTRY: Table = AIRAVATA
WORKFLOW: Table = {
    **_ALL,
    "getAPIVersion": Constant("0.18.0"),
    "getAllWorkflows": ("workflows", "own_ids"),
    "registerWorkflow": ("workflows", "register_own"),
}
