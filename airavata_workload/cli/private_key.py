"""Private SSH keys as files: can they be read, are they protected, and what is their public half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airavata_workload.domain.errors import AuthenticationError, InputError
from airavata_workload.domain.secret import Secret

MAX_BYTES = 64 * 1024


def read(path: Path) -> str:
    """The text of a key file. Raises ``InputError`` for one that is missing, unreadable or no key."""
    try:
        data = path.expanduser().read_bytes()[: MAX_BYTES + 1]
    except OSError as error:
        raise InputError(f"Key file {path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES or b"PRIVATE KEY-----" not in data:
        hint = " It looks like a public key." if data.startswith((b"ssh-", b"ecdsa-")) else ""
        raise InputError(f"{path} holds no private key in OpenSSH or PEM form.{hint}")
    return data.decode("ascii", "replace")


def is_protected(text: str, path: Path) -> bool:
    """Whether the key needs a passphrase."""
    try:
        _load(text, path, None)
    except TypeError:  # Source: cryptography, serialization: TypeError for a protected key without a passphrase
        return True
    return False


def public_half(text: str, path: Path, passphrase: Secret | None) -> str:
    """The public key, as a line for ``authorized_keys``. Raises ``AuthenticationError`` for a wrong passphrase."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = _load(text, path, passphrase)
    line: bytes = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return line.decode("ascii")


def _load(text: str, path: Path, passphrase: Secret | None) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    openssh = "BEGIN OPENSSH PRIVATE KEY" in text
    password = passphrase.reveal().encode() if passphrase is not None else None
    try:
        return (load_ssh_private_key if openssh else load_pem_private_key)(text.encode(), password)
    except (ValueError, UnsupportedAlgorithm) as error:
        if openssh and password is None and "encrypted" in str(error).lower():
            raise TypeError(str(error)) from error
        if passphrase is not None:
            raise AuthenticationError(f"The passphrase does not open {path}.") from error
        raise InputError(f"The key in {path} cannot be understood: {error}") from error
