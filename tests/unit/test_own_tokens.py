"""Tokens that the installation signs itself: made, verified, revoked, and their keys renewed."""

from __future__ import annotations

import json
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from signed_tokens import SigningKey, written

from airavata_adapters.token_verifiers.own import OwnTokens, open_token_verifier
from airavata_adapters.token_verifiers.token_ring import RING_NAME, SIGNING_KEY_NAME, TokenRing
from airavata_workload.domain.access_token import Identity
from airavata_workload.domain.caller import Role
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import AuthenticationError, DeniedError, InputError, NotFoundError, SettingsError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.token_verifier import TokenIssuer

DAY_S = 86_400


def opened(home: Path, **options: Any) -> TokenIssuer:
    return open_token_verifier(BackingContext(home=home, session="s", options=options))


def made_for(tokens: TokenIssuer, user: str, *roles: Role, valid_s: int = DAY_S) -> Secret:
    return tokens.issue(user=user, gateway="portal", roles=frozenset(roles or [Role.USER]), valid_s=valid_s)[0]


def at(home: Path, days: int) -> OwnTokens:
    """The same tokens, so many days later."""
    return OwnTokens(
        TokenRing(home),
        issuer="airavata-workload",
        audience="airavata-workload",
        leeway_s=0,
        clock=lambda: now_us() + days * DAY_S * 1_000_000,
    )


@pytest.fixture
def tokens(tmp_path: Path) -> TokenIssuer:
    return opened(tmp_path)


def test_a_token_says_what_it_was_made_for(tokens: TokenIssuer) -> None:
    text, made = tokens.issue(user="ada", gateway="portal", roles=frozenset({Role.ADMIN, Role.USER}), valid_s=60)
    assert tokens.recognises(text)
    assert tokens.verify(text) == Identity(
        gateway="portal",
        user="ada",
        roles=frozenset({Role.ADMIN, Role.USER}),
        expires_at_us=made.expires_at_us,
        token_id=made.token_id,
    )
    assert made.expires_at_us - made.issued_at_us == 60_000_000
    assert tokens.issued() == [made]


def test_a_client_that_only_decodes_finds_its_user_name(tokens: TokenIssuer) -> None:
    decoded = jwt.decode(made_for(tokens, "ada").reveal(), options={"verify_signature": False})
    assert decoded["preferred_username"] == "ada"


def test_nothing_shows_a_token_or_keeps_it(tokens: TokenIssuer, tmp_path: Path) -> None:
    text = made_for(tokens, "ada")
    assert text.reveal() not in repr(text)
    for file in tmp_path.iterdir():
        assert text.reveal().rsplit(".", 1)[1] not in file.read_text()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_verifying_does_not_need_the_signing_key(tokens: TokenIssuer, tmp_path: Path) -> None:
    text = made_for(tokens, "ada")
    (tmp_path / SIGNING_KEY_NAME).unlink()
    assert opened(tmp_path).verify(text).user == "ada"


def test_a_revoked_token_is_refused_at_once_and_in_other_processes(tokens: TokenIssuer, tmp_path: Path) -> None:
    serving = opened(tmp_path)
    kept, lost = made_for(tokens, "ada"), made_for(tokens, "eve")
    token_id = serving.verify(lost).token_id
    tokens.revoke(token_id)
    tokens.revoke(token_id)
    with pytest.raises(AuthenticationError, match="was revoked"):
        serving.verify(lost)
    assert serving.verify(kept).user == "ada"
    assert [each.revoked for each in serving.issued() if each.token_id == token_id] == [True]
    with pytest.raises(NotFoundError, match="'nothing'"):
        tokens.revoke("nothing")


def test_old_keys_verify_until_their_last_token_expires(tokens: TokenIssuer, tmp_path: Path) -> None:
    text = made_for(tokens, "ada", valid_s=3 * DAY_S)
    tokens.renew_key()
    assert tokens.verify(text).user == "ada"
    assert tokens.verify(made_for(tokens, "bob")).user == "bob"
    made_for(at(tmp_path, 2), "carl")
    assert len(TokenRing(tmp_path).read().keys) == 2
    made_for(at(tmp_path, 4), "dora")
    assert len(TokenRing(tmp_path).read().keys) == 1
    assert [each.user for each in at(tmp_path, 4).issued()] == ["dora"]


