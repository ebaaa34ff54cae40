"""Credentials: made and shared by portals, read by peers of the internal services alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_ssh_private_key, load_ssh_public_key
from gateway_site import ADMIN, ALICE, BOB, PEER, STRANGER, Site, gateway_site

from airavata_workload.api.credentials import ssh_key_pair
from airavata_workload.api.credentials.credential_vault import CredentialVault
from airavata_workload.api.credentials.ssh_key_pair import KeyType
from airavata_workload.api.sharing.sharing import READ, WRITE
from airavata_workload.domain.errors import DeniedError, InputError, NotFoundError, StoreUnavailableError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.credential_store import Credential
from airavata_workload.records.credentials import (
    CertificateCredential,
    CommunityUser,
    CredentialOwnerType,
    PasswordCredential,
    SSHCredential,
    SummaryType,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Tests use tokens of their own, so that the tables are made once."""
    with gateway_site(tmp_path_factory.mktemp("home")) as site:
        yield site


def test_new_keys_open_what_their_public_half_closes(site: Site) -> None:
    token = site.credentials.generate_ssh_keys(ALICE, description="for expanse")
    summary = site.credentials.summary(ALICE, token)
    assert (summary.gateway_id, summary.username, summary.type) == ("seagrid", "alice", SummaryType.SSH)
    assert summary.description == "for expanse"
    assert summary.public_key is not None
    assert summary.public_key.startswith("ssh-ed25519 ")
    assert summary.public_key.endswith(" alice@seagrid")
    assert site.credentials.ssh_public_key(ALICE, token, "seagrid") == summary.public_key
    private = site.vault.ssh(PEER, token, "seagrid")
    key = load_ssh_private_key((private.private_key or "").encode(), None)
    assert key.public_key() == load_ssh_public_key(summary.public_key.encode())
    assert site.secrets.credential(token).private_key == Secret(private.private_key or "")
    assert "PRIVATE" not in repr(private)


@pytest.mark.parametrize("key_type", KeyType)
def test_both_kinds_of_keys_are_read_back(key_type: KeyType) -> None:
    pair = ssh_key_pair.generate(key_type, "a\nb@c")
    assert pair.public_key.startswith({KeyType.ED25519: "ssh-ed25519", KeyType.RSA: "ssh-rsa"}[key_type])
    assert "\n" not in pair.public_key
    assert ssh_key_pair.public_half(pair.private_key, None, "a b@c") == pair.public_key


def test_secrets_leave_over_the_internal_services_alone(site: Site) -> None:
    token = site.credentials.generate_ssh_keys(ALICE)
    password = site.credentials.register_password(ALICE, None, None, "alice99", "s3cret words", "archive")
    assert site.vault.password(PEER, password, "seagrid").password == "s3cret words"
    assert site.vault.password(PEER, password, "seagrid").login_user_name == "alice99"
    for refused in (
        lambda: site.vault.ssh(ADMIN, token, "seagrid"),
        lambda: site.vault.password(ALICE, password, "seagrid"),
        lambda: site.vault.certificate(ADMIN, token, "seagrid"),
        lambda: site.vault.delete_ssh(ADMIN, token, "seagrid"),
        lambda: site.vault.summaries(ADMIN, SummaryType.SSH, (token,), "seagrid"),
    ):
        with pytest.raises(DeniedError, match="internal services"):
            refused()
    for missing in (
        lambda: site.vault.ssh(PEER, token, "elsewhere"),
        lambda: site.vault.ssh(PEER, password, "seagrid"),
        lambda: site.credentials.summary(STRANGER, token),
        lambda: site.credentials.ssh_public_key(STRANGER, token, "seagrid"),
        lambda: site.credentials.delete_ssh_keys(STRANGER, token),
    ):
        with pytest.raises(NotFoundError):
            missing()


def test_a_credential_is_seen_and_deleted_by_whom_it_is_shared_with(site: Site) -> None:
    token = site.credentials.generate_ssh_keys(ALICE)
    with pytest.raises(DeniedError):
        site.credentials.summary(BOB, token)
    assert token not in {each.token for each in site.credentials.summaries(BOB, SummaryType.SSH)}
    site.sharing.share_with_users(ALICE, token, {"bob": READ})
    assert token in {each.token for each in site.credentials.summaries(BOB, SummaryType.SSH)}
    assert token in site.credentials.ssh_public_keys(BOB, "seagrid")
    with pytest.raises(DeniedError):
        site.credentials.delete_ssh_keys(BOB, token)
    with pytest.raises(NotFoundError):
        site.credentials.delete_password(ALICE, token)
    site.sharing.share_with_users(ALICE, token, {"bob": WRITE})
    assert site.credentials.delete_ssh_keys(BOB, token)
    with pytest.raises(NotFoundError):
        site.secrets.credential(token)
    with pytest.raises(NotFoundError):
        site.credentials.summary(ALICE, token)
    assert not site.sharing.user_has_access(ALICE, token, READ)


