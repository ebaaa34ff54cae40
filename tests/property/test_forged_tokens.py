"""Whatever is done to a token, it is accepted unchanged or refused with the one error that says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from signed_tokens import AUDIENCE, ISSUER, PlayedProvider, SigningKey, claims, written

from airavata_adapters.token_verifiers.oidc import OidcTokens
from airavata_adapters.token_verifiers.oidc_options import options_of
from airavata_workload.api.access.authentication import TokenAuthentication
from airavata_workload.domain.errors import AuthenticationError
from airavata_workload.ports.backing import BackingContext

KEY = SigningKey("key-1")
OPTIONS = options_of(
    BackingContext(home=Path("/nowhere"), session="s", options={"issuers": {ISSUER: "portal"}, "audience": [AUDIENCE]})
)
GATE = TokenAuthentication(verifiers=[OidcTokens(OPTIONS, fetch=PlayedProvider([KEY.published()]))])
GOOD = KEY.sign(claims(exp=4_000_000_000))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
HEADER_NAMES = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "zip", "iss"])


def accepted(token: str) -> bool:
    """Anything but an ``AuthenticationError`` that does not show the token fails the test."""
    refusal = ""
    try:
        GATE.caller(token, {})
    except AuthenticationError as error:
        refusal = str(error)
    assert len(token) < 20 or token not in refusal
    return not refusal


def test_the_token_is_good_to_begin_with() -> None:
    assert accepted(GOOD)


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"))
@settings(deadline=None)
def test_one_other_character_is_noticed(place: int, character: str) -> None:
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    assert accepted(changed) == (changed == GOOD)


@given(st.integers(0, len(GOOD) - 1))
@settings(deadline=None)
def test_a_part_of_a_token_is_none(length: int) -> None:
    assert not accepted(GOOD[:length])


@given(st.dictionaries(HEADER_NAMES, JSON, max_size=4), JSON, st.binary(max_size=80))
@settings(deadline=None)
def test_no_header_makes_a_token_good(header: dict[str, Any], payload: Any, signature: bytes) -> None:
    assert not accepted(written(header, payload, signature))
    assert not accepted(written(header, claims(), signature))


@given(st.dictionaries(st.sampled_from([*sorted(claims()), "nbf", "roles"]), JSON, min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_strange_claims_of_the_provider_itself_break_nothing(changes: dict[str, Any]) -> None:
    accepted(KEY.sign(claims(**changes)))


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
@settings(deadline=None)
def test_text_that_is_no_token_is_refused(text: str) -> None:
    assert not accepted(text)


@given(st.sampled_from(["[", '{"a":', '"', "9"]), st.integers(1, 12_000))
@settings(deadline=None)
def test_deep_and_long_documents_are_refused(piece: str, count: int) -> None:
    raw = (piece * count).encode()
    assert not accepted(written(raw, raw, b""))
    assert not accepted(written({"alg": "ES256", "kid": KEY.kid}, json.dumps(claims()).encode() + raw, b"x"))
