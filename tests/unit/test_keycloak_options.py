"""What the identity provider Keycloak is told, and what is refused before it is asked anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airavata_adapters.identity_providers.keycloak_admin import KeycloakAdmin
from airavata_adapters.identity_providers.keycloak_options import KeycloakOptions, options_of
from airavata_adapters.token_verifiers.json_over_http import HttpAnswer, HttpRequest
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import DeniedError, SettingsError, StoreUnavailableError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.settings import Settings


@pytest.fixture
def plain(tmp_path: Path) -> dict[str, Any]:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("s3cr3t\n", "utf-8")
    return {
        "url": "https://auth.example.org/",
        "realms": {"portal": "people"},
        "client": "airavata",
        "client_secret_file": str(secret),
    }


def options(given: dict[str, Any]) -> KeycloakOptions:
    return options_of(BackingContext(home=Path("/nowhere"), session="s", options=given))


def test_what_is_not_said_has_defaults(plain: dict[str, Any]) -> None:
    found = options({**plain, "request_time_limit_s": 3})
    assert (found.url, found.realm("portal"), found.request_time_limit_s) == ("https://auth.example.org", "people", 3.0)
    assert found.roles == ("admin", "admin-read-only", "gateway-user")
    assert found.secret().reveal() == "s3cr3t"
    assert "s3cr3t" not in repr(found)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": ""}, "'url' of keycloak is missing"),
        ({"url": "http://auth.example.org"}, "no https URL"),
        ({"realms": {}}, "'realms' of keycloak is missing"),
        ({"realms": {"portal": ""}}, "no name"),
        ({"realms": {"portal": "people", "other": "people"}}, "one realm to two gateways"),
        ({"realms": {"portal": "master"}}, "names the realm master"),
        ({"roles": [1]}, "no name"),
        ({"client": ""}, "'client' of keycloak is missing"),
        ({"client_secret_file": "/nowhere/secret"}, "which is no file"),
        ({"request_time_limit_s": 0}, "more than 0"),
        ({"realm": "people"}, "'realm' is not an option"),
    ],
)
def test_an_option_that_cannot_work_is_named(plain: dict[str, Any], changed: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        options({**plain, **changed})
    assert caught.value.key in changed


def test_a_secret_that_others_may_read_is_refused(plain: dict[str, Any]) -> None:
    Path(plain["client_secret_file"]).chmod(0o640)
    with pytest.raises(DeniedError, match="others than its owner may read it"):
        options(plain)


class Recorded:
    """Plays Keycloak: every session ends after 60 seconds, and ``ended`` ones are refused."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.sessions = 0
        self.ended: set[str] = set()
        self.now_s = 0.0

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        self.asked.append(request)
        if request.url.endswith("/token"):
            self.sessions += 1
            return HttpAnswer(200, {"access_token": f"session-{self.sessions}", "expires_in": 60})
        refused = request.headers["Authorization"].removeprefix("Bearer ") in self.ended
        return HttpAnswer(401, None) if refused else HttpAnswer(200, [])


def test_a_session_is_used_until_it_ends(plain: dict[str, Any]) -> None:
    keycloak = Recorded()
    admin = KeycloakAdmin(options(plain), exchange=keycloak, monotonic_s=lambda: keycloak.now_s)
    for now_s, sessions in ((0, 1), (54, 1), (56, 2)):
        keycloak.now_s = now_s
        admin.ask("people", ("users",))
        assert keycloak.sessions == sessions
    keycloak.ended.add("session-2")
    admin.ask("people", ("users",))
    assert keycloak.sessions == 3
    keycloak.ended.add("session-3")
    keycloak.ended.add("session-4")
    with pytest.raises(StoreUnavailableError, match="401"):
        admin.ask("people", ("users",))
    assert keycloak.sessions == 4


def test_what_users_write_stays_in_its_part_of_the_address(plain: dict[str, Any]) -> None:
    keycloak = Recorded()
    admin = KeycloakAdmin(options(plain), exchange=keycloak)
    admin.ask("people", ("roles", "../users?x=/#"), query={"search": "a&max=9"}, body={"a": 1}, method="PUT")
    login, asked = keycloak.asked
    base = "https://auth.example.org"
    assert login.url == f"{base}/realms/people/protocol/openid-connect/token"
    assert asked.url == f"{base}/admin/realms/people/roles/..%2Fusers%3Fx%3D%2F%23?search=a%26max%3D9"
    assert asked.body is not None
    assert json.loads(asked.body) == {"a": 1}
    assert "s3cr3t" not in repr(keycloak.asked)
    assert "session" not in repr(keycloak.asked)


def test_the_provider_is_the_one_that_the_settings_name(tmp_path: Path, plain: dict[str, Any]) -> None:
    options = {"identity_provider": plain}
    with Installation(
        Settings(home=tmp_path / "home", identity_provider="keycloak", options=options), service="api"
    ) as made:
        assert type(made.accounts).__name__ == "KeycloakAccounts"
    with (
        Installation(Settings(home=tmp_path / "home", options=options), service="api") as made,
        pytest.raises(SettingsError, match="It takes none"),
    ):
        _ = made.accounts
