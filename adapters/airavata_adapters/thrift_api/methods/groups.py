"""Groups of users."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

AIRAVATA: Table = {
    "createGroup": ("groups", "create"),
    "updateGroup": ("groups", "update"),
    "deleteGroup": ("groups", "delete"),
    "getGroup": ("groups", "get"),
    "getAllGroupsUserBelongs": ("groups", "of_user"),
}
GROUP_MANAGER: Table = {
    **AIRAVATA,
    "getGroups": ("groups", "all"),
    "addUsersToGroup": ("groups", "add_users"),
    "removeUsersFromGroup": ("groups", "remove_users"),
    "transferGroupOwnership": ("groups", "transfer_ownership"),
    "addGroupAdmins": ("groups", "add_admins"),
    "removeGroupAdmins": ("groups", "remove_admins"),
    "hasAdminAccess": ("groups", "has_admin_access"),
    "hasOwnerAccess": ("groups", "has_owner_access"),
}
