"""Accounts kept by the installation itself, for gateways without an identity provider."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api.people import password_hash
from airavata_workload.api.request_check import found
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.identity_provider import IdentityProvider, IdentityProviderContext
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.users import Account


class OwnAccounts(IdentityProvider):
    """Accounts as records; passwords as Argon2id hashes, made outside of transactions because they take long.

    No password lets anybody in here: calls carry tokens. The hashes have the
    form that identity providers take over, for a gateway that gets one.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def set_up(self, gateway_id: str) -> None:
        """As ``IdentityProvider.set_up``: records need nothing."""

    def register(self, account: Account, password: Secret | None) -> None:
        """As ``IdentityProvider.register``."""
        hashed = password_hash.hashed(password) if password is not None else ""
        with self._records.transaction() as records:
            records.add(replace(account, password_hash=hashed, created_at_ms=self._clock() // 1000))

    def account(self, gateway_id: str, user: str) -> Account | None:
        """As ``IdentityProvider.account``."""
        with self._records.reading() as records:
            account = records.get(Account, Account.key_of(gateway_id, user))
        return None if account is None else replace(account, password_hash="")

    def accounts(self, gateway_id: str, search: str, offset: int, limit: int | None) -> list[Account]:
        """As ``IdentityProvider.accounts``."""
        with self._records.reading() as records:
            if not search:
                which = Query(equal={"gateway_id": gateway_id})
                found_accounts = records.find(Account, which, order_by="user_id", limit=limit, offset=offset)
            else:
                matching = [each for each in self._all(records, gateway_id) if _holds(each, search)]
                found_accounts = matching[offset : None if limit is None else offset + limit]
        return [replace(each, password_hash="") for each in found_accounts]

    def with_email(self, gateway_id: str, email: str) -> list[Account]:
        """As ``IdentityProvider.with_email``; capitals do not count."""
        with self._records.reading() as records:
            which = Query(equal={"gateway_id": gateway_id}, contains={"email": email})
            near = records.find(Account, which)
        return [replace(each, password_hash="") for each in near if each.email.lower() == email.lower()]

    def with_role(self, gateway_id: str, role: str) -> list[Account]:
        """As ``IdentityProvider.with_role``."""
        with self._records.reading() as records:
            return [replace(each, password_hash="") for each in self._all(records, gateway_id) if role in each.roles]

    def change(self, account: Account) -> None:
        """As ``IdentityProvider.change``."""
        with self._records.transaction() as records:
            old = self._one(records, account.gateway_id, account.user_id)
            records.put(
                replace(
                    old,
                    first_name=account.first_name,
                    last_name=account.last_name,
                    email=account.email,
                    enabled=account.enabled,
                )
            )

    def set_password(self, gateway_id: str, user: str, password: Secret) -> None:
        """As ``IdentityProvider.set_password``."""
        hashed = password_hash.hashed(password)
        with self._records.transaction() as records:
            records.put(replace(self._one(records, gateway_id, user), password_hash=hashed))

    def delete(self, gateway_id: str, user: str) -> None:
        """As ``IdentityProvider.delete``."""
        with self._records.transaction() as records:
            records.delete(Account, self._one(records, gateway_id, user).key)

    def add_role(self, gateway_id: str, user: str, role: str) -> None:
        """As ``IdentityProvider.add_role``."""
        with self._records.transaction() as records:
            old = self._one(records, gateway_id, user)
            records.put(replace(old, roles=tuple(sorted({*old.roles, role}))))

    def remove_role(self, gateway_id: str, user: str, role: str) -> None:
        """As ``IdentityProvider.remove_role``."""
        with self._records.transaction() as records:
            old = self._one(records, gateway_id, user)
            records.put(replace(old, roles=tuple(each for each in old.roles if each != role)))

    @staticmethod
    def _one(records: Records, gateway_id: str, user: str) -> Account:
        return found(records.get(Account, Account.key_of(gateway_id, user)), f"account '{user}'")

    @staticmethod
    def _all(records: Records, gateway_id: str) -> list[Account]:
        """All of a gateway, by name: there is no column for what these lists are chosen by."""
        return records.find(Account, Query(equal={"gateway_id": gateway_id}), order_by="user_id")


def open_identity_provider(context: IdentityProviderContext) -> IdentityProvider:
    """Entry point ``own``, which takes no options."""
    context.settled_options()
    return OwnAccounts(records=context.records, clock=context.clock)


def _holds(account: Account, search: str) -> bool:
    wanted = search.lower()
    texts = (account.user_id, account.first_name, account.last_name, account.email)
    return any(wanted in each.lower() for each in texts)
