"""User resource profiles, and accounts of users on compute resources."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

_BOTH: Table = {
    "registerUserResourceProfile": ("user_profiles", "register"),
    "isUserResourceProfileExists": ("user_profiles", "exists"),
    "getUserResourceProfile": ("user_profiles", "get"),
    "updateUserResourceProfile": ("user_profiles", "update"),
    "deleteUserResourceProfile": ("user_profiles", "delete"),
    "getAllUserResourceProfiles": ("user_profiles", "all"),
    "addUserComputeResourcePreference": ("user_profiles", "add_compute_preference"),
    "updateUserComputeResourcePreference": ("user_profiles", "update_compute_preference"),
    "deleteUserComputeResourcePreference": ("user_profiles", "delete_compute_preference"),
    "getUserComputeResourcePreference": ("user_profiles", "get_compute_preference"),
    "getAllUserComputeResourcePreferences": ("user_profiles", "compute_preferences"),
    "addUserStoragePreference": ("user_profiles", "add_storage_preference"),
    "updateUserStoragePreference": ("user_profiles", "update_storage_preference"),
    "deleteUserStoragePreference": ("user_profiles", "delete_storage_preference"),
    "getUserStoragePreference": ("user_profiles", "get_storage_preference"),
    "getAllUserStoragePreferences": ("user_profiles", "storage_preferences"),
}
AIRAVATA: Table = {
    **_BOTH,
    "getSSHAccountProvisioners": ("ssh_accounts", "provisioners"),
    "doesUserHaveSSHAccount": ("ssh_accounts", "has_account"),
    "isSSHSetupCompleteForUserComputeResourcePreference": ("ssh_accounts", "is_complete"),
    "setupUserComputeResourcePreferencesForSSH": ("ssh_accounts", "set_up"),
}
REGISTRY: Table = {
    **_BOTH,
    "isUserComputeResourcePreferenceExists": ("user_profiles", "has_compute_preference"),
}
