"""How users of a gateway get accounts on a compute resource, where its site lets a gateway do that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from airavata_workload.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionerParameter:
    """What a provisioner must be told. A ``secret`` one is the token of a password in the credential store."""

    name: str
    description: str = ""
    optional: bool = False
    secret: bool = False


class AccountProvisioner(ABC):
    """Entry point of ``airavata_workload.account_provisioners``: the site's way to accounts and keys.

    Made with its parameters by name, passwords in place of their tokens. Users
    are named as the gateway knows them. Every method raises ``NotFoundError``
    for a user whom the site does not know and whom it cannot make an account,
    and ``UnavailableError`` when the site does not answer.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[ProvisionerParameter, ...]] = ()
    can_create_account: ClassVar[bool] = False
    can_install_ssh_key: ClassVar[bool] = True

    def __init__(self, given: Mapping[str, str | Secret]) -> None:
        self.given = given

    @abstractmethod
    def has_account(self, user: str) -> bool:
        """Whether the user has an account."""

    @abstractmethod
    def has_key(self, user: str, public_key: str) -> bool:
        """Whether the key opens the user's account."""

    @abstractmethod
    def install_key(self, user: str, public_key: str) -> str:
        """Let the key open the user's account, made now if need be; the login name. Doing it again changes nothing."""

    @abstractmethod
    def scratch_directory(self, user: str) -> str:
        """Where the user's jobs may work, an absolute path."""
