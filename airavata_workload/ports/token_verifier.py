"""Who verifies access tokens, and who issues them where there is no provider of identities."""

from __future__ import annotations

from abc import ABC, abstractmethod

from airavata_workload.domain.access_token import Identity, IssuedToken
from airavata_workload.domain.caller import Role
from airavata_workload.domain.secret import Secret


class TokenVerifier(ABC):
    """Says whose an access token is. Several threads may use it at once.

    No error and no log line holds a token or a part of one.
    """

    @abstractmethod
    def recognises(self, token: Secret) -> bool:
        """Whether the token claims to be one of those that this verifier knows. Quick, never raises, proves nothing."""

    @abstractmethod
    def verify(self, token: Secret) -> Identity:
        """What the token says, once its signature, issuer, audience and times are proved.

        Raises ``AuthenticationError`` that says what is wrong with it, and
        ``UnavailableError`` if that cannot be told now.
        """

    @abstractmethod
    def close(self) -> None:
        """Release what is open."""


class TokenIssuer(TokenVerifier):
    """Also makes the tokens that it verifies."""

    @abstractmethod
    def issue(self, *, user: str, gateway: str, roles: frozenset[Role], valid_s: int) -> tuple[Secret, IssuedToken]:
        """Make a token for a user of a gateway, and what is remembered of it.

        Raises ``InputError`` for names or a time that it cannot have,
        ``DeniedError`` or ``StoreUnavailableError`` if the key cannot be used.
        """

    @abstractmethod
    def issued(self) -> list[IssuedToken]:
        """The tokens that have not expired, those that end first first."""

    @abstractmethod
    def revoke(self, token_id: str) -> None:
        """Refuse that token from now on. Raises ``NotFoundError``."""

    @abstractmethod
    def renew_key(self, *, forget_old: bool = False) -> None:
        """Sign with a new key from now on.

        Tokens of the old keys stay good until they expire, unless ``forget_old``
        refuses them all at once.
        """
