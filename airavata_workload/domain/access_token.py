"""Access tokens: what a verified one says, what is kept of one that we issued, and what an unverified one claims."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from airavata_workload.domain.caller import Role
from airavata_workload.domain.errors import AuthenticationError
from airavata_workload.domain.secret import Secret

MAX_TOKEN_BYTES = 16_384
"""A longer token is refused unread. One of Keycloak with a hundred roles has about 6,000."""
MAX_NAME_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a verified token says about its holder.

    ``also_called`` are other names under which the holder may act, for example
    the client's own for a service account. ``token_id`` is the token's id, not
    the token.
    """

    gateway: str
    user: str
    roles: frozenset[Role]
    expires_at_us: int
    token_id: str = ""
    also_called: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """What is remembered of a token that this installation issued; the token itself is not."""

    token_id: str
    user: str
    gateway: str
    roles: frozenset[Role]
    issued_at_us: int
    expires_at_us: int
    revoked: bool = False


def checked_name(value: object, what: str) -> str:
    """The name of a user or gateway, if it can be one: printable, not empty, not endless.

    Raises ``AuthenticationError`` that calls it ``what`` and does not repeat it.
    """
    if not isinstance(value, str) or not value.strip():
        raise AuthenticationError(f"{what} is missing.", remedy="Log in again, or ask an administrator of the gateway.")
    if len(value) > MAX_NAME_LENGTH or not value.isprintable():
        raise AuthenticationError(
            f"{what} is no name: it has more than {MAX_NAME_LENGTH} characters, or some that cannot be printed."
        )
    return value


def stated_issuer(token: Secret) -> str | None:
    """The issuer that a JSON Web Token names, unverified: good for choosing who verifies it, and for nothing else.

    None if it is no such token. Source: RFC 7519, section 4.1.1; RFC 7515, section 7.1.
    """
    parts = token.reveal().split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    issuer = payload.get("iss") if isinstance(payload, dict) else None
    return issuer if isinstance(issuer, str) else None
