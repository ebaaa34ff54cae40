"""Accounts of users."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

IAM_ADMIN: Table = {
    "setUpGateway": ("iam", "set_up_gateway"),
    "isUsernameAvailable": ("iam", "is_username_available"),
    "registerUser": ("iam", "register_user"),
    "enableUser": ("iam", "enable_user"),
    "isUserEnabled": ("iam", "is_user_enabled"),
    "isUserExist": ("iam", "is_user_exist"),
    "getUser": ("iam", "user"),
    "getUsers": ("iam", "users"),
    "resetUserPassword": ("iam", "reset_user_password"),
    "findUsers": ("iam", "find_users"),
    "updateUserProfile": ("iam", "update_user_profile"),
    "deleteUser": ("iam", "delete_user"),
    "addRoleToUser": ("iam", "add_role_to_user"),
    "removeRoleFromUser": ("iam", "remove_role_from_user"),
    "getUsersWithRole": ("iam", "users_with_role"),
}
