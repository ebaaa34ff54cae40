"""The credential store, as the other servers of an installation call it: what it keeps whole, and tells to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from internal_site import InternalSite
from whole_structs import changed, is_now, whole

from airavata_thrift.credential_store_errors.ttypes import CredentialStoreException
from airavata_thrift.credentials.ttypes import (
    CertificateCredential,
    CommunityUser,
    CredentialOwnerType,
    CredentialSummary,
    PasswordCredential,
    SSHCredential,
    SummaryType,
)

MINE, OTHER = "chemistry", "biology"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InternalSite]:
    with InternalSite(tmp_path_factory.mktemp("credentials") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def store(site: InternalSite) -> Any:
    return site.credential_store


def key(gateway_id: str, user: str = "ada", **fields: Any) -> SSHCredential:
    return SSHCredential(gatewayId=gateway_id, username=user, **fields)


def password(gateway_id: str, description: str) -> PasswordCredential:
    return whole(PasswordCredential, gatewayId=gateway_id, description=description)


@pytest.fixture(scope="module")
def certificate() -> str:
    private, name = Ed25519PrivateKey.generate(), x509.Name([])
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), 1, begin, end)
    return builder.sign(private, None).public_bytes(Encoding.PEM).decode()


def test_a_key_is_kept_until_it_is_deleted(site: InternalSite) -> None:
    credential_store = site.credential_store
    assert credential_store.getAPIVersion() == "0.18.0"
    fields = {"description": "for the cluster", "credentialOwnerType": CredentialOwnerType.USER}
    token = credential_store.addSSHCredential(key(MINE, **fields))
    read = credential_store.getSSHCredential(token, MINE)
    assert read == key(
        MINE,
        **fields,
        token=token,
        publicKey=read.publicKey,
        privateKey=read.privateKey,
        persistedTime=read.persistedTime,
    )
    assert is_now(read.persistedTime)
    assert read.publicKey.startswith("ssh-")
    assert "PRIVATE KEY" in read.privateKey
    again = credential_store.addSSHCredential(key(MINE, privateKey=read.privateKey))
    assert credential_store.getSSHCredential(again, MINE).publicKey.split()[:2] == read.publicKey.split()[:2]
    assert credential_store.deleteSSHCredential(again, MINE)
    assert credential_store.deleteSSHCredential(token, MINE)
    for call in (
        lambda: credential_store.getSSHCredential(token, MINE),
        lambda: credential_store.deleteSSHCredential(token, MINE),
        lambda: credential_store.getCredentialSummary(token, MINE, None),
    ):
        with pytest.raises(CredentialStoreException, match=token):
            call()


def test_a_password_is_kept_until_it_is_deleted(site: InternalSite) -> None:
    credential_store = site.credential_store
    sent = password(MINE, "for the disk")
    token = credential_store.addPasswordCredential(sent)
    read = credential_store.getPasswordCredential(token, MINE)
    assert is_now(read.persistedTime)
    assert read == changed(sent, token=token, persistedTime=read.persistedTime)
    assert credential_store.getAllPWDCredentialsForGateway(MINE) == {token: "for the disk"}
    assert credential_store.getAllPWDCredentialsForGateway(OTHER) == {}
    with pytest.raises(CredentialStoreException, match=token):
        credential_store.deletePWDCredential(token, OTHER)
    with pytest.raises(CredentialStoreException, match=token):
        credential_store.deleteSSHCredential(token, MINE)
    assert credential_store.deletePWDCredential(token, MINE)
    assert credential_store.getAllPWDCredentialsForGateway(MINE) == {}
    with pytest.raises(CredentialStoreException, match=token):
        credential_store.getPasswordCredential(token, MINE)


def test_a_certificate_is_kept_with_what_stands_in_it(site: InternalSite, certificate: str) -> None:
    credential_store = site.credential_store
    owner = CommunityUser(gatewayName=MINE, username="ada", userEmail="ada@example.org")
    sent = CertificateCredential(communityUser=owner, x509Cert=certificate, privateKey="a key", lifeTime=1)
    token = credential_store.addCertificateCredential(sent)
    read = credential_store.getCertificateCredential(token, MINE)
    assert is_now(read.persistedTime)
    assert read == changed(
        sent,
        token=token,
        persistedTime=read.persistedTime,
        lifeTime=86_400,
        notBefore="2026-01-01T00:00:00+00:00",
        notAfter="2026-01-02T00:00:00+00:00",
    )
    summary = credential_store.getCredentialSummary(token, MINE, None)
    assert (summary.type, summary.username) == (SummaryType.CERT, "ada")
    with pytest.raises(CredentialStoreException, match=token):
        credential_store.getCertificateCredential(token, OTHER)
    with pytest.raises(CredentialStoreException, match=token):
        credential_store.getSSHCredential(token, MINE)
    with pytest.raises(CredentialStoreException, match="no certificate"):
        credential_store.addCertificateCredential(changed(sent, x509Cert="nothing"))


def test_a_summary_tells_all_but_the_secret(site: InternalSite) -> None:
    credential_store = site.credential_store
    token = credential_store.addSSHCredential(key(MINE, "grace", description="hers"))
    read = credential_store.getSSHCredential(token, MINE)
    expected = CredentialSummary(
        type=SummaryType.SSH,
        gatewayId=MINE,
        username="grace",
        publicKey=read.publicKey,
        persistedTime=read.persistedTime,
        token=token,
        description="hers",
    )
    assert credential_store.getCredentialSummary(token, MINE, None) == expected
    # a client of 0.17 sends a type first, which is no text, and so everything one place later
    assert credential_store.getCredentialSummary(None, token, MINE) == expected
    assert credential_store.getAllCredentialSummaries(SummaryType.SSH, [token], MINE) == [expected]
    assert credential_store.getAllCredentialSummaries(SummaryType.SSH, [token], OTHER) == []
    with pytest.raises(CredentialStoreException, match=token):
        credential_store.getCredentialSummary(token, OTHER, None)
    credential_store.deleteSSHCredential(token, MINE)


def test_public_keys_are_told_by_user_and_by_gateway(site: InternalSite) -> None:
    credential_store = site.credential_store
    owners = ((MINE, "eve"), (MINE, "mallory"), (OTHER, "eve"))
    tokens = [credential_store.addSSHCredential(key(gateway_id, user)) for gateway_id, user in owners]
    keys = [
        credential_store.getSSHCredential(token, gateway_id).publicKey
        for token, (gateway_id, _) in zip(tokens, owners, strict=True)
    ]
    assert len(set(keys)) == 3
    assert credential_store.getAllSSHKeysForUser("eve") == {tokens[0]: keys[0], tokens[2]: keys[2]}
    assert credential_store.getAllSSHKeysForGateway(OTHER) == {tokens[2]: keys[2]}
    mine = credential_store.getAllSSHKeysForGateway(MINE)
    assert mine == {tokens[0]: keys[0], tokens[1]: keys[1]}
    assert credential_store.getAllSSHKeysForUser("nobody") == {}
    for token, (gateway_id, _) in zip(tokens, owners, strict=True):
        credential_store.deleteSSHCredential(token, gateway_id)
    assert credential_store.getAllSSHKeysForGateway(MINE) == {}


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda store: store.addSSHCredential(key(" ")), "gatewayId"),
        (lambda store: store.addSSHCredential(key(MINE, " ")), "username"),
        (lambda store: store.addSSHCredential(key(MINE, privateKey="nothing")), "key"),
        (lambda store: store.addPasswordCredential(changed(password(MINE, "x"), password="")), "password"),
        (lambda store: store.getCredentialSummary("", MINE, None), "token"),
    ],
)
def test_what_cannot_be_a_credential_is_refused(store: Any, call: Callable[[Any], object], what: str) -> None:
    with pytest.raises(CredentialStoreException, match=what) as caught:
        call(store)
    assert "PRIVATE KEY" not in caught.value.message
