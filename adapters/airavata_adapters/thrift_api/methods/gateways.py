"""Gateways and their groups."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

_BOTH: Table = {
    "addGateway": ("gateways", "add"),
    "updateGateway": ("gateways", "update"),
    "getGateway": ("gateways", "get"),
    "deleteGateway": ("gateways", "delete"),
    "getAllGateways": ("gateways", "all"),
    "isGatewayExist": ("gateways", "exists"),
}
AIRAVATA: Table = {**_BOTH, "getGatewayGroups": ("gateways", "gateway_groups")}
REGISTRY: Table = {
    **_BOTH,
    "getGatewayGroups": ("gateways", "groups_of"),
    "isGatewayGroupsExists": ("gateways", "groups_exist"),
    "createGatewayGroups": ("gateways", "create_groups"),
    "updateGatewayGroups": ("gateways", "update_groups"),
    "isGatewayUsageReportingAvailable": ("gateways", "reports_usage"),
    "getGatewayReportingCommand": ("gateways", "reporting_command"),
    "addGatewayUsageReportingCommand": ("gateways", "set_reporting_command"),
    "removeGatewayUsageReportingCommand": ("gateways", "remove_reporting_command"),
}
TENANT_PROFILE: Table = {
    **_BOTH,
    "updateGateway": ("gateways", "update_profile"),
    "getAllGatewaysForUser": ("gateways", "requested_by"),
}
