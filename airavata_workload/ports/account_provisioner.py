"""How users of a gateway get accounts on a compute resource, where its site lets a gateway do that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from airavata_workload.domain.secret import Secret
from airavata_workload.ports.remote_shell import RemoteShell


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionerParameter:
    """What a provisioner must be told. A ``secret`` one is the token of a password in the credential store."""

    name: str
    description: str = ""
    optional: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UserKey:
    """A user's SSH key: its public half, and the token of the whole in the credential store."""

    token: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLogin:
    """How a user logs in, as they have told: the name, and the token of a key or password, '' if of none."""

    name: str
    token: str = ""


class AccountMachine(ABC):
    """The compute resource whose accounts are asked about, reached as jobs reach it: host, port, known host keys."""

    @abstractmethod
    def login_of(self, user: str) -> UserLogin:
        """What the user's resource profile says; without it their own name."""

    @abstractmethod
    def shell(self, login: UserLogin) -> RemoteShell:
        """A shell that logs in anew, at its first use; the caller closes it.

        Raises ``InputError`` for a resource that is not reached over SSH, and
        for a token that is none of the gateway's.
        """


class AccountProvisioner(ABC):
    """Entry point of ``airavata_workload.account_provisioners``: the site's way to accounts and keys.

    Made with its parameters by name, passwords in place of their tokens, and
    the machine. Users are named as the gateway knows them. Every method raises
    ``NotFoundError`` for a user whom the site does not know and whom it cannot
    make an account, ``InputError`` for what was not told and is needed, and
    ``UnavailableError`` when the site does not answer.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[ProvisionerParameter, ...]] = ()
    can_create_account: ClassVar[bool] = False
    can_install_ssh_key: ClassVar[bool] = True

    def __init__(self, given: Mapping[str, str | Secret], machine: AccountMachine) -> None:
        self.given = given
        self.machine = machine

    @abstractmethod
    def has_account(self, user: str) -> bool:
        """Whether the user has an account."""

    @abstractmethod
    def has_key(self, user: str, key: UserKey) -> bool:
        """Whether the key opens the user's account."""

    @abstractmethod
    def install_key(self, user: str, key: UserKey) -> str:
        """Let the key open the user's account, made now if need be; the login name. Doing it again changes nothing."""

    @abstractmethod
    def scratch_directory(self, user: str) -> str:
        """Where the user's jobs may work, an absolute path."""
