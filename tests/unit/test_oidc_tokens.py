"""Access tokens of an OpenID Connect provider: the good ones, and every forgery that is known."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from signed_tokens import AUDIENCE, ISSUER, PlayedProvider, SigningKey, claims, rsa_key, written

from airavata_adapters.token_verifiers.oidc import OidcTokens
from airavata_adapters.token_verifiers.oidc_options import options_of
from airavata_workload.domain.access_token import Identity
from airavata_workload.domain.caller import Role
from airavata_workload.domain.errors import AuthenticationError, SettingsError, UnavailableError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext

KEY = SigningKey("key-1")
Verify = Callable[[str], Identity]


def verifier(provider: PlayedProvider, **options: Any) -> OidcTokens:
    given = {"issuers": {ISSUER: "portal"}, "audience": [AUDIENCE], **options}
    context = BackingContext(home=Path("/nowhere"), session="s", options=given)
    return OidcTokens(options_of(context), fetch=provider)


def verified(token: str, *, keys: list[dict[str, Any]] | None = None, **options: Any) -> Identity:
    provider = PlayedProvider([KEY.published()] if keys is None else keys)
    return verifier(provider, **options).verify(Secret(token))


def refusal(token: str, **options: Any) -> str:
    with pytest.raises(AuthenticationError) as raised:
        verified(token, **options)
    assert token not in str(raised.value)
    return str(raised.value)


# -- good ones ---------------------------------------------------------------------------


def test_a_good_token_says_who_for_which_gateway_and_in_which_role() -> None:
    told = claims()
    assert verified(KEY.sign(told)) == Identity(
        gateway="portal",
        user="alice",
        roles=frozenset({Role.USER}),
        expires_at_us=told["exp"] * 1_000_000,
        token_id="token-1",
    )


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        (["admin"], {Role.ADMIN}),
        (["admin-read-only", "gateway-user"], {Role.READ_ONLY_ADMIN, Role.USER}),
        (["administrator", 7, None], set()),
        ("admin gateway-user", {Role.ADMIN, Role.USER}),
        ({"admin": True}, set()),
    ],
)
def test_roles_come_from_the_words_that_the_options_name(words: object, roles: set[Role]) -> None:
    assert verified(KEY.sign(claims(realm_access={"roles": words}))).roles == roles


def test_roles_may_stand_elsewhere_and_be_called_otherwise() -> None:
    token = KEY.sign(claims(**{"https://example.org/groups": ["staff"]}))
    found = verified(token, roles_claim="https://example.org/groups", roles={"admin": ["staff"]})
    assert found.roles == {Role.ADMIN}


def test_a_token_without_roles_is_good_and_gives_none() -> None:
    assert verified(KEY.sign(claims(realm_access=None))).roles == frozenset()


def test_the_gateway_may_stand_in_the_token() -> None:
    options: dict[str, Any] = {"issuers": {ISSUER: ""}, "gateway_claim": "gateway"}
    assert verified(KEY.sign(claims(gateway="other")), **options).gateway == "other"
    assert "'gateway'" in refusal(KEY.sign(claims()), **options)


def test_a_gateway_of_the_settings_is_not_changed_by_the_token() -> None:
    assert verified(KEY.sign(claims(gateway="other")), gateway_claim="gateway").gateway == "portal"


def test_a_service_account_is_also_called_as_its_client() -> None:
    account = verified(KEY.sign(claims(preferred_username="service-account-portal-client", azp="Portal-Client")))
    assert account.also_called == {"Portal-Client"}
    assert verified(KEY.sign(claims(preferred_username="alice", azp="alice"))).also_called == frozenset()


def test_every_accepted_algorithm_verifies() -> None:
    for algorithm in ("RS256", "PS384"):
        key = SigningKey("rsa", rsa_key(), algorithm)
        assert verified(key.sign(claims()), keys=[key.published()]).user == "alice"
        assert verified(key.sign(claims()), keys=[key.published(alg=algorithm)]).user == "alice"


def test_a_difference_of_the_clocks_is_allowed_for() -> None:
    now_s = int(time.time())
    assert verified(KEY.sign(claims(exp=now_s - 5, nbf=now_s + 5)), leeway_s=30).user == "alice"


# -- not good any more, not yet, not for us ----------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": 1_000_000_000}, "has expired"),
        ({"nbf": 4_000_000_000}, "not good yet"),
        ({"iat": 4_000_000_000}, "not good yet"),
        ({"aud": "account"}, "another audience than airavata"),
        ({"aud": None}, "no claim 'aud'"),
        ({"exp": None}, "no claim 'exp'"),
        ({"iss": "https://auth.example.org/realms/other"}, "not from a provider that is trusted"),
        ({"iss": None}, "not from a provider that is trusted"),
        ({"typ": "ID"}, "no access token"),
        ({"typ": "Refresh"}, "no access token"),
        ({"preferred_username": None}, "'preferred_username'"),
        ({"preferred_username": "a\nb"}, "cannot be printed"),
        ({"preferred_username": 7}, "is missing"),
        ({"preferred_username": "a" * 300}, "more than 255 characters"),
        ({"exp": "tomorrow"}, "no JSON Web Token"),
        ({"exp": float("inf")}, "no JSON Web Token"),
    ],
)
def test_what_the_token_says_can_refuse_it(changes: dict[str, Any], said: str) -> None:
    assert said in refusal(KEY.sign(claims(**changes)))


# -- forged ------------------------------------------------------------------------------


def test_algorithm_none_proves_nothing() -> None:
    for name in ("none", "None", "NONE", "nOnE"):
        unsigned = written({"alg": name, "typ": "JWT", "kid": KEY.kid}, claims(), b"")
        assert "not accepted" in refusal(unsigned)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("form", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_a_published_key_is_no_hmac_secret(algorithm: str, form: serialization.Encoding) -> None:
    key = SigningKey("rsa", rsa_key(), "RS256")
    public = key.private.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = written({"alg": algorithm, "typ": "JWT", "kid": "rsa"}, claims())
    digest = hmac.digest(public, signed.encode(), f"sha{algorithm[2:]}")
    forged = f"{signed}.{written(digest)}"
    assert "not accepted" in refusal(forged, keys=[key.published()])
    # Not even if the provider itself publishes a symmetric key.
    oct_key = {"kty": "oct", "kid": "rsa", "k": written(public), "alg": algorithm, "use": "sig"}
    assert "not accepted" in refusal(forged, keys=[oct_key])


def test_no_hmac_can_be_allowed() -> None:
    for algorithm in ("HS256", "none"):
        with pytest.raises(SettingsError, match=f"may not hold '{algorithm}'"):
            verifier(PlayedProvider([]), algorithms=["RS256", algorithm])


def test_another_key_under_a_published_id_is_found_out() -> None:
    assert "signature" in refusal(SigningKey(KEY.kid).sign(claims()))


def test_a_key_that_the_token_brings_along_is_not_looked_at() -> None:
    forger = SigningKey("forger")
    token = forger.sign(claims(), jwk=forger.published(), jku="https://forger.example.org/keys")
    assert "does not publish" in refusal(token)


def test_an_algorithm_is_taken_from_the_key_and_not_from_the_token() -> None:
    key = SigningKey("rsa", rsa_key(), "PS256")
    assert "for that algorithm" in refusal(key.sign(claims()), keys=[key.published(alg="RS256")])


def test_an_encryption_key_verifies_nothing() -> None:
    assert "does not publish" in refusal(KEY.sign(claims()), keys=[KEY.published(use="enc")])


def test_a_short_rsa_key_proves_nothing() -> None:
    key = SigningKey("short", rsa_key(1024), "RS256")
    with pytest.warns(Warning, match="below the minimum"):
        token = key.sign(claims())
    assert "too short" in refusal(token, keys=[key.published()])


def test_without_an_id_the_key_must_be_the_only_one() -> None:
    token = KEY.sign(claims(), kid=None)
    assert verified(token).user == "alice"
    assert "does not publish" in refusal(token, keys=[KEY.published(), SigningKey("key-2").published()])


def test_changed_claims_break_the_signature() -> None:
    header, _, signature = KEY.sign(claims()).split(".")
    changed = written(claims(preferred_username="root"))
    assert "signature" in refusal(f"{header}.{changed}.{signature}")


def test_an_extension_that_we_do_not_know_refuses_the_token() -> None:
    assert "no JSON Web Token" in refusal(KEY.sign(claims(), crit=["exotic"], exotic=True))


def test_other_kinds_of_signed_things_are_no_access_tokens() -> None:
    assert "no access token" in refusal(KEY.sign(claims(), typ="logout+jwt"))
    assert verified(KEY.sign(claims(), typ="at+jwt")).user == "alice"


# -- the provider ------------------------------------------------------------------------


def test_the_discovery_document_must_be_about_the_issuer() -> None:
    provider = PlayedProvider([KEY.published()], about={"issuer": "https://elsewhere.example.org"})
    with pytest.raises(UnavailableError, match="is not about"):
        verifier(provider).verify(Secret(KEY.sign(claims())))


@pytest.mark.parametrize("about", [[], {"issuer": ISSUER}, {"issuer": ISSUER, "jwks_uri": 5}])
def test_a_strange_discovery_document_is_an_outage(about: Any) -> None:
    with pytest.raises(UnavailableError):
        verifier(PlayedProvider([], about=about)).verify(Secret(KEY.sign(claims())))


def test_nobody_is_asked_before_the_first_token_and_once_for_many() -> None:
    provider = PlayedProvider([KEY.published()])
    tokens = verifier(provider)
    assert tokens.recognises(Secret(KEY.sign(claims())))
    assert not tokens.recognises(Secret("no.such.token"))
    assert provider.fetched == []
    for _ in range(3):
        tokens.verify(Secret(KEY.sign(claims())))
    assert len(provider.fetched) == 2


# -- options -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"issuers": {}}, "'issuers' of oidc is missing"),
        ({"issuers": {"http://auth.example.org": "g"}}, "no https URL"),
        ({"issuers": {"https://": "g"}}, "no https URL"),
        ({"issuers": {ISSUER: ""}}, "no 'gateway_claim'"),
        ({"issuers": {ISSUER: 5}}, "must give a gateway"),
        ({"audience": []}, "'audience'"),
        ({"audience": [""]}, "'audience'"),
        ({"roles": {"root": ["admin"]}}, "which is no role"),
        ({"roles": {"admin": "admin"}}, "list of texts"),
        ({"leeway_s": -1}, "leeway_s"),
        ({"keys_fresh_s": 0}, "keys_fresh_s"),
        ({"ca_file": "/nowhere/ca.pem"}, "which is no file"),
        ({"audiences": ["x"]}, "Did you mean 'audience'"),
    ],
)
def test_options_that_cannot_work_are_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        verifier(PlayedProvider([]), **options)
