"""The key by which clients know this installation's storage again."""

from __future__ import annotations

import io
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airavata_adapters import private_files
from airavata_workload.domain.errors import SettingsError

FILE_NAME = "storage-host.key"
_LOCK_TIMEOUT_S = 10.0


def host_key(home: Path) -> paramiko.PKey:
    """The key in the home directory, made at the first start.

    Raises ``DeniedError`` if others may read it, ``SettingsError`` if the file
    is no such key, ``StoreUnavailableError`` if it cannot be read or written.
    """
    path = home / FILE_NAME
    private_files.make_directory(home)
    with private_files.exclusive(path.with_suffix(".lock"), _LOCK_TIMEOUT_S):
        if not path.exists():
            private_files.replace(path, _new_key())
    private_files.refuse_readable_by_others(path)
    try:
        return paramiko.Ed25519Key.from_private_key(io.StringIO(path.read_text(encoding="ascii")))
    except OSError as error:
        raise private_files.translated(error, path) from error
    except (paramiko.SSHException, ValueError):
        raise SettingsError(
            f"{path} is no private key of the kind Ed25519.",
            key="storage",
            remedy="Put it back from a copy, or move it away: then a new one is made, and clients warn of it.",
        ) from None


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
