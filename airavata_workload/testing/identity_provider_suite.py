"""What every identity provider must do. Subclass it and give the fixtures ``provider``, ``gateway`` and ``lets_in``."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from airavata_workload.domain.errors import ConflictError, NotFoundError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.identity_provider import IdentityProvider
from airavata_workload.records.users import Account

LetsIn = Callable[[str, str], bool]
"""Whether a user gets in with a password."""

ROLE = "gateway-user"
"""A role that there is once a gateway was set up."""
PASSWORD = "correct horse battery"  # noqa: S105 - opens nothing


def person(gateway: str, **fields: object) -> Account:
    """An account whose name and e-mail address nobody else has."""
    user = f"u{uuid.uuid4().hex[:12]}"
    plain = {"first_name": "Ada", "last_name": "King-Lovelace", "email": f"{user}@example.org"}
    return replace(Account(gateway_id=gateway, user_id=user, **plain), **fields)  # type: ignore[arg-type]


def told(account: Account | None) -> tuple[object, ...]:
    """What the suite compares of accounts."""
    assert account is not None
    fields = (account.gateway_id, account.user_id, account.enabled, account.first_name, account.last_name)
    return *fields, account.email, account.password_hash


class IdentityProviderSuite:
    """Needs ``provider``, the id of a ``gateway`` that was set up there, and ``lets_in``, which logs people in."""

    def test_who_is_registered_is_known_and_nobody_else(self, provider: IdentityProvider, gateway: str) -> None:
        account = person(gateway)
        assert provider.account(gateway, account.user_id) is None
        provider.register(account, Secret(PASSWORD))
        assert told(provider.account(gateway, account.user_id)) == told(account)
        assert provider.account(gateway, account.user_id.upper()) is None
        assert provider.account(gateway, account.user_id[:-1]) is None

    def test_a_name_is_taken_once(self, provider: IdentityProvider, gateway: str) -> None:
        account = person(gateway)
        provider.register(account, None)
        twin = replace(account, first_name="Twin", email=f"twin-of-{account.email}")
        with pytest.raises(ConflictError, match=account.user_id):
            provider.register(twin, Secret(PASSWORD))
        assert told(provider.account(gateway, account.user_id)) == told(account)

    def test_only_the_enabled_get_in_and_by_their_password(
        self, provider: IdentityProvider, gateway: str, lets_in: LetsIn
    ) -> None:
        account = person(gateway)
        provider.register(account, Secret(PASSWORD))
        assert not lets_in(account.user_id, PASSWORD)
        provider.change(replace(account, enabled=True))
        assert lets_in(account.user_id, PASSWORD)
        assert not lets_in(account.user_id, PASSWORD.upper())
        provider.set_password(gateway, account.user_id, Secret(f"another {PASSWORD}"))
        assert not lets_in(account.user_id, PASSWORD)
        assert lets_in(account.user_id, f"another {PASSWORD}")
        provider.change(replace(account, enabled=False))
        assert not lets_in(account.user_id, f"another {PASSWORD}")

    def test_who_was_given_no_password_does_not_get_in(
        self, provider: IdentityProvider, gateway: str, lets_in: LetsIn
    ) -> None:
        account = person(gateway, enabled=True)
        provider.register(account, None)
        assert not lets_in(account.user_id, PASSWORD)

    def test_names_and_address_change_and_password_and_roles_stay(
        self, provider: IdentityProvider, gateway: str, lets_in: LetsIn
    ) -> None:
        account = person(gateway, enabled=True)
        provider.register(account, Secret(PASSWORD))
        provider.add_role(gateway, account.user_id, ROLE)
        before = provider.account(gateway, account.user_id)
        changed = replace(account, first_name="Élodie", last_name="O'Neil", email=f"new-{account.email}", roles=())
        provider.change(changed)
        after = provider.account(gateway, account.user_id)
        assert told(after) == told(changed)
        assert before is not None
        assert after is not None
        assert after.created_at_ms == before.created_at_ms != 0
        assert lets_in(account.user_id, PASSWORD)
        assert account.user_id in {each.user_id for each in provider.with_role(gateway, ROLE)}

    def test_accounts_are_searched_without_regard_to_capitals(self, provider: IdentityProvider, gateway: str) -> None:
        mark = uuid.uuid4().hex[:10]
        by_name = person(gateway, last_name=f"Mc{mark}son")
        by_address = person(gateway, email=f"x.{mark}@example.org")
        for each in (by_name, by_address, person(gateway)):
            provider.register(each, None)
        expected = sorted([by_name.user_id, by_address.user_id])
        assert [each.user_id for each in provider.accounts(gateway, mark.upper(), 0, None)] == expected
        assert [each.user_id for each in provider.accounts(gateway, mark, 1, 5)] == expected[1:]
        assert [each.user_id for each in provider.accounts(gateway, by_name.user_id[1:], 0, None)] == expected[
            expected.index(by_name.user_id) :
        ][:1]
        assert provider.accounts(gateway, f"{mark}&max=1/../%", 0, None) == []

    def test_lists_are_by_name_and_cut_as_asked(self, provider: IdentityProvider, gateway: str) -> None:
        for _ in range(3):
            provider.register(person(gateway), None)
        everybody = [each.user_id for each in provider.accounts(gateway, "", 0, None)]
        assert everybody == sorted(everybody)
        assert len(everybody) >= 3
        assert [each.user_id for each in provider.accounts(gateway, "", 1, 2)] == everybody[1:3]
        assert provider.accounts(gateway, "", 0, 0) == []
        assert provider.accounts(gateway, "", len(everybody), None) == []

    def test_an_address_is_found_whole(self, provider: IdentityProvider, gateway: str) -> None:
        account = person(gateway)
        provider.register(account, None)
        assert [told(each) for each in provider.with_email(gateway, account.email.upper())] == [told(account)]
        assert provider.with_email(gateway, account.email[1:]) == []

    def test_roles_come_and_go(self, provider: IdentityProvider, gateway: str) -> None:
        account = person(gateway)
        provider.register(account, None)

        def has_it() -> bool:
            return account.user_id in {each.user_id for each in provider.with_role(gateway, ROLE)}

        assert not has_it()
        for _ in range(2):
            provider.add_role(gateway, account.user_id, ROLE)
        assert has_it()
        for _ in range(2):
            provider.remove_role(gateway, account.user_id, ROLE)
        assert not has_it()
        provider.remove_role(gateway, account.user_id, "no such role")
        assert provider.with_role(gateway, "no such role") == []

    def test_a_deleted_account_is_gone_and_its_name_free(
        self, provider: IdentityProvider, gateway: str, lets_in: LetsIn
    ) -> None:
        account = person(gateway, enabled=True)
        provider.register(account, Secret(PASSWORD))
        provider.delete(gateway, account.user_id)
        assert provider.account(gateway, account.user_id) is None
        assert not lets_in(account.user_id, PASSWORD)
        provider.register(account, None)
        assert not lets_in(account.user_id, PASSWORD)

    def test_an_unknown_user_is_named(self, provider: IdentityProvider, gateway: str) -> None:
        account = person(gateway)
        user = account.user_id
        calls: tuple[Callable[[], None], ...] = (
            lambda: provider.change(account),
            lambda: provider.set_password(gateway, user, Secret(PASSWORD)),
            lambda: provider.delete(gateway, user),
            lambda: provider.add_role(gateway, user, ROLE),
            lambda: provider.remove_role(gateway, user, ROLE),
        )
        for call in calls:
            with pytest.raises(NotFoundError, match=user):
                call()

    def test_setting_up_again_changes_nothing(self, provider: IdentityProvider, gateway: str) -> None:
        account = person(gateway)
        provider.register(account, None)
        provider.add_role(gateway, account.user_id, ROLE)
        provider.set_up(gateway)
        assert told(provider.account(gateway, account.user_id)) == told(account)
        assert account.user_id in {each.user_id for each in provider.with_role(gateway, ROLE)}
