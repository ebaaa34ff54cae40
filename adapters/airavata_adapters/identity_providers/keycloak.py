"""Accounts in the realms of a Keycloak: each gateway's users in a realm of its own.

Source: Keycloak 26, "Admin REST API", sections "Users", "Roles" and "Role Mapper".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airavata_adapters.identity_providers.keycloak_admin import KeycloakAdmin
from airavata_adapters.identity_providers.keycloak_options import KeycloakOptions, options_of
from airavata_adapters.token_verifiers.json_over_http import exchange, trusting
from airavata_workload.domain.errors import ConflictError, NotFoundError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.identity_provider import IdentityProvider, IdentityProviderContext
from airavata_workload.records.users import Account

_SERVICE_ACCOUNT = "service-account-"
_CONFLICT, _MISSING = 409, 404
_REALM_ROLES = ("role-mappings", "realm")


class KeycloakAccounts(IdentityProvider):
    """As ``IdentityProvider``; the service accounts of clients are nobody's.

    Roles are those of the realm; one that it does not have cannot be given.
    Each word of a search must be in one of an account's names or in its e-mail
    address, and a ``*`` in it stands for anything.
    """

    def __init__(self, options: KeycloakOptions, *, admin: KeycloakAdmin) -> None:
        self._options = options
        self._admin = admin

    def set_up(self, gateway_id: str) -> None:
        """As ``IdentityProvider.set_up``: the realm gets the roles that it lacks. The realm itself must be there."""
        realm = self._options.realm(gateway_id)
        known = {each.get("name") for each in self._admin.pages(realm, ("roles",))}
        for role in self._options.roles:
            if role not in known:
                self._admin.ask(realm, ("roles",), method="POST", body={"name": role}, accept=(_CONFLICT,))

    def register(self, account: Account, password: Secret | None) -> None:
        """As ``IdentityProvider.register``; an e-mail address is taken, too, unless the realm lets two have one."""
        user = {
            "username": account.user_id,
            "enabled": account.enabled,
            "emailVerified": account.enabled,
            "firstName": account.first_name,
            "lastName": account.last_name,
            "email": account.email,
            "credentials": [] if password is None else [_credential(password)],
        }
        realm = self._options.realm(account.gateway_id)
        if _is_service(user):
            raise _taken(account)
        if self._admin.ask(realm, ("users",), method="POST", body=user, accept=(_CONFLICT,)).status == _CONFLICT:
            raise _taken(account)

    def account(self, gateway_id: str, user: str) -> Account | None:
        """As ``IdentityProvider.account``."""
        found = self._user(gateway_id, user)
        return None if found is None else _account(gateway_id, found)

    def accounts(self, gateway_id: str, search: str, offset: int, limit: int | None) -> list[Account]:
        """As ``IdentityProvider.accounts``."""
        query = {"search": " ".join(f"*{word}*" for word in search.split())} if search.strip() else {}
        users = self._admin.pages(self._options.realm(gateway_id), ("users",), query, offset=offset, limit=limit)
        return _people(gateway_id, users)

    def with_email(self, gateway_id: str, email: str) -> list[Account]:
        """As ``IdentityProvider.with_email``; capitals do not count."""
        query = {"email": email, "exact": "true"}
        return _people(gateway_id, self._admin.pages(self._options.realm(gateway_id), ("users",), query))

    def with_role(self, gateway_id: str, role: str) -> list[Account]:
        """As ``IdentityProvider.with_role``, of those who were given the role itself."""
        path = ("roles", role, "users")
        users = self._admin.pages(self._options.realm(gateway_id), path, accept=(_MISSING,))
        return sorted(_people(gateway_id, users), key=lambda each: each.user_id)

    def change(self, account: Account) -> None:
        """As ``IdentityProvider.change``; the address of one who becomes enabled is confirmed, a new one is not."""
        old = self._one(account.gateway_id, account.user_id)
        changed: dict[str, Any] = {
            **old,
            "firstName": account.first_name,
            "lastName": account.last_name,
            "email": account.email,
            "enabled": account.enabled,
        }
        if account.enabled and not old.get("enabled"):
            changed["emailVerified"] = True  # portals enable whoever followed the link that was sent there
        elif account.email.lower() != str(old.get("email", "")).lower():
            changed["emailVerified"] = False
        realm = self._options.realm(account.gateway_id)
        path = ("users", old["id"])
        if self._admin.ask(realm, path, method="PUT", body=changed, accept=(_CONFLICT,)).status == _CONFLICT:
            raise _taken(account)

    def set_password(self, gateway_id: str, user: str, password: Secret) -> None:
        """As ``IdentityProvider.set_password``; what is a bad one, the realm says."""
        path = ("users", self._one(gateway_id, user)["id"], "reset-password")
        self._admin.ask(self._options.realm(gateway_id), path, method="PUT", body=_credential(password))

    def delete(self, gateway_id: str, user: str) -> None:
        """As ``IdentityProvider.delete``."""
        path = ("users", self._one(gateway_id, user)["id"])
        self._admin.ask(self._options.realm(gateway_id), path, method="DELETE")

    def add_role(self, gateway_id: str, user: str, role: str) -> None:
        """As ``IdentityProvider.add_role``."""
        found = self._role(gateway_id, role)
        if found is None:
            raise NotFoundError(
                f"There is no role '{role}' in realm '{self._options.realm(gateway_id)}'.",
                remedy="Have an operator make it there, or give another one.",
            )
        path = ("users", self._one(gateway_id, user)["id"], *_REALM_ROLES)
        self._admin.ask(self._options.realm(gateway_id), path, method="POST", body=[found])

    def remove_role(self, gateway_id: str, user: str, role: str) -> None:
        """As ``IdentityProvider.remove_role``."""
        path = ("users", self._one(gateway_id, user)["id"], *_REALM_ROLES)
        found = self._role(gateway_id, role)
        if found is not None:
            self._admin.ask(self._options.realm(gateway_id), path, method="DELETE", body=[found])

    # -- the parts of it -------------------------------------------------------------------
    def _user(self, gateway_id: str, user: str) -> Mapping[str, Any] | None:
        """Keycloak finds names without regard to capitals; it has no two that differ only in those.

        A service account, which it finds by its name alone, is not shown: its password and roles are not for portals.
        """
        if _is_service({"username": user}):
            return None
        query = {"username": user, "exact": "true"}
        users = self._admin.pages(self._options.realm(gateway_id), ("users",), query)
        return next((each for each in users if each.get("username") == user), None)

    def _one(self, gateway_id: str, user: str) -> Mapping[str, Any]:
        found = self._user(gateway_id, user)
        if found is None:
            raise NotFoundError(f"There is no account '{user}'.", remedy="Check its name.")
        return found

    def _role(self, gateway_id: str, role: str) -> Any:
        path = ("roles", role)
        answer = self._admin.ask(self._options.realm(gateway_id), path, accept=(_MISSING,))
        return answer.document if answer.is_good else None


def open_identity_provider(context: IdentityProviderContext) -> IdentityProvider:
    """Entry point ``keycloak``; see ``KeycloakOptions``. Keycloak is not asked before the first call."""
    options = options_of(context)
    tls = trusting(options.ca_file)
    admin = KeycloakAdmin(
        options,
        exchange=lambda request: exchange(request, time_limit_s=options.request_time_limit_s, context=tls),
    )
    return KeycloakAccounts(options, admin=admin)


def _account(gateway_id: str, user: Mapping[str, Any]) -> Account:
    return Account(
        gateway_id=gateway_id,
        user_id=user["username"],
        enabled=bool(user.get("enabled")),
        first_name=user.get("firstName") or "",
        last_name=user.get("lastName") or "",
        email=user.get("email") or "",
        created_at_ms=user.get("createdTimestamp"),
    )


def _people(gateway_id: str, users: Iterable[Mapping[str, Any]]) -> list[Account]:
    return [_account(gateway_id, each) for each in users if not _is_service(each)]


def _is_service(user: Mapping[str, Any]) -> bool:
    return str(user.get("username", "")).startswith(_SERVICE_ACCOUNT)


def _credential(password: Secret) -> dict[str, Any]:
    return {"type": "password", "value": password.reveal(), "temporary": False}


def _taken(account: Account) -> ConflictError:
    return ConflictError(
        f"The name '{account.user_id}' or its e-mail address is taken in gateway '{account.gateway_id}'.",
        remedy="Choose others, or find the account that has them.",
    )
