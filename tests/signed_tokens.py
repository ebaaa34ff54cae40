"""Keys and access tokens of a provider that tests play themselves."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "https://auth.example.org/realms/portal"
AUDIENCE = "airavata"
DISCOVERY_URL = f"{ISSUER}/.well-known/openid-configuration"
KEYS_URL = f"{ISSUER}/protocol/openid-connect/certs"


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """The same key each time, because making one takes long."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass
class SigningKey:
    """A key pair under its id; elliptic ones are quick to make."""

    kid: str
    private: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    algorithm: str = "ES256"

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token with these claims; None takes a member out of the header."""
        named = {"kid": self.kid, **header}
        headers = {name: value for name, value in named.items() if value is not None}
        # Not jwt.encode, which refuses some claims that a provider could sign all the same.
        return jwt.PyJWS().encode(json.dumps(claims).encode(), self.private, algorithm=self.algorithm, headers=headers)

    def published(self, **members: Any) -> dict[str, Any]:
        """The public half as a provider publishes it."""
        maker = jwt.algorithms.get_default_algorithms()[self.algorithm]
        public = maker.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "alg": self.algorithm, "use": "sig", **members}


def claims(**changes: Any) -> dict[str, Any]:
    """Those of a good access token of alice; None takes a claim out."""
    now_s = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": [AUDIENCE, "account"],
        "typ": "Bearer",
        "sub": "5f0c7c1e",
        "azp": "portal-client",
        "preferred_username": "alice",
        "realm_access": {"roles": ["gateway-user", "offline_access"]},
        "iat": now_s,
        "exp": now_s + 300,
        "jti": "token-1",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def written(*parts: object) -> str:
    """A token of these parts, each as it is (bytes) or as JSON; nobody signs it."""
    texts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    return ".".join(base64.urlsafe_b64encode(text).rstrip(b"=").decode("ascii") for text in texts)


@dataclass
class PlayedProvider:
    """What a provider publishes; ``fetched`` are the URLs that were asked for."""

    keys: list[dict[str, Any]]
    about: dict[str, Any] = field(default_factory=lambda: {"issuer": ISSUER, "jwks_uri": KEYS_URL})
    fetched: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> Any:
        self.fetched.append(url)
        return {DISCOVERY_URL: self.about, KEYS_URL: {"keys": self.keys}}[url]
