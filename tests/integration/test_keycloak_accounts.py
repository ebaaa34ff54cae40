"""Accounts in a real Keycloak, as portals manage them."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from gateway_site import ADMIN, Site, gateway_named, gateway_site
from keycloak_site import KEEPER, Keycloak, realm_of_its_own, running_keycloak

from airavata_adapters.identity_providers.keycloak import open_identity_provider
from airavata_adapters.token_verifiers.oidc import open_token_verifier
from airavata_workload.api.access.authentication import TokenAuthentication
from airavata_workload.api.people.iam import Iam
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.domain.errors import ConflictError, InputError, NotFoundError, StoreUnavailableError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.identity_provider import IdentityProvider, IdentityProviderContext
from airavata_workload.records.users import UserStatus
from airavata_workload.testing.identity_provider_suite import IdentityProviderSuite, LetsIn

pytestmark = pytest.mark.server

GATEWAY = ADMIN.gateway
POLICY = "length(8) and hashAlgorithm(pbkdf2-sha512) and hashIterations(1)"
"""Passwords of 8 characters at least; hashes of them as quick as they can be."""


@dataclass(frozen=True)
class Office:
    """A gateway whose accounts are in a realm of its own."""

    site: Site
    keycloak: Keycloak

    def provider(self, **options: Any) -> IdentityProvider:
        secret = self.site.home / "keeper.secret"
        secret.touch(mode=0o600)
        secret.write_text(f"{KEEPER}-secret\n", "utf-8")
        plain = {
            "url": self.keycloak.url,
            "realms": {GATEWAY: self.keycloak.realm},
            "client": KEEPER,
            "client_secret_file": str(secret),
        }
        context = IdentityProviderContext(
            home=self.site.home,
            session="s",
            options={**plain, **options},
            records=self.site.records,
            clock=self.site.clock,
        )
        return open_identity_provider(context)

    def caller(self, user: str, password: str) -> Caller:
        """Who calls with the token that a user gets who logs in."""
        options = {"issuers": {self.keycloak.issuer: GATEWAY}, "audience": [self.keycloak.audience]}
        verifier = open_token_verifier(BackingContext(home=self.site.home, session="s", options=options))
        token = self.keycloak.access_token(user=user, password=password)
        return TokenAuthentication(verifiers=[verifier]).caller(token, {"userName": user, "gatewayID": GATEWAY})

    def lets_in(self, user: str, password: str) -> bool:
        try:
            self.keycloak.tokens(user=user, password=password)
        except urllib.error.HTTPError as error:
            if error.code in (400, 401):
                return False
            raise
        return True


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with (
        running_keycloak() as server,
        realm_of_its_own(server, passwordPolicy=POLICY) as keycloak,
        gateway_site(tmp_path_factory.mktemp("accounts")) as site,
    ):
        yield Office(site, keycloak)


@pytest.fixture(scope="module")
def provider(office: Office) -> IdentityProvider:
    provider = office.provider()
    provider.set_up(GATEWAY)
    return provider


class TestKeycloak(IdentityProviderSuite):
    @pytest.fixture
    def gateway(self) -> str:
        return GATEWAY

    @pytest.fixture
    def lets_in(self, office: Office) -> LetsIn:
        return office.lets_in


@pytest.fixture(scope="module")
def iam(office: Office) -> Iam:
    """What portals call, in a gateway that was set up."""
    iam = Iam(provider=office.provider(), users=office.site.users)
    assert iam.set_up_gateway(ADMIN, gateway_named(GATEWAY)).gateway_id == GATEWAY
    return iam


def test_who_was_registered_and_enabled_calls_with_a_token_of_theirs(office: Office, iam: Iam) -> None:
    assert iam.is_username_available(ADMIN, "dave")
    assert iam.register_user(ADMIN, "dave", "dave@example.org", "Dave", "Bowman", "dave's password")
    assert iam.user(ADMIN, "dave").state is UserStatus.PENDING_CONFIRMATION
    assert not office.lets_in("dave", "dave's password")
    assert iam.enable_user(ADMIN, "dave")
    assert office.caller("dave", "dave's password") == Caller(gateway=GATEWAY, user="dave", roles=frozenset())
    assert iam.add_role_to_user(ADMIN, "dave", "gateway-user")
    assert office.caller("dave", "dave's password").roles == {Role.USER}
    assert iam.reset_user_password(ADMIN, "dave", "another password")
    assert not office.lets_in("dave", "dave's password")
    assert office.caller("dave", "another password").user == "dave"
    assert [each.user_id for each in iam.users(ADMIN, 0, -1, "dave bow")] == ["dave"]
    assert office.site.users.profile(ADMIN, "dave", GATEWAY).emails == ("dave@example.org",)
    assert iam.delete_user(ADMIN, "dave")
    assert not office.lets_in("dave", "another password")


def test_an_address_counts_as_confirmed_when_its_user_is_enabled_and_not_when_it_changes(
    office: Office, iam: Iam
) -> None:
    def confirmed() -> bool:
        (found,) = office.keycloak.administer("/users?username=heywood&exact=true")
        return bool(found["emailVerified"])

    iam.register_user(ADMIN, "heywood", "h@example.org", "Heywood", "Floyd", "heywood's password")
    assert not confirmed()
    iam.enable_user(ADMIN, "heywood")
    assert confirmed()
    iam.update_user_profile(ADMIN, replace(iam.user(ADMIN, "heywood"), emails=("floyd@example.org",)))
    assert iam.user(ADMIN, "heywood").emails == ("floyd@example.org",)
    assert not confirmed()


def test_the_realm_says_what_a_password_and_whose_an_address_is(iam: Iam) -> None:
    iam.register_user(ADMIN, "bob", "bob@example.org", "Bob", "Builder", "bob's password")
    with pytest.raises(InputError, match="minimum length 8"):
        iam.reset_user_password(ADMIN, "bob", "short")
    with pytest.raises(InputError, match="minimum length 8"):
        iam.register_user(ADMIN, "hal", "hal@example.org", "H", "AL", "short")
    with pytest.raises(ConflictError, match="taken"):
        iam.register_user(ADMIN, "twin", "bob@example.org", "T", "Win", "twin's password")
    iam.register_user(ADMIN, "ann", "ann@example.org", "Ann", "Builder", "ann's password")
    with pytest.raises(ConflictError, match="taken"):
        iam.update_user_profile(ADMIN, replace(iam.user(ADMIN, "ann"), emails=("bob@example.org",)))
    assert not iam.is_user_exist(ADMIN, "hal")
    assert not iam.is_user_exist(ADMIN, "twin")


def test_service_accounts_are_not_for_portals(iam: Iam) -> None:
    keeper = f"service-account-{KEEPER}"
    assert not iam.is_user_exist(ADMIN, keeper)
    assert iam.users(ADMIN, 0, -1, "service-account") == ()
    with pytest.raises(ConflictError, match="taken"):
        iam.register_user(ADMIN, f"{keeper}s", "s@example.org", "S", "A", "some password")
    with pytest.raises(NotFoundError):
        iam.reset_user_password(ADMIN, keeper, "some password")
    with pytest.raises(NotFoundError):
        iam.add_role_to_user(ADMIN, keeper, "admin")


def test_a_role_that_the_realm_has_not_is_not_given(office: Office, iam: Iam) -> None:
    roles = {each["name"] for each in office.keycloak.administer("/roles")}
    assert {"admin", "admin-read-only", "gateway-user"} <= roles
    iam.register_user(ADMIN, "carol", "carol@example.org", "Carol", "C", "carol's password")
    with pytest.raises(NotFoundError, match="no role 'no such role'"):
        iam.add_role_to_user(ADMIN, "carol", "no such role")


def test_lists_of_more_than_a_page_are_whole(iam: Iam, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        iam.register_user(ADMIN, f"paged{number}", f"paged{number}@example.org", "P", "Aged", "")
    everybody = iam.users(ADMIN, 0, -1, "paged")
    assert len(everybody) == 3
    monkeypatch.setattr("airavata_adapters.identity_providers.keycloak_admin.PAGE", 1)
    assert iam.users(ADMIN, 0, -1, "paged") == everybody
    assert iam.users(ADMIN, 1, 2, "paged") == everybody[1:]


def test_a_gateway_without_realm_has_no_accounts(iam: Iam) -> None:
    with pytest.raises(NotFoundError, match="no realm for gateway 'elsewhere'"):
        iam.is_user_exist(replace(ADMIN, gateway="elsewhere"), "alice")


def test_what_only_an_operator_can_mend_is_an_outage(office: Office, tmp_path: Path) -> None:
    def secret(text: str) -> str:
        path = tmp_path / f"{text}.secret"
        path.touch(mode=0o600)
        path.write_text(text, "utf-8")
        return str(path)

    for options, said in (
        ({"client_secret_file": secret("wrong")}, f"does not let client '{KEEPER}' in"),
        ({"realms": {GATEWAY: "gone"}}, "realm 'gone'"),
        ({"client": "app", "client_secret_file": secret("app-secret")}, "refuses to show.*403"),
        ({"url": "http://127.0.0.1:1"}, "does not answer"),
    ):
        with pytest.raises(StoreUnavailableError, match=said) as caught:
            office.provider(**options).account(GATEWAY, "alice")
        assert "-secret" not in str(caught.value)