def test_clients_of_0_17_name_gateway_and_user(site: Site) -> None:
    own = site.credentials.generate_ssh_keys(BOB, "seagrid", "bob", "mine", CredentialOwnerType.USER)
    common = site.credentials.generate_ssh_keys(BOB, "seagrid", "bob", "ours", CredentialOwnerType.GATEWAY)
    of_user = {each.token for each in site.credentials.summaries_of_user(BOB, SummaryType.SSH, "seagrid", "bob")}
    of_gateway = {each.token for each in site.credentials.summaries_of_gateway(BOB, SummaryType.SSH, "seagrid")}
    assert own in of_user
    assert common not in of_user
    assert common in of_gateway
    assert own not in of_gateway
    with pytest.raises(DeniedError):
        site.credentials.generate_ssh_keys(BOB, "seagrid", "alice")
    with pytest.raises(NotFoundError):
        site.credentials.generate_ssh_keys(BOB, "elsewhere", "bob")
    assert site.vault.summary(PEER, None, own, "seagrid").token == own
    assert own in site.vault.ssh_keys_of_user(PEER, "bob")
    assert {own, common} <= site.vault.ssh_keys_of_gateway(PEER, "seagrid").keys()


def test_passwords_are_listed_by_what_they_are_for(site: Site) -> None:
    token = site.credentials.register_password(ALICE, None, None, "a", "pass words", "tape robot")
    assert site.credentials.password_descriptions(ALICE, "seagrid")[token] == "tape robot"
    assert token not in site.credentials.password_descriptions(BOB, "seagrid")
    assert site.vault.passwords_of_gateway(PEER, "seagrid")[token] == "tape robot"
    assert [each.token for each in site.vault.summaries(PEER, SummaryType.PASSWD, (token, "x"), "seagrid")] == [token]
    assert site.vault.delete_password(PEER, token, "seagrid")
    with pytest.raises(InputError, match="password is not given"):
        site.credentials.register_password(ALICE, None, None, "a", "", "empty")


def test_a_key_that_is_brought_is_checked(site: Site) -> None:
    pair = ssh_key_pair.generate(KeyType.ED25519, "x")
    brought = SSHCredential(gateway_id="seagrid", username="alice", private_key=pair.private_key.reveal())
    token = site.vault.add_ssh(PEER, brought)
    assert (site.vault.ssh(PEER, token, "seagrid").public_key or "").split()[:2] == pair.public_key.split()[:2]
    with pytest.raises(InputError, match="cannot be read") as refused:
        site.vault.add_ssh(PEER, SSHCredential(gateway_id="seagrid", username="alice", private_key="hush hush"))
    assert "hush" not in str(refused.value)


def test_a_certificate_is_kept_with_its_dates(site: Site) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    key, name = Ed25519PrivateKey.generate(), x509.Name([])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .sign(key, None)
    )
    pem = certificate.public_bytes(Encoding.PEM).decode()
    owner = CommunityUser(gateway_name="seagrid", username="alice", user_email="alice@example.org")
    token = site.vault.add_certificate(
        PEER, CertificateCredential(community_user=owner, x509_cert=pem, private_key="the key")
    )
    kept = site.vault.certificate(PEER, token, "seagrid")
    assert (kept.community_user, kept.x509_cert, kept.private_key) == (owner, pem, "the key")
    assert (kept.life_time_s, kept.not_before) == (86_400, "2026-01-01T00:00:00+00:00")
    with pytest.raises(InputError, match="no certificate"):
        site.vault.add_certificate(PEER, CertificateCredential(community_user=owner, x509_cert="nothing"))


def test_a_secret_without_record_does_not_stay(site: Site) -> None:
    saved: list[str] = []

    class FullRecords:
        def transaction(self) -> object:
            raise StoreUnavailableError("the disk is full")

    class Watching:
        def save(self, credential: Credential) -> None:
            saved.append(credential.token)
            site.secrets.save(credential)

        def delete(self, token: str) -> None:
            site.secrets.delete(token)

    vault = CredentialVault(records=FullRecords(), secrets=Watching(), clock=site.clock)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailableError):
        vault.keep_password(
            PasswordCredential(gateway_id="seagrid", portal_user_name="alice", login_user_name="a", password="pw")
        )
    with pytest.raises(NotFoundError):
        site.secrets.credential(saved[0])
