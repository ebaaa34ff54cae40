"""Keeps the accounts of a gateway's users: who may log in, and by which roles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.users import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProviderContext(BackingContext):
    """The entry points of ``identity_providers`` are called with one of these and return the port.

    ``records`` is the installation's record store, for a provider that keeps
    accounts there. ``clock`` gives microseconds.
    """

    records: RecordStore = field(repr=False)
    clock: Clock = field(repr=False)


class IdentityProvider(ABC):
    """Accounts, gateway by gateway. User names are those within the gateway.

    Every method raises ``StoreUnavailableError`` when the provider does not
    answer, and ``NotFoundError`` for a gateway that it does not know; those
    that name a user raise ``NotFoundError`` for one without account, unless
    something else is said. Accounts may come without their ``roles``:
    ``with_role`` tells who has one.
    """

    @abstractmethod
    def set_up(self, gateway_id: str) -> None:
        """Make the gateway ready for accounts; again, it changes nothing."""

    @abstractmethod
    def register(self, account: Account, password: Secret | None) -> None:
        """Store a new account. Raises ``ConflictError`` if its name is taken, ``InputError`` for a bad password."""

    @abstractmethod
    def account(self, gateway_id: str, user: str) -> Account | None:
        """An account, without its password; ``None`` if there is none."""

    @abstractmethod
    def accounts(self, gateway_id: str, search: str, offset: int, limit: int | None) -> list[Account]:
        """A page of the accounts whose name, first name, last name or e-mail address holds ``search``, by name.

        Capitals do not count.
        """

    @abstractmethod
    def with_email(self, gateway_id: str, email: str) -> list[Account]:
        """The accounts with that e-mail address."""

    @abstractmethod
    def with_role(self, gateway_id: str, role: str) -> list[Account]:
        """The accounts that have a role, by name."""

    @abstractmethod
    def change(self, account: Account) -> None:
        """Store names, e-mail address and whether the account is enabled, as given; roles and password stay."""

    @abstractmethod
    def set_password(self, gateway_id: str, user: str, password: Secret) -> None:
        """Set a new password. Raises ``InputError`` for a bad one."""

    @abstractmethod
    def delete(self, gateway_id: str, user: str) -> None:
        """Remove an account."""

    @abstractmethod
    def add_role(self, gateway_id: str, user: str, role: str) -> None:
        """Give a role; one that is held already stays. ``NotFoundError`` for one that the provider does not know."""

    @abstractmethod
    def remove_role(self, gateway_id: str, user: str, role: str) -> None:
        """Take a role away, if it is held."""
