"""Turns an access token, and what the client says beside it, into a ``Caller``.

Airavata's clients send both with every call: the token, and a map of claims
with the user and the gateway for whom they act. The token is what counts; the
claims may repeat it and may not contradict it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from airavata_workload.domain.access_token import MAX_TOKEN_BYTES, Identity, checked_name
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.domain.errors import AuthenticationError, DeniedError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.token_verifier import TokenVerifier

USER_CLAIM = "userName"
GATEWAY_CLAIM = "gatewayID"

RoleSource = Callable[[str, str], frozenset[Role]]
"""The roles that a gateway itself gives to a user: of (gateway, user), for example by membership in a group."""


def no_more_roles(_gateway: str, _user: str) -> frozenset[Role]:
    """The ``RoleSource`` of a gateway that gives none."""
    return frozenset()


class Authentication(ABC):
    """Says who calls."""

    @abstractmethod
    def caller(self, access_token: str, claims: Mapping[str, str] | None = None) -> Caller:
        """The caller whose token and claims these are.

        Raises ``AuthenticationError`` if the token proves nothing,
        ``DeniedError`` if the claims are somebody else's, ``UnavailableError``
        if the provider of identities is needed and does not answer.
        """


class TokenAuthentication(Authentication):
    """Callers prove who they are by a token that one of ``verifiers`` accepts; the first that recognises it decides."""

    def __init__(self, *, verifiers: Sequence[TokenVerifier], role_source: RoleSource = no_more_roles) -> None:
        self._verifiers = tuple(verifiers)
        self._role_source = role_source

    def caller(self, access_token: str, claims: Mapping[str, str] | None = None) -> Caller:
        """As ``Authentication.caller``."""
        identity = self.identity(access_token)
        claims = claims or {}
        _must_agree(claims, GATEWAY_CLAIM, "gateway", {identity.gateway})
        _must_agree(claims, USER_CLAIM, "user", {identity.user} | identity.also_called)
        user = claims.get(USER_CLAIM) or identity.user
        return Caller(
            gateway=identity.gateway,
            user=user,
            roles=identity.roles | self._role_source(identity.gateway, user),
        )

    def identity(self, access_token: str) -> Identity:
        """What the token alone says. Raises ``AuthenticationError`` or ``UnavailableError``."""
        if not access_token:
            raise AuthenticationError(
                "There is no access token.",
                remedy="Log in with the gateway's provider, or have one made by 'airavata-workload token create'.",
            )
        # A character is at least one byte, so that a huge text is not even encoded.
        if len(access_token) > MAX_TOKEN_BYTES or not access_token.isascii():
            raise AuthenticationError(
                f"The access token has more than {MAX_TOKEN_BYTES:,} bytes, or others than ASCII: it is none of ours."
            )
        token = Secret(access_token)
        for verifier in self._verifiers:
            if verifier.recognises(token):
                return verifier.verify(token)
        raise AuthenticationError(
            "The access token is from nobody whom this installation trusts.",
            remedy="Log in with the gateway's provider; the setting token_verifiers says who is trusted.",
        )


class InsecureAuthentication(Authentication):
    """Callers are who they say, with every role in their gateway: for one person on one machine.

    Use it only where ``airavata_workload.api.access.listening.refuse_insecure_elsewhere`` has let every listener pass.
    """

    def caller(self, access_token: str, claims: Mapping[str, str] | None = None) -> Caller:
        """As ``Authentication.caller``; the token may be anything."""
        claims = claims or {}
        return Caller(
            gateway=checked_name(claims.get(GATEWAY_CLAIM), f"The claim {GATEWAY_CLAIM}"),
            user=checked_name(claims.get(USER_CLAIM), f"The claim {USER_CLAIM}"),
            roles=frozenset(Role),
        )


def _must_agree(claims: Mapping[str, str], claim: str, what: str, right: set[str]) -> None:
    """A claim that is absent or empty says nothing, and so contradicts nothing."""
    said = claims.get(claim)
    if said and said not in right:
        raise DeniedError(
            f"The claim {claim} names another {what} than the access token.",
            remedy=f"Send the {what} to whom the token belongs, or none.",
        )
