"""New SSH key pairs, and the public half of one that somebody brings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from airavata_workload.domain.errors import InputError
from airavata_workload.domain.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

RSA_KEY_BITS = 3072
"""As strong as 128 symmetric bits. Source: NIST SP 800-57 part 1 revision 5, table 2."""

RSA_PUBLIC_EXPONENT = 65537
MAX_KEY_CHARACTERS = 64 * 1024


class KeyType(StrEnum):
    """Which kind of key is made; the values are those of ``ssh-keygen -t``."""

    ED25519 = "ed25519"
    RSA = "rsa"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKeyPair:
    """``public_key`` is a line for ``authorized_keys``; ``private_key`` has OpenSSH's own form."""

    public_key: str
    private_key: Secret


def generate(key_type: KeyType, comment: str) -> SshKeyPair:
    """A new pair. ``comment`` ends the public key, as a rule ``user@gateway``."""
    # takes longer to import than most calls take
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = (
        Ed25519PrivateKey.generate()
        if key_type is KeyType.ED25519
        else generate_private_key(RSA_PUBLIC_EXPONENT, RSA_KEY_BITS)
    )
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode("ascii")
    return SshKeyPair(public_key=_public_line(key, comment), private_key=Secret(text))


def public_half(private_key: Secret, passphrase: Secret | None, comment: str) -> str:
    """The line for ``authorized_keys`` of a private key. Raises ``InputError`` for one that cannot be opened."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    text = private_key.reveal()
    if len(text) > MAX_KEY_CHARACTERS:
        raise InputError("The private key is longer than any key.", remedy="Give one key in OpenSSH or PEM form.")
    load = load_ssh_private_key if "BEGIN OPENSSH PRIVATE KEY" in text else load_pem_private_key
    try:
        key = load(text.encode(), passphrase.reveal().encode() if passphrase is not None else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # the library's own words may hold parts of the key
        raise InputError(
            "The private key cannot be read.",
            remedy="Give one in OpenSSH or PEM form, and its passphrase if it has one.",
        ) from None
    return _public_line(key, comment)


def _public_line(key: PrivateKeyTypes, comment: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
    # one line, whatever the user is called
    return f"{line} {' '.join(comment.split())}".rstrip()
