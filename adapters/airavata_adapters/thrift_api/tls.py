"""TLS for listeners and for clients of the internal services, from PEM files of the operator's own."""

from __future__ import annotations

import shlex
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from airavata_workload.domain.errors import DeniedError, SettingsError

_EXAMPLE = "docs/how-to/let-clients-log-in.md shows how to make certificates."


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files: our certificate with the chain above it, its private key, and who signs our peers' certificates.

    ``peer_ca`` makes a listener demand a certificate of every client (mutual
    TLS). A client checks its server against it, or against the authorities of
    the system if there is none.
    """

    certificate: Path | None = None
    private_key: Path | None = None
    peer_ca: Path | None = None


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """For listeners: TLS 1.2 or later, with our certificate; every client must show its own if ``peer_ca`` is there.

    Raises ``SettingsError`` or ``DeniedError`` that names the file that cannot be used.
    """
    if files.certificate is None or files.private_key is None:
        raise SettingsError("A TLS listener needs a certificate and its private key.", remedy=_EXAMPLE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context)
    _load_own(context, files.certificate, files.private_key)
    if files.peer_ca is not None:
        _load_authorities(context, files.peer_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """For clients of such a listener: the server's certificate and host name are checked, ours is shown if we have one.

    Raises as ``server_context``.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context)
    if files.peer_ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        _load_authorities(context, files.peer_ca)
    if files.certificate is not None:
        _load_own(context, files.certificate, files.private_key or files.certificate)
    return context


def failure(error: OSError) -> str:
    """Why a peer and we did not come together over TLS; '' if it only went away, as those do that look for open ports.

    Source: OpenSSL's reason codes, as ``ssl.SSLError.reason`` spells them.
    """
    if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ""
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the client's certificate is not accepted: {error.verify_message}"
    return _FAILURES.get(reason, reason.replace("_", " ").lower() or "the client speaks no TLS")


_FAILURES = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the client has shown no certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the client does not accept our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the client says that our certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the client does not accept our certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "the client does not know the authority that signed our certificate",
    "UNSUPPORTED_PROTOCOL": "the client speaks no TLS 1.2 or later",
}


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A renegotiation costs the server far more than the client that asks for it.
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def _load_own(context: ssl.SSLContext, certificate: Path, private_key: Path) -> None:
    _check_times(certificate)
    _check_mode(private_key)
    try:
        context.load_cert_chain(certificate, private_key, password=_refuse_passphrase(private_key))
    except ssl.SSLError as error:
        reason = (error.reason or "").replace("_", " ").lower()
        if "mismatch" in reason:
            raise SettingsError(
                f"{private_key} is not the key of the certificate in {certificate}.", remedy=_EXAMPLE
            ) from None
        raise SettingsError(
            f"{certificate} and {private_key} cannot be used: {reason or 'no PEM files'}.", remedy=_EXAMPLE
        ) from None
    except OSError as error:
        raise _unreadable(private_key, error) from None


def _load_authorities(context: ssl.SSLContext, file: Path) -> None:
    _read(file)
    try:
        context.load_verify_locations(cafile=file)
    except (ssl.SSLError, OSError):
        raise SettingsError(f"{file} holds no certificate in PEM form.", remedy=_EXAMPLE) from None


def expiry(certificate: Path) -> datetime:
    """When the first certificate of a file ends. Raises as ``server_context``."""
    return _first_of(certificate).not_valid_after_utc


def _first_of(certificate: Path) -> x509.Certificate:
    content = _read(certificate)
    try:
        return x509.load_pem_x509_certificates(content)[0]
    except ValueError:
        raise SettingsError(f"{certificate} holds no certificate in PEM form.", remedy=_EXAMPLE) from None


def _check_times(certificate: Path) -> None:
    """OpenSSL would use an expired certificate, and every client refuse it."""
    first = _first_of(certificate)
    now = datetime.now(UTC)
    if first.not_valid_after_utc < now:
        raise SettingsError(
            f"The certificate in {certificate} expired on {first.not_valid_after_utc:%Y-%m-%d}.", remedy="Renew it."
        )
    if first.not_valid_before_utc > now:
        raise SettingsError(
            f"The certificate in {certificate} is not good before {first.not_valid_before_utc:%Y-%m-%d %H:%M} UTC.",
            remedy="Check the clock of this machine.",
        )


def _check_mode(private_key: Path) -> None:
    """A group may read it, because that is how distributions share keys with services; the world may not."""
    try:
        mode = stat.S_IMODE(private_key.stat().st_mode)
    except OSError as error:
        raise _unreadable(private_key, error) from None
    if mode & stat.S_IRWXO:
        raise DeniedError(
            f"{private_key} has mode {mode:04o}: everybody on this machine may use it.",
            remedy=f"Take that from others: chmod o= {shlex.quote(str(private_key))}",
        )


def _refuse_passphrase(private_key: Path) -> Callable[[], str]:
    """OpenSSL would ask for it on the terminal, and a service would hang."""

    def refuse() -> str:
        raise SettingsError(
            f"{private_key} is protected by a passphrase, which a service cannot type.",
            remedy=f"Take it off: openssl pkey -in {shlex.quote(str(private_key))} -out NEW",
        )

    return refuse


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> SettingsError | DeniedError:
    if isinstance(error, PermissionError):
        return DeniedError(f"{file} may not be read.", remedy="Let the user of the service read it.")
    return SettingsError(f"{file} cannot be read: {error.strerror}.", remedy=_EXAMPLE)
