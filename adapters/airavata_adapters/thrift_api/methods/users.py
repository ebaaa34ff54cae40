"""Users and their profiles."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

AIRAVATA: Table = {
    "isUserExists": ("users", "exists"),
    "getAllUsersInGateway": ("users", "names"),
}
REGISTRY: Table = {**AIRAVATA, "addUser": ("users", "add")}
USER_PROFILE: Table = {
    "initializeUserProfile": ("users", "initialize_profile"),
    "addUserProfile": ("users", "add_profile"),
    "updateUserProfile": ("users", "update_profile"),
    "getUserProfileById": ("users", "profile"),
    "deleteUserProfile": ("users", "delete_profile"),
    "getAllUserProfilesInGateway": ("users", "profiles"),
    "doesUserExist": ("users", "has_profile"),
}

# By name and by id was the same then. Source: Apache Airavata as of April 2017, the service's own queries.
USER_PROFILE_2017: Table = {
    "addUserProfile": ("users", "add_profile"),
    "updateUserProfile": ("users", "update_profile"),
    "getUserProfileById": ("users", "profile"),
    "getUserProfileByName": ("users", "profile"),
    "deleteUserProfile": ("users", "delete_profile_anywhere"),
    "getAllUserProfilesInGateway": ("users", "profiles"),
    "doesUserExist": ("users", "has_profile"),
}
