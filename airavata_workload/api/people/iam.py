"""Accounts of a gateway's users, as portals manage them."""

from __future__ import annotations

import re
from dataclasses import replace

from airavata_workload.api.access.permission import require_admin, require_admin_view, require_gateway, require_user
from airavata_workload.api.people.users import NEVER_MS, Users
from airavata_workload.api.request_check import found, given, page
from airavata_workload.api.sharing.principals import principal_of
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.identity_provider import IdentityProvider
from airavata_workload.records.gateways import Gateway
from airavata_workload.records.users import Account, UserProfile, UserStatus

_USER_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,99}")


class Iam:
    """Accounts in the identity provider of the caller's gateway.

    Portals register people by a token of their own that has the role of an
    administrator; people may change their own names and password. An unknown
    user raises ``NotFoundError``.
    """

    def __init__(self, *, provider: IdentityProvider, users: Users) -> None:
        self._provider = provider
        self._users = users

    def set_up_gateway(self, caller: Caller, gateway: Gateway) -> Gateway:
        """Make the provider ready for a gateway's accounts; the gateway as it now is."""
        require_gateway(caller, gateway.gateway_id)
        require_admin(caller, "set up the gateway")
        self._provider.set_up(given(gateway.gateway_id, "gatewayId"))
        return gateway

    def is_username_available(self, caller: Caller, username: str) -> bool:
        """Whether a new account may have that name."""
        if not _USER_NAME.fullmatch(given(username, "username")):
            return False
        return self._provider.account(caller.gateway, username) is None

    def register_user(
        self,
        caller: Caller,
        username: str,
        email_address: str,
        first_name: str,
        last_name: str,
        new_password: str,
    ) -> bool:
        """Store an account, which is not enabled yet. Raises ``ConflictError`` for a name that is taken."""
        require_admin(caller, "register users")
        if not _USER_NAME.fullmatch(given(username, "username")):
            raise InputError(
                f"'{username}' cannot be a user name.",
                remedy="It has at most 100 small letters, digits and . _ @ + -, and begins with a letter or digit.",
            )
        account = Account(
            gateway_id=caller.gateway,
            user_id=username,
            email=_email(email_address),
            first_name=given(first_name, "firstName"),
            last_name=given(last_name, "lastName"),
        )
        self._provider.register(account, Secret(new_password) if new_password else None)
        return True

    def enable_user(self, caller: Caller, username: str) -> bool:
        """Let a person log in, and give them a profile if they have none."""
        require_admin(caller, "enable users")
        account = replace(self._account(caller, username), enabled=True)
        self._provider.change(account)
        if not self._users.has_profile(caller, username, caller.gateway):
            self._users.add_profile(caller, _profile(account))
        return True

    def is_user_enabled(self, caller: Caller, username: str) -> bool:
        """Whether a person may log in."""
        return self._account(caller, username).enabled

    def is_user_exist(self, caller: Caller, username: str) -> bool:
        """Whether there is an account of that name."""
        return self._provider.account(caller.gateway, given(username, "username")) is not None

    def user(self, caller: Caller, username: str) -> UserProfile:
        """What an account says of its user, who or an administrator may ask."""
        if caller.user != username:
            require_admin_view(caller, "see other users' accounts")
        return _profile(self._account(caller, username))

    def users(self, caller: Caller, offset: int, limit: int, search: str | None = None) -> tuple[UserProfile, ...]:
        """A page of the accounts whose names or e-mail address hold ``search``."""
        require_admin_view(caller, "see other users' accounts")
        most, begin = page(limit, offset)
        found_accounts = self._provider.accounts(caller.gateway, search or "", begin, most)
        return tuple(_profile(each) for each in found_accounts)

    def reset_user_password(self, caller: Caller, username: str, new_password: str) -> bool:
        """Set a person's password."""
        require_user(caller, username, "set another user's password")
        self._provider.set_password(caller.gateway, given(username, "username"), Secret(new_password))
        return True

    def find_users(
        self, caller: Caller, email: str | None = None, user_id: str | None = None
    ) -> tuple[UserProfile, ...]:
        """The accounts with that e-mail address, or that name; with both if both are given."""
        require_admin_view(caller, "see other users' accounts")
        if not email and not user_id:
            raise InputError("Neither an e-mail address nor a user is given.", remedy="Give one of them.")
        accounts = self._provider.with_email(caller.gateway, email) if email else []
        if user_id:
            named = self._provider.account(caller.gateway, user_id)
            accounts = [named] if named is not None and (not email or named in accounts) else []
        return tuple(_profile(each) for each in accounts)

    def update_user_profile(self, caller: Caller, user_details: UserProfile) -> None:
        """Change an account's names and e-mail address to those of a profile."""
        require_gateway(caller, user_details.gateway_id)
        require_user(caller, user_details.user_id, "change another user's account")
        account = self._account(caller, user_details.user_id)
        self._provider.change(
            replace(
                account,
                first_name=user_details.first_name or account.first_name,
                last_name=user_details.last_name or account.last_name,
                email=_email(user_details.emails[0]) if user_details.emails else account.email,
            )
        )

    def delete_user(self, caller: Caller, username: str) -> bool:
        """Remove an account; what the person owns stays."""
        require_admin(caller, "delete users")
        self._provider.delete(caller.gateway, given(username, "username"))
        return True

    def add_role_to_user(self, caller: Caller, username: str, role_name: str) -> bool:
        """Give a role."""
        require_admin(caller, "give roles")
        self._provider.add_role(caller.gateway, given(username, "username"), _role(role_name))
        return True

    def remove_role_from_user(self, caller: Caller, username: str, role_name: str) -> bool:
        """Take a role away."""
        require_admin(caller, "take roles away")
        self._provider.remove_role(caller.gateway, given(username, "username"), _role(role_name))
        return True

    def users_with_role(self, caller: Caller, role_name: str) -> tuple[UserProfile, ...]:
        """The accounts that have a role."""
        require_admin_view(caller, "see other users' accounts")
        return tuple(_profile(each) for each in self._provider.with_role(caller.gateway, _role(role_name)))

    def _account(self, caller: Caller, username: str) -> Account:
        return found(self._provider.account(caller.gateway, given(username, "username")), f"user '{username}'")


def _profile(account: Account) -> UserProfile:
    """An account in the form that portals know."""
    return UserProfile(
        airavata_internal_user_id=principal_of(account.user_id, account.gateway_id),
        user_id=account.user_id,
        gateway_id=account.gateway_id,
        emails=(account.email,) if account.email else (),
        first_name=account.first_name,
        last_name=account.last_name,
        created_at_ms=account.created_at_ms or 0,
        last_access_at_ms=account.last_access_at_ms or 0,
        valid_until_ms=NEVER_MS,
        state=UserStatus.ACTIVE if account.enabled else UserStatus.PENDING_CONFIRMATION,
    )


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(given(text, "emailAddress")):
        raise InputError(f"'{text}' is no e-mail address.", remedy="Give one like name@example.org.")
    return text


def _role(text: str) -> str:
    if not _ROLE.fullmatch(given(text, "roleName")):
        raise InputError(f"'{text}' cannot be the name of a role.", remedy="Use letters, digits, blanks, _ and -.")
    return text
