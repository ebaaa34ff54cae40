"""Accounts: passwords are kept as hashes, people manage their own, administrators the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from gateway_site import ADMIN, ALICE, AUDITOR, BOB, STRANGER, Site, gateway_named, gateway_site
from stored_passwords import opens

from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.records.users import Account, UserStatus


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The accounts of alice and bob, which tests leave as they are."""
    with gateway_site(tmp_path_factory.mktemp("home")) as site:
        register(site, "alice", "Alice@Example.org", "Liddell")
        register(site, "bob", "bob@example.org", "Builder")
        yield site


def register(site: Site, user: str, email: str, last_name: str) -> None:
    assert site.iam.register_user(ADMIN, user, email, user.title(), last_name, f"{user}'s password")


def test_an_account_opens_when_it_is_enabled_and_by_its_password(site: Site) -> None:
    register(site, "dave", "dave@example.org", "Bowman")
    assert not site.iam.is_user_enabled(ADMIN, "dave")
    assert not opens(site.records, "seagrid", "dave", "dave's password")
    assert site.iam.enable_user(ADMIN, "dave")
    assert opens(site.records, "seagrid", "dave", "dave's password")
    assert site.users.profile(ADMIN, "dave", "seagrid").emails == ("dave@example.org",)
    for gateway, user, password in (
        ("seagrid", "dave", "Dave's password"),
        ("elsewhere", "dave", "dave's password"),
        ("seagrid", "nobody", "dave's password"),
        ("seagrid", "dave", ""),
    ):
        assert not opens(site.records, gateway, user, password)


def test_passwords_are_stored_as_hashes_and_shown_to_nobody(site: Site) -> None:
    with site.records.reading() as records:
        stored = records.get(Account, Account.key_of("seagrid", "alice"))
    assert stored is not None
    assert stored.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "argon2" not in repr(stored)
    account = site.accounts.account("seagrid", "alice")
    assert account is not None
    assert account.password_hash == ""


def test_a_new_password_takes_the_place_of_the_old_one(site: Site) -> None:
    register(site, "frank", "frank@example.org", "Poole")
    site.iam.enable_user(ADMIN, "frank")
    assert site.iam.reset_user_password(ADMIN, "frank", "another password")
    assert not opens(site.records, "seagrid", "frank", "frank's password")
    assert opens(site.records, "seagrid", "frank", "another password")
    with pytest.raises(InputError, match="8 to"):
        site.iam.reset_user_password(ADMIN, "frank", "short")
    with pytest.raises(DeniedError):
        site.iam.reset_user_password(ALICE, "frank", "stolen account")


def test_an_account_without_password_opens_to_none(site: Site) -> None:
    site.iam.register_user(ADMIN, "oidc", "oidc@example.org", "O", "I", "")
    site.iam.enable_user(ADMIN, "oidc")
    assert not opens(site.records, "seagrid", "oidc", "")


def test_names_are_taken_once_and_have_a_form(site: Site) -> None:
    assert not site.iam.is_username_available(ALICE, "alice")
    assert site.iam.is_username_available(ALICE, "free")
    assert not site.iam.is_username_available(ALICE, "Not Free")
    assert site.iam.is_user_exist(BOB, "alice")
    assert not site.iam.is_user_exist(BOB, "free")
    with pytest.raises(ConflictError):
        register(site, "alice", "a@example.org", "Twin")
    for user, email in (("No Name", "x@example.org"), ("-x", "x@example.org"), ("fine", "nowhere")):
        with pytest.raises(InputError):
            register(site, user, email, "X")
    with pytest.raises(DeniedError):
        site.iam.register_user(ALICE, "sock", "s@example.org", "S", "P", "puppet puppet")


def test_accounts_are_searched_by_pages(site: Site) -> None:
    assert [each.user_id for each in site.iam.users(AUDITOR, 0, -1, "builder")] == ["bob"]
    assert [each.user_id for each in site.iam.users(ADMIN, 0, 1)] == ["alice"]
    assert [each.user_id for each in site.iam.users(ADMIN, 1, 1, "EXAMPLE")] == ["bob"]
    assert [each.user_id for each in site.iam.find_users(ADMIN, "alice@example.org")] == ["alice"]
    assert site.iam.find_users(ADMIN, "lice@example.org") == ()
    assert [each.user_id for each in site.iam.find_users(ADMIN, None, "bob")] == ["bob"]
    assert site.iam.find_users(ADMIN, "alice@example.org", "bob") == ()
    with pytest.raises(InputError):
        site.iam.find_users(ADMIN)
    for refused in (
        lambda: site.iam.users(ALICE, 0, 10),
        lambda: site.iam.find_users(ALICE, "bob@example.org"),
        lambda: site.iam.user(ALICE, "bob"),
    ):
        with pytest.raises(DeniedError):
            refused()
    assert site.iam.user(ALICE, "alice").state is UserStatus.PENDING_CONFIRMATION


def test_roles_come_and_go(site: Site) -> None:
    site.iam.add_role_to_user(ADMIN, "bob", "gateway-provider")
    site.iam.add_role_to_user(ADMIN, "bob", "gateway-provider")
    assert [each.user_id for each in site.iam.users_with_role(ADMIN, "gateway-provider")] == ["bob"]
    site.iam.remove_role_from_user(ADMIN, "bob", "gateway-provider")
    assert site.iam.users_with_role(ADMIN, "gateway-provider") == ()
    with pytest.raises(DeniedError):
        site.iam.add_role_to_user(BOB, "bob", "admin")
    with pytest.raises(InputError):
        site.iam.add_role_to_user(ADMIN, "bob", "no/role")
    with pytest.raises(NotFoundError):
        site.iam.add_role_to_user(ADMIN, "nobody", "admin")


def test_people_change_their_own_names(site: Site) -> None:
    register(site, "heywood", "h@example.org", "Floyd")
    heywood = replace(BOB, user="heywood")
    changed = replace(site.iam.user(heywood, "heywood"), last_name="R. Floyd", emails=("floyd@example.org",))
    with pytest.raises(DeniedError):
        site.iam.update_user_profile(BOB, changed)
    site.iam.update_user_profile(heywood, changed)
    known = site.iam.user(heywood, "heywood")
    assert (known.first_name, known.last_name, known.emails) == ("Heywood", "R. Floyd", ("floyd@example.org",))
    assert site.iam.delete_user(ADMIN, "heywood")
    with pytest.raises(NotFoundError):
        site.iam.user(ADMIN, "heywood")
    with pytest.raises(DeniedError):
        site.iam.delete_user(BOB, "bob")


def test_each_gateway_has_its_own_accounts(site: Site) -> None:
    assert not site.iam.is_user_exist(STRANGER, "bob")
    assert site.iam.users(STRANGER, 0, -1) == ()
    with pytest.raises(NotFoundError):
        site.iam.update_user_profile(STRANGER, site.iam.user(ADMIN, "bob"))
    with pytest.raises(NotFoundError):
        site.iam.set_up_gateway(STRANGER, gateway_named("seagrid"))
    assert site.iam.set_up_gateway(ADMIN, gateway_named("seagrid")).gateway_id == "seagrid"