def test_a_new_key_can_refuse_all_that_was_made_before(tokens: TokenIssuer) -> None:
    text = made_for(tokens, "ada")
    tokens.renew_key(forget_old=True)
    with pytest.raises(AuthenticationError, match="does not know, or no longer"):
        tokens.verify(text)
    assert tokens.issued() == []
    assert tokens.verify(made_for(tokens, "ada")).user == "ada"


def test_an_expired_token_is_refused(tmp_path: Path) -> None:
    text = made_for(at(tmp_path, -2), "ada")
    with pytest.raises(AuthenticationError, match="has expired"):
        opened(tmp_path).verify(text)


def test_tokens_made_at_the_same_time_are_all_remembered(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda number: made_for(opened(tmp_path), f"user-{number}"), range(16)))
    tokens = opened(tmp_path)
    assert {tokens.verify(text).user for text in texts} == {each.user for each in tokens.issued()}
    assert len(texts) == len(tokens.issued())
    assert len(TokenRing(tmp_path).read().keys) == 1


# -- forged ------------------------------------------------------------------------------


def own_claims() -> dict[str, Any]:
    return {
        "iss": "airavata-workload",
        "aud": "airavata-workload",
        "sub": "root",
        "gateway": "portal",
        "roles": ["admin"],
        "exp": int(time.time()) + 60,
        "jti": "x",
    }


def test_a_token_of_another_installation_is_refused(tokens: TokenIssuer, tmp_path: Path) -> None:
    made_for(tokens, "ada")
    stranger = made_for(opened(tmp_path / "other"), "ada")
    with pytest.raises(AuthenticationError, match="does not know"):
        tokens.verify(stranger)


def test_a_known_key_id_does_not_help_a_forger(tokens: TokenIssuer) -> None:
    kid = jwt.get_unverified_header(made_for(tokens, "ada").reveal())["kid"]
    forger = SigningKey(kid, ed25519.Ed25519PrivateKey.generate(), "EdDSA")
    with pytest.raises(AuthenticationError, match="signature"):
        tokens.verify(Secret(forger.sign(own_claims())))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256", "RS256"])
def test_no_other_algorithm_is_accepted(tokens: TokenIssuer, tmp_path: Path, algorithm: str) -> None:
    kid = jwt.get_unverified_header(made_for(tokens, "ada").reveal())["kid"]
    public = TokenRing(tmp_path).read().keys[kid].opened()
    secret = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    if algorithm == "HS256":
        forged = jwt.encode(own_claims(), secret, algorithm=algorithm, headers={"kid": kid})
    else:
        forged = written(
            {"alg": algorithm, "kid": kid, "typ": "JWT"}, own_claims(), b"" if algorithm == "none" else secret
        )
    with pytest.raises(AuthenticationError, match="another algorithm"):
        tokens.verify(Secret(forged))


# -- what cannot be asked for, and files that cannot be used -----------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"user": ""}, "user's name is missing"),
        ({"gateway": "a\tb"}, "gateway's name"),
        ({"roles": frozenset()}, "without a role"),
        ({"valid_s": 0}, "more than nothing"),
        ({"valid_s": 400_000_000}, "ten years"),
    ],
)
def test_a_token_that_cannot_be_is_not_made(tokens: TokenIssuer, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        tokens.issue(**{"user": "u", "gateway": "g", "roles": frozenset({Role.USER}), "valid_s": 60, **changes})


@pytest.mark.parametrize("name", [SIGNING_KEY_NAME, RING_NAME])
def test_files_that_others_may_read_are_refused(tokens: TokenIssuer, tmp_path: Path, name: str) -> None:
    made_for(tokens, "ada")
    (tmp_path / name).chmod(0o640)
    os.utime(tmp_path / name)
    with pytest.raises(DeniedError, match="chmod 600"):
        made_for(opened(tmp_path), "bob")


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"keys": 5, "tokens": {}}', '{"keys": {"a": {"b": 1}}, "tokens": {}}']
)
def test_a_damaged_ring_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / RING_NAME
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(DeniedError, match=f"{RING_NAME} is damaged"):
        opened(tmp_path).issued()


def test_a_file_that_holds_no_signing_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.pem").write_text(json.dumps("no key"))
    (tmp_path / "mine.pem").chmod(0o600)
    with pytest.raises(DeniedError, match=r"mine\.pem does not hold an Ed25519 key"):
        made_for(opened(tmp_path, key_file=str(tmp_path / "mine.pem")), "ada")


@pytest.mark.parametrize("options", [{"issuer": ""}, {"audience": ""}, {"leeway_s": -1}, {"key": "x"}])
def test_options_that_cannot_work_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        opened(tmp_path, **options)
