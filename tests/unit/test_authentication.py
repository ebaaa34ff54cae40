"""From a token and claims to a caller; and where everybody is believed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from signed_tokens import SigningKey, claims, written

from airavata_workload.api.access.authentication import InsecureAuthentication, TokenAuthentication
from airavata_workload.api.access.listening import internal_caller, is_loopback, refuse_insecure_elsewhere
from airavata_workload.domain.access_token import MAX_TOKEN_BYTES, Identity, stated_issuer
from airavata_workload.domain.caller import INTERNAL, Caller, Role
from airavata_workload.domain.errors import AuthenticationError, DeniedError, InputError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.token_verifier import TokenVerifier

ALICE = Identity(gateway="portal", user="alice", roles=frozenset({Role.USER}), expires_at_us=0)


class Knows(TokenVerifier):
    """Knows one text and whose it is."""

    def __init__(self, text: str, identity: Identity = ALICE) -> None:
        self.text, self.identity = text, identity

    def recognises(self, token: Secret) -> bool:
        return token.reveal().startswith(self.text[:3])

    def verify(self, token: Secret) -> Identity:
        if token.reveal() != self.text:
            raise AuthenticationError("No.")
        return self.identity

    def close(self) -> None:
        """Nothing is open."""


def caller(said: Mapping[str, str] | None, identity: Identity = ALICE) -> Caller:
    return TokenAuthentication(verifiers=[Knows("token", identity)]).caller("token", said)


@pytest.mark.parametrize(
    "said", [None, {}, {"userName": "alice", "gatewayID": "portal"}, {"userName": "", "email": "a@example.org"}]
)
def test_claims_may_repeat_the_token_or_say_nothing(said: Mapping[str, str] | None) -> None:
    assert caller(said) == Caller(gateway="portal", user="alice", roles=frozenset({Role.USER}))


@pytest.mark.parametrize(
    ("said", "claim"),
    [
        ({"userName": "bob", "gatewayID": "portal"}, "userName"),
        ({"userName": "Alice"}, "userName"),
        ({"userName": "alice", "gatewayID": "other"}, "gatewayID"),
    ],
)
def test_claims_may_not_contradict_the_token(said: Mapping[str, str], claim: str) -> None:
    with pytest.raises(DeniedError, match=f"The claim {claim} names another"):
        caller(said)


def test_the_holder_may_act_under_their_other_names() -> None:
    account = Identity(
        gateway="portal",
        user="service-account-pga",
        roles=frozenset(),
        expires_at_us=0,
        also_called=frozenset({"pga"}),
    )
    assert caller({"userName": "pga"}, account).user == "pga"
    assert caller(None, account).user == "service-account-pga"


def test_roles_that_the_gateway_gives_are_added() -> None:
    def grants(gateway: str, user: str) -> frozenset[Role]:
        return frozenset({Role.ADMIN}) if (gateway, user) == ("portal", "alice") else frozenset()

    found = TokenAuthentication(verifiers=[Knows("token")], role_source=grants).caller("token")
    assert found.roles == {Role.USER, Role.ADMIN}


def test_the_first_verifier_that_recognises_a_token_decides() -> None:
    both = TokenAuthentication(verifiers=[Knows("token"), Knows("tokens")])
    with pytest.raises(AuthenticationError, match=r"^No\.$"):
        both.caller("tokens")


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "There is no access token"),
        ("x" * (MAX_TOKEN_BYTES + 1), "more than 16,384 bytes"),
        ("tokén", "others than ASCII"),
        ("somebody else's", "nobody whom this installation trusts"),
    ],
)
def test_what_is_no_token_of_ours_is_refused_without_repeating_it(token: str, said: str) -> None:
    with pytest.raises(AuthenticationError, match=said) as raised:
        TokenAuthentication(verifiers=[Knows("token")]).caller(token)
    assert not token or token not in str(raised.value)


# -- insecure ----------------------------------------------------------------------------


def test_insecure_believes_everybody_with_every_role() -> None:
    said = {"userName": "anybody", "gatewayID": "any"}
    assert InsecureAuthentication().caller("", said) == Caller(gateway="any", user="anybody", roles=frozenset(Role))


@pytest.mark.parametrize("said", [None, {}, {"userName": "u"}, {"gatewayID": "g"}, {"userName": " ", "gatewayID": "g"}])
def test_insecure_needs_names_all_the_same(said: Mapping[str, str] | None) -> None:
    with pytest.raises(AuthenticationError, match="is missing"):
        InsecureAuthentication().caller("", said)


def test_insecure_names_are_names() -> None:
    with pytest.raises(AuthenticationError, match="cannot be printed"):
        InsecureAuthentication().caller("", {"userName": "a\x1b[2J", "gatewayID": "g"})


# -- addresses ---------------------------------------------------------------------------

LOOPBACK = ["127.0.0.1", "127.0.0.9", "::1", "localhost", "::ffff:127.0.0.1"]
ELSEWHERE = ["0.0.0.0", "::", "", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1"]  # noqa: S104 - refused here


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_is_reached_by_this_machine_only(host: str) -> None:
    assert is_loopback(host)
    refuse_insecure_elsewhere([host])
    assert internal_caller(host, has_client_certificate=False) is INTERNAL


@pytest.mark.parametrize("host", ELSEWHERE)
def test_everything_else_is_not(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(DeniedError, match=f"'{host}' can be reached from other machines"):
        refuse_insecure_elsewhere(["127.0.0.1", host])
    with pytest.raises(DeniedError, match="internal"):
        internal_caller(host, has_client_certificate=False)
    assert internal_caller(host, has_client_certificate=True) is INTERNAL


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 300, "\udcff"])
def test_a_name_that_nobody_knows_is_an_error(host: str) -> None:
    with pytest.raises(InputError, match="no address and no name"):
        is_loopback(host)


# -- the issuer that a token names -------------------------------------------------------


def test_the_stated_issuer_is_read_from_anything() -> None:
    assert stated_issuer(Secret(SigningKey("k").sign(claims()))) == claims()["iss"]
    for text in (
        "",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "a.!!.c",
        "é.é.é",
        written({}, [], b""),
        written({}, {"iss": 5}, b""),
    ):
        assert stated_issuer(Secret(text)) is None
    deep = b"[" * 5_000
    assert stated_issuer(Secret(written({}, deep, b""))) is None
