"""Keys and passwords, by token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from airavata_workload.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An SSH key (``private_key`` in OpenSSH or PEM form, with its passphrase) or a password."""

    token: str
    description: str = ""
    user: str = ""
    private_key: Secret | None = None
    passphrase: Secret | None = None
    password: Secret | None = None
    public_key: str = ""
    created_at_us: int = 0


class CredentialStore(ABC):
    """Keeps credentials encrypted, and encrypts single secrets that others keep."""

    @abstractmethod
    def save(self, credential: Credential) -> None:
        """Store under its token, in place of what was there."""

    @abstractmethod
    def credential(self, token: str) -> Credential:
        """The credential. Raises ``NotFoundError``."""

    @abstractmethod
    def summaries(self) -> list[Credential]:
        """All credentials without their secrets."""

    @abstractmethod
    def delete(self, token: str) -> None:
        """Forget a credential. Raises ``NotFoundError``."""

    @abstractmethod
    def encrypted(self, secret: Secret) -> str:
        """ASCII text that tells nothing of the secret but its length; another one at every call.

        Every store with the same key makes the secret of it again. Raises
        ``InputError`` for text that cannot be written as UTF-8.
        """

    @abstractmethod
    def decrypted(self, text: str) -> Secret:
        """The secret in what ``encrypted`` gave. Raises ``DeniedError`` if it is damaged or of another key."""

    @abstractmethod
    def close(self) -> None:
        """Release what is open."""
