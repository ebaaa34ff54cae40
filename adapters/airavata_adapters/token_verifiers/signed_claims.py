"""JSON Web Tokens: signature, times, issuer and audience, each failure told without showing the token.

Source: RFC 7519 (JSON Web Token), RFC 8725 (best current practices).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jwt

from airavata_workload.domain.errors import AuthenticationError
from airavata_workload.domain.secret import Secret

_ACCESS_TOKEN_TYPES = ("", "jwt", "at+jwt", "application/at+jwt")
"""What the header of an access token may say in ``typ``. Source: RFC 9068, section 2.1; RFC 7519, section 5.1."""
_LOG_IN_AGAIN = "Get a new one: log in again."
_BROKEN = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""What the library raises for bytes that are no token, or for numbers that are no time."""


def unverified_header(token: Secret) -> Mapping[str, Any]:
    """The header, which says with which key and algorithm to verify. Raises ``AuthenticationError``."""
    try:
        header: Mapping[str, Any] = jwt.get_unverified_header(token.reveal())
    except _BROKEN:
        raise _no_token() from None
    kind = header.get("typ", "")
    if not isinstance(kind, str) or kind.lower() not in _ACCESS_TOKEN_TYPES:
        raise AuthenticationError("This is a token, but no access token.", remedy="Send the access token.")
    return header


def verified_claims(
    token: Secret, key: Any, *, algorithm: str, issuer: str, audience: Sequence[str], leeway_s: float
) -> Mapping[str, Any]:
    """The claims of a token that ``key`` signed by ``algorithm`` and that is good now.

    ``algorithm`` is what the key is for, not what the token asks for. Raises
    ``AuthenticationError``.
    """
    try:
        claims: Mapping[str, Any] = _DECODER.decode(
            token.reveal(),
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=list(audience),
            leeway=leeway_s,
            options={"require": ["exp", "iss", "aud"]},
        )
    except _BROKEN as error:
        raise _translated(error, issuer, audience) from None
    return claims


_DECODER = jwt.PyJWT(options={"enforce_minimum_key_length": True})


def _translated(error: BaseException, issuer: str, audience: Sequence[str]) -> AuthenticationError:
    told = {
        jwt.ExpiredSignatureError: ("The access token has expired.", _LOG_IN_AGAIN),
        jwt.ImmatureSignatureError: (
            "The access token is not good yet.",
            "Compare the clocks of this machine and of the issuer; the option leeway_s allows for a difference.",
        ),
        jwt.InvalidAudienceError: (
            f"The access token is for another audience than {' or '.join(audience)}.",
            "Have the provider put that audience into its tokens, or change the option audience.",
        ),
        jwt.InvalidIssuerError: (f"The access token is not from {issuer}.", _LOG_IN_AGAIN),
        jwt.InvalidSignatureError: (
            "The signature of the access token is wrong: it was changed, or somebody else made it.",
            _LOG_IN_AGAIN,
        ),
        jwt.InvalidAlgorithmError: (
            "The access token is signed by another algorithm than its key is for.",
            _LOG_IN_AGAIN,
        ),
        jwt.InvalidKeyError: (
            "The key that signed the access token is too short to prove anything.",
            "Have the provider use RSA keys of 2048 bits or more.",
        ),
    }
    for kind, (message, remedy) in told.items():
        if isinstance(error, kind):
            return AuthenticationError(message, remedy=remedy)
    if isinstance(error, jwt.MissingRequiredClaimError):
        return AuthenticationError(f"The access token has no claim '{error.claim}'.", remedy=_LOG_IN_AGAIN)
    return _no_token()


def _no_token() -> AuthenticationError:
    return AuthenticationError(
        "The access token is no JSON Web Token, or a damaged one.", remedy="Send it whole, as it was issued."
    )
