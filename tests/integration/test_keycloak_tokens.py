"""Access tokens of a real Keycloak: accepted, refused, and verified through a change of its keys."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from keycloak_site import Keycloak, running_keycloak
from signed_tokens import SigningKey

from airavata_adapters.token_verifiers.oidc import open_token_verifier
from airavata_workload.api.access.authentication import TokenAuthentication
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.domain.errors import AuthenticationError, DeniedError, UnavailableError, WorkloadError
from airavata_workload.ports.backing import BackingContext

pytestmark = pytest.mark.server

LIMIT_S = 15


@pytest.fixture(scope="module")
def keycloak() -> Iterator[Keycloak]:
    with running_keycloak() as made:
        yield made


def authentication(keycloak: Keycloak, **options: Any) -> TokenAuthentication:
    given = {"issuers": {keycloak.issuer: "portal"}, "audience": [keycloak.audience], "leeway_s": 0, **options}
    verifier = open_token_verifier(BackingContext(home=Path("/nowhere"), session="s", options=given))
    return TokenAuthentication(verifiers=[verifier])


def awaited(error: type[WorkloadError], call: Callable[[], object]) -> str:
    """Call until it raises that error, and return what it says."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            call()
        except error as raised:
            return str(raised)
        time.sleep(0.05)
    raise AssertionError(f"no {error.__name__} within {LIMIT_S} s")


@pytest.mark.parametrize(
    ("user", "roles"),
    [("alice", {Role.USER}), ("ada", {Role.USER, Role.ADMIN}), ("newcomer", set())],
)
def test_a_user_who_logged_in_is_known_with_their_roles(keycloak: Keycloak, user: str, roles: set[Role]) -> None:
    claims = {"userName": user, "gatewayID": "portal"}
    caller = authentication(keycloak).caller(keycloak.access_token(user=user), claims)
    assert caller == Caller(gateway="portal", user=user, roles=frozenset(roles))


def test_a_portal_acts_under_the_name_of_its_client(keycloak: Keycloak) -> None:
    token = keycloak.access_token()
    gate = authentication(keycloak)
    assert gate.caller(token).user == "service-account-app"
    assert gate.caller(token, {"userName": "app"}).user == "app"
    with pytest.raises(DeniedError, match="names another user"):
        gate.caller(token, {"userName": "alice"})


def test_somebody_elses_names_are_refused(keycloak: Keycloak) -> None:
    token = keycloak.access_token(user="alice")
    gate = authentication(keycloak)
    for claims in ({"userName": "ada"}, {"gatewayID": "other"}):
        with pytest.raises(DeniedError, match="names another"):
            gate.caller(token, claims)


def test_a_token_for_others_is_refused(keycloak: Keycloak) -> None:
    with pytest.raises(AuthenticationError, match="another audience than airavata"):
        authentication(keycloak).caller(keycloak.access_token("elsewhere", "alice"))


def test_only_access_tokens_will_do(keycloak: Keycloak) -> None:
    tokens = keycloak.tokens(user="alice")
    gate = authentication(keycloak, audience=[keycloak.audience, "app"])
    with pytest.raises(AuthenticationError, match="no access token"):
        gate.caller(tokens["id_token"])
    with pytest.raises(AuthenticationError, match="algorithm that is not accepted"):
        gate.caller(tokens["refresh_token"])


def test_a_token_is_refused_once_it_has_expired(keycloak: Keycloak) -> None:
    token = keycloak.access_token("brief", "alice")
    patient, strict = authentication(keycloak, leeway_s=300), authentication(keycloak)
    assert "has expired" in awaited(AuthenticationError, lambda: strict.caller(token))
    assert patient.caller(token).user == "alice"


def test_another_realm_is_not_trusted_and_cannot_pose_as_this_one(keycloak: Keycloak) -> None:
    token = keycloak.access_token(user="alice")
    master = f"{keycloak.url}/realms/master"
    with pytest.raises(AuthenticationError, match="nobody whom this installation trusts"):
        authentication(keycloak, issuers={master: "portal"}).caller(token)
    forged = jwt.PyJWS().encode(
        json.dumps({**jwt.decode(token, options={"verify_signature": False}), "iss": master}).encode(),
        "a secret that is long enough for an HMAC",
        algorithm="HS256",
        headers={"kid": jwt.get_unverified_header(token)["kid"]},
    )
    with pytest.raises(AuthenticationError, match="algorithm that is not accepted"):
        authentication(keycloak, issuers={master: "portal"}).caller(forged)


def test_tokens_of_a_new_key_and_of_the_old_one_are_accepted(keycloak: Keycloak) -> None:
    gate = authentication(keycloak, keys_interval_s=0.01)
    before = keycloak.access_token(user="alice")
    assert gate.caller(before).user == "alice"
    keycloak.renew_key()
    after = keycloak.access_token(user="alice")
    assert jwt.get_unverified_header(after)["kid"] != jwt.get_unverified_header(before)["kid"]
    assert gate.caller(after).user == "alice"
    assert gate.caller(before).user == "alice"


def test_a_realm_that_is_not_there_is_an_outage(keycloak: Keycloak) -> None:
    gone = f"{keycloak.url}/realms/gone"
    token = SigningKey("key").sign({"iss": gone})
    with pytest.raises(
        UnavailableError, match=r"realms/gone/\.well-known/openid-configuration answers with status 404"
    ):
        authentication(keycloak, issuers={gone: "portal"}).caller(token)
