"""Gateway resource profiles."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

REGISTRY: Table = {
    "registerGatewayResourceProfile": ("gateway_profiles", "register"),
    "getGatewayResourceProfile": ("gateway_profiles", "get"),
    "updateGatewayResourceProfile": ("gateway_profiles", "update"),
    "deleteGatewayResourceProfile": ("gateway_profiles", "delete"),
    "getAllGatewayResourceProfiles": ("gateway_profiles", "all"),
    "addGatewayComputeResourcePreference": ("gateway_profiles", "add_compute_preference"),
    "updateGatewayComputeResourcePreference": ("gateway_profiles", "update_compute_preference"),
    "deleteGatewayComputeResourcePreference": ("gateway_profiles", "delete_compute_preference"),
    "getGatewayComputeResourcePreference": ("gateway_profiles", "get_compute_preference"),
    "getAllGatewayComputeResourcePreferences": ("gateway_profiles", "compute_preferences"),
    "addGatewayStoragePreference": ("gateway_profiles", "add_storage_preference"),
    "updateGatewayStoragePreference": ("gateway_profiles", "update_storage_preference"),
    "deleteGatewayStoragePreference": ("gateway_profiles", "delete_storage_preference"),
    "getGatewayStoragePreference": ("gateway_profiles", "get_storage_preference"),
    "getAllGatewayStoragePreferences": ("gateway_profiles", "storage_preferences"),
}
AIRAVATA: Table = REGISTRY
