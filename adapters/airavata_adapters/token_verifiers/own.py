"""Tokens that this installation signs itself, for where there is no provider of identities.

JSON Web Tokens signed by Ed25519 (EdDSA; Source: RFC 8037). Not by HMAC: who
can verify an HMAC can also make one, so that every service that listens to a
network would hold the means to forge tokens. Here it needs the public halves.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt

from airavata_adapters.token_verifiers.signed_claims import unverified_header, verified_claims
from airavata_adapters.token_verifiers.token_ring import Ring, TokenRing, with_key
from airavata_workload.domain.access_token import Identity, IssuedToken, checked_name, stated_issuer
from airavata_workload.domain.caller import Role
from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND, Clock, now_us
from airavata_workload.domain.errors import AuthenticationError, InputError, NotFoundError, SettingsError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.token_verifier import TokenIssuer

ISSUER = "airavata-workload"
ALGORITHM = "EdDSA"
MAX_VALID_S = 10 * 366 * 86_400
_ROLES = frozenset(Role)


class OwnTokens(TokenIssuer):
    """Issues tokens and verifies them.

    Beside the claims of every token there are ``gateway``, ``roles``, and
    ``preferred_username``, where Airavata's Python SDK looks for the user
    (Source: airavata-python-sdk 2.2.7, ``airavata_experiments``).
    """

    def __init__(self, ring: TokenRing, *, issuer: str, audience: str, leeway_s: float, clock: Clock = now_us) -> None:
        self._ring = ring
        self._issuer = issuer
        self._audience = audience
        self._leeway_s = leeway_s
        self._clock = clock

    def recognises(self, token: Secret) -> bool:
        """As ``TokenVerifier.recognises``: by the issuer."""
        return stated_issuer(token) == self._issuer

    def verify(self, token: Secret) -> Identity:
        """As ``TokenVerifier.verify``; a revoked token is refused too."""
        ring = self._ring.read()
        kid = unverified_header(token).get("kid")
        key = ring.keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise AuthenticationError(
                "The access token is signed with a key that this installation does not know, or no longer.",
                remedy="Have a new one made: airavata-workload token create.",
            )
        claims = verified_claims(
            token,
            key.opened(),
            algorithm=ALGORITHM,
            issuer=self._issuer,
            audience=[self._audience],
            leeway_s=self._leeway_s,
        )
        token_id = str(claims.get("jti", ""))
        remembered = ring.tokens.get(token_id)
        if remembered is not None and remembered.revoked:
            raise AuthenticationError(
                "The access token was revoked.", remedy="Have a new one made: airavata-workload token create."
            )
        return Identity(
            gateway=checked_name(claims.get("gateway"), "The gateway in the access token"),
            user=checked_name(claims.get("sub"), "The user in the access token"),
            roles=frozenset(Role(role) for role in claims.get("roles", ()) if role in _ROLES),
            expires_at_us=int(claims["exp"]) * MICROSECONDS_PER_SECOND,
            token_id=token_id,
        )

    def issue(self, *, user: str, gateway: str, roles: frozenset[Role], valid_s: int) -> tuple[Secret, IssuedToken]:
        """As ``TokenIssuer.issue``; remembered before anybody has it, so that it can be revoked in any case."""
        _check_request(user, gateway, roles, valid_s)
        issued_at_s = self._clock() // MICROSECONDS_PER_SECOND
        token = IssuedToken(
            token_id=secrets.token_hex(8),
            user=user,
            gateway=gateway,
            roles=roles,
            issued_at_us=issued_at_s * MICROSECONDS_PER_SECOND,
            expires_at_us=(issued_at_s + valid_s) * MICROSECONDS_PER_SECOND,
        )
        with self._ring.changing() as ring:
            kid, key = self._ring.signing_key()
            keyed = with_key(ring, kid, key.public_key(), token.expires_at_us)
            grown = replace(keyed, tokens={**keyed.tokens, token.token_id: token})
            self._ring.write(grown.without_expired(self._horizon_us(), kid))
        text = jwt.encode(self._claims(token), key, algorithm=ALGORITHM, headers={"kid": kid})
        return Secret(text), token

    def issued(self) -> list[IssuedToken]:
        """As ``TokenIssuer.issued``."""
        present = [token for token in self._ring.read().tokens.values() if token.expires_at_us > self._clock()]
        return sorted(present, key=lambda token: (token.expires_at_us, token.token_id))

    def revoke(self, token_id: str) -> None:
        """As ``TokenIssuer.revoke``; a second time changes nothing."""
        with self._ring.changing() as ring:
            token = ring.tokens.get(token_id)
            if token is None:
                raise NotFoundError(
                    f"There is no token '{token_id}'.", remedy="'airavata-workload token list' shows those there are."
                )
            self._ring.write(replace(ring, tokens={**ring.tokens, token_id: replace(token, revoked=True)}))

    def renew_key(self, *, forget_old: bool = False) -> None:
        """As ``TokenIssuer.renew_key``."""
        with self._ring.changing() as ring:
            kid, key = self._ring.new_signing_key()
            kept = Ring() if forget_old else ring
            self._ring.write(with_key(kept, kid, key.public_key()).without_expired(self._horizon_us(), kid))

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _horizon_us(self) -> int:
        """What expired before this is of no more use, the leeway included."""
        return self._clock() - int(self._leeway_s * MICROSECONDS_PER_SECOND)

    def _claims(self, token: IssuedToken) -> dict[str, Any]:
        return {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": token.user,
            "preferred_username": token.user,
            "gateway": token.gateway,
            "roles": sorted(token.roles),
            "iat": token.issued_at_us // MICROSECONDS_PER_SECOND,
            "exp": token.expires_at_us // MICROSECONDS_PER_SECOND,
            "jti": token.token_id,
        }


def _check_request(user: str, gateway: str, roles: frozenset[Role], valid_s: int) -> None:
    try:
        checked_name(user, "The user's name")
        checked_name(gateway, "The gateway's name")
    except AuthenticationError as error:
        raise InputError(error.message) from None
    if not roles:
        raise InputError("A token without a role is good for nothing.", remedy=f"There are {', '.join(Role)}.")
    if not 0 < valid_s <= MAX_VALID_S:
        raise InputError("A token is good for more than nothing, and for ten years at most.")


def open_token_verifier(context: BackingContext) -> TokenIssuer:
    """Entry point ``own``. Options: issuer, audience, key_file (default: in the home directory) and leeway_s."""
    options = context.settled_options(issuer=ISSUER, audience=ISSUER, key_file="", leeway_s=30)
    for name in ("issuer", "audience"):
        if not options[name]:
            raise SettingsError(f"option '{name}' may not be empty.", key=name)
    if options["leeway_s"] < 0:
        raise SettingsError("option 'leeway_s' must be 0 or more.", key="leeway_s")
    key_file = Path(options["key_file"]).expanduser() if options["key_file"] else None
    ring = TokenRing(context.home, key_file)
    return OwnTokens(ring, issuer=options["issuer"], audience=options["audience"], leeway_s=float(options["leeway_s"]))
