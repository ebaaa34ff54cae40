"""The Keycloak of tests/services, and realms of a test's own in it."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from services.servers import Servers


@dataclass(frozen=True)
class Keycloak:
    """The server, as its clients and its administrator see it."""

    url: str
    realm: str
    audience: str
    admin: str
    admin_password: str

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/{self.realm}"

    def tokens(self, client: str = "app", user: str = "", password: str = "") -> Mapping[str, Any]:
        """What a user gets who logs in through a client, or the client itself."""
        form = {"client_id": client, "client_secret": f"{client}-secret", "grant_type": "client_credentials"}
        if user:
            form |= {
                "grant_type": "password",
                "username": user,
                "password": password or f"{user}-pw",
                "scope": "openid",
            }
        answer: Mapping[str, Any] = self._ask(f"/realms/{self.realm}/protocol/openid-connect/token", form=form)
        return answer

    def access_token(self, client: str = "app", user: str = "", password: str = "") -> str:
        return str(self.tokens(client, user, password)["access_token"])

    def renew_key(self) -> None:
        """Sign with a new key from now on; the old one stays published."""
        realm = self.administer("")
        provider = {
            "name": f"key-{time.monotonic_ns()}",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm["id"],
            "config": {"priority": [str(time.monotonic_ns() // 1_000_000)], "keySize": ["2048"]},
        }
        self.administer("/components", provider)

    def administer(self, path: str, body: Any = None, *, method: str | None = None, realm: str | None = None) -> Any:
        """Ask as the server's administrator; without a path about the realm itself."""
        form = {
            "client_id": "admin-cli",
            "grant_type": "password",
            "username": self.admin,
            "password": self.admin_password,
        }
        token = self._ask("/realms/master/protocol/openid-connect/token", form=form)["access_token"]
        where = self.realm if realm is None else realm
        return self._ask(f"/admin/realms/{where}{path}".rstrip("/"), body=body, token=token, method=method)

    def _ask(
        self,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        token: str = "",
        method: str | None = None,
    ) -> Any:
        data = urllib.parse.urlencode(form).encode() if form else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)  # noqa: S310 - a server of our own
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            content = answer.read()
        return json.loads(content) if content else None


KEEPER = "keeper"
"""A client whose service account may manage the users of its realm."""
_KEEPERS_ROLES = ("manage-users", "view-users", "query-users", "view-realm", "manage-realm")


_QUICK_KEYS = [
    {"name": name, "providerId": f"{name}-generated", "config": {each: [value] for each, value in config.items()}}
    for name, config in (
        ("ecdsa", {"priority": "100", "ecdsaEllipticCurveKey": "P-256"}),
        ("hmac", {"priority": "100", "algorithm": "HS512"}),
        ("aes", {"priority": "100"}),
    )
]
"""In place of RSA keys, which take seconds to make."""


@contextmanager
def running_keycloak() -> Iterator[Keycloak]:
    """The server, started if it does not run."""
    with Servers().kept_running("keycloak") as environment:
        yield Keycloak(
            url=environment["KEYCLOAK_URL"],
            realm=environment["KEYCLOAK_REALM"],
            audience=environment["KEYCLOAK_AUDIENCE"],
            admin=environment["KEYCLOAK_ADMIN"],
            admin_password=environment["KEYCLOAK_ADMIN_PASSWORD"],
        )


@contextmanager
def realm_of_its_own(keycloak: Keycloak, **more: Any) -> Iterator[Keycloak]:
    """The server with a new realm that has the clients ``app`` and ``keeper``, deleted afterwards."""
    realm = f"people-{uuid.uuid4().hex[:8]}"
    keeper = {
        "username": f"service-account-{KEEPER}",
        "enabled": True,
        "serviceAccountClientId": KEEPER,
        "clientRoles": {"realm-management": list(_KEEPERS_ROLES)},
    }
    described = {
        "realm": realm,
        "enabled": True,
        "sslRequired": "none",
        "defaultSignatureAlgorithm": "ES256",
        "components": {"org.keycloak.keys.KeyProvider": _QUICK_KEYS},
        "clients": [_client("app", keycloak.audience), _client(KEEPER, "")],
        "users": [keeper],
        **more,
    }
    keycloak.administer("", described, realm="")
    try:
        yield replace(keycloak, realm=realm)
    finally:
        keycloak.administer("", method="DELETE", realm=realm)


def _client(name: str, audience: str) -> dict[str, Any]:
    mapper = {
        "name": "audience",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {"included.custom.audience": audience, "access.token.claim": "true"},
    }
    return {
        "clientId": name,
        "secret": f"{name}-secret",
        "publicClient": False,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": True,
        "serviceAccountsEnabled": True,
        "protocolMappers": [mapper] if audience else [],
    }
