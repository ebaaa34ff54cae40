"""Group resource profiles."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

_BOTH: Table = {
    "createGroupResourceProfile": ("group_profiles", "create"),
    "updateGroupResourceProfile": ("group_profiles", "update"),
    "getGroupResourceProfile": ("group_profiles", "get"),
    "removeGroupResourceProfile": ("group_profiles", "remove"),
    "removeGroupComputePrefs": ("group_profiles", "remove_compute_preference"),
    "removeGroupComputeResourcePolicy": ("group_profiles", "remove_compute_policy"),
    "removeGroupBatchQueueResourcePolicy": ("group_profiles", "remove_queue_policy"),
    "getGroupComputeResourcePreference": ("group_profiles", "get_compute_preference"),
    "getGroupComputeResourcePolicy": ("group_profiles", "get_compute_policy"),
    "getBatchQueueResourcePolicy": ("group_profiles", "get_queue_policy"),
    "getGroupComputeResourcePrefList": ("group_profiles", "compute_preferences"),
    "getGroupBatchQueueResourcePolicyList": ("group_profiles", "queue_policies"),
    "getGroupComputeResourcePolicyList": ("group_profiles", "compute_policies"),
}
AIRAVATA: Table = {**_BOTH, "getGroupResourceList": ("group_profiles", "accessible")}
REGISTRY: Table = {
    **_BOTH,
    "getGroupResourceList": ("group_profiles", "accessible_among"),
    "isGroupResourceProfileExists": ("group_profiles", "exists"),
    "isGroupComputeResourcePreferenceExists": ("group_profiles", "has_compute_preference"),
}
