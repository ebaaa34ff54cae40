"""TLS from PEM files: who trusts whom, and what is said about files that cannot be used."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from airavata_adapters.thrift_api.tls import TlsFiles, client_context, server_context
from airavata_workload.domain.errors import DeniedError, SettingsError

PLAIN = serialization.NoEncryption()


class Authority:
    """Signs certificates, and writes them with their keys into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.crt"
        self.file.write_bytes(
            self._signed(name, self.key, authority=True, days=30).public_bytes(serialization.Encoding.PEM)
        )

    def issue(self, name: str, *, days: int = 30, later_days: int = -1, passphrase: bytes = b"") -> TlsFiles:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private_key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        signed = self._signed(name, key, authority=False, days=days, later_days=later_days)
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        protection = serialization.BestAvailableEncryption(passphrase) if passphrase else PLAIN
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
        private_key.write_bytes(pem)
        private_key.chmod(0o600)
        return TlsFiles(certificate=certificate, private_key=private_key)

    def _signed(
        self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool, days: int, later_days: int = -1
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        now = datetime.now(UTC)
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return (
            x509.CertificateBuilder(issuer_name=issuer, subject_name=subject, public_key=key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=later_days))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(alternative, critical=False)
            .sign(self.key, hashes.SHA256())
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


def shaken_hands(server: ssl.SSLContext, client: ssl.SSLContext, refusals: list[Exception] | None = None) -> str | None:
    """The version that both agree on, once each has read a byte of the other; ``refusals`` gets the server's error."""
    near, far = socket.socketpair()
    for end in (near, far):
        end.settimeout(10)
    failed = [] if refusals is None else refusals

    def serve() -> None:
        try:
            with server.wrap_socket(far, server_side=True) as tls:
                tls.sendall(tls.recv(1))
        except OSError as error:
            failed.append(error)
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(near, server_hostname="127.0.0.1") as tls:
            tls.sendall(b"x")
            if tls.recv(1) != b"x":
                raise ConnectionError("the server hung up")
            return tls.version()
    finally:
        near.close()
        thread.join(10)


def with_peer(files: TlsFiles, peer: Authority) -> TlsFiles:
    return TlsFiles(certificate=files.certificate, private_key=files.private_key, peer_ca=peer.file)


def test_a_client_that_knows_the_authority_gets_through(authority: Authority) -> None:
    server = server_context(authority.issue("server"))
    assert shaken_hands(server, client_context(TlsFiles(peer_ca=authority.file))) == "TLSv1.3"


def test_tls_12_is_the_oldest(authority: Authority) -> None:
    server = server_context(authority.issue("server"))
    client = client_context(TlsFiles(peer_ca=authority.file))
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shaken_hands(server, client) == "TLSv1.2"
    assert server.minimum_version == client.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_client_refuses_a_server_of_another_authority(authority: Authority, tmp_path: Path) -> None:
    server = server_context(authority.issue("server"))
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(server, client_context(TlsFiles(peer_ca=Authority(tmp_path, "other").file)))
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(server, client_context(TlsFiles()))


def test_mutual_tls_lets_only_known_clients_in(authority: Authority, tmp_path: Path) -> None:
    server = server_context(with_peer(authority.issue("server"), authority))
    known = client_context(with_peer(authority.issue("client"), authority))
    assert shaken_hands(server, known) == "TLSv1.3"
    stranger = client_context(with_peer(Authority(tmp_path, "other").issue("stranger"), authority))
    nameless = client_context(TlsFiles(peer_ca=authority.file))
    for client, said in ((nameless, "PEER_DID_NOT_RETURN_A_CERTIFICATE"), (stranger, "CERTIFICATE_VERIFY_FAILED")):
        refusals: list[Exception] = []
        # With TLS 1.3 a client learns only from a closed connection that its certificate was refused.
        with pytest.raises(OSError):  # noqa: PT011 - how the close shows depends on who is quicker
            shaken_hands(server, client, refusals)
        assert [said in str(error) for error in refusals] == [True]


def test_each_file_that_cannot_be_used_is_named(authority: Authority, tmp_path: Path) -> None:
    good, other = authority.issue("server"), authority.issue("other")
    assert good.certificate is not None
    assert good.private_key is not None
    text = tmp_path / "text.pem"
    text.write_text("hello")
    text.chmod(0o600)
    wrong = [
        (TlsFiles(certificate=good.certificate), "needs a certificate and its private key"),
        (TlsFiles(certificate=tmp_path / "none.crt", private_key=good.private_key), r"none\.crt cannot be read"),
        (TlsFiles(certificate=good.certificate, private_key=tmp_path / "none.key"), r"none\.key cannot be read"),
        (TlsFiles(certificate=text, private_key=good.private_key), r"text\.pem holds no certificate"),
        (TlsFiles(certificate=good.certificate, private_key=text), r"text\.pem cannot be used"),
        (TlsFiles(certificate=good.certificate, private_key=other.private_key), r"other\.key is not the key"),
        (TlsFiles(certificate=good.certificate, private_key=good.private_key, peer_ca=text), "holds no certificate"),
        (authority.issue("old", days=0, later_days=-9), "expired on"),
        (authority.issue("young", later_days=5), "is not good before"),
        (authority.issue("locked", passphrase=b"secret"), "protected by a passphrase"),
    ]
    for files, said in wrong:
        with pytest.raises(SettingsError, match=said):
            server_context(files)


def test_a_key_that_everybody_may_read_is_refused(authority: Authority) -> None:
    files = authority.issue("server")
    assert files.private_key is not None
    files.private_key.chmod(0o644)
    with pytest.raises(DeniedError, match="chmod o="):
        server_context(files)
    files.private_key.chmod(0o640)
    server_context(files)
