"""Keys and passwords in one encrypted file under the home directory.

``credentials.enc`` holds all credentials as one Fernet token (AES-128-CBC with
HMAC-SHA256; Source: https://github.com/fernet/spec), ``credentials.key`` the
key, readable by its owner alone. The file is always replaced as a whole, so a
crash leaves the old or the new one. What others keep is encrypted with the same key.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airavata_adapters import private_files
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import DeniedError, InputError, NotFoundError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.credential_store import Credential, CredentialStore

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

FILE_NAME = "credentials.enc"
KEY_FILE_NAME = "credentials.key"
_LOCK_FILE_NAME = "credentials.lock"
_LOCK_TIMEOUT_S = 15.0
_SECRET_FIELDS = ("private_key", "passphrase", "password")


class EncryptedFileStore(CredentialStore):
    """Credentials in an encrypted file; several processes may use it at once.

    Every method may raise ``DeniedError`` (the key file is missing, readable by
    others or not the right one, the directory is not writable) and
    ``StoreUnavailableError`` (disk full, another process keeps the lock).
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file = home / FILE_NAME
        self._key_file = home / KEY_FILE_NAME

    def save(self, credential: Credential) -> None:
        """As ``CredentialStore.save``; one without a time of creation gets the present."""
        created_at_us = credential.created_at_us or now_us()
        with self._changing() as entries:
            entries[credential.token] = _to_json(replace(credential, created_at_us=created_at_us))

    def credential(self, token: str) -> Credential:
        """As ``CredentialStore.credential``."""
        entries = self._read()
        if token not in entries:
            raise _unknown(token)
        return _from_json(entries[token])

    def summaries(self) -> list[Credential]:
        """As ``CredentialStore.summaries``, sorted by token."""
        without = dict.fromkeys(_SECRET_FIELDS)
        return [_from_json({**entry, **without}) for _token, entry in sorted(self._read().items())]

    def delete(self, token: str) -> None:
        """As ``CredentialStore.delete``."""
        with self._changing() as entries:
            if token not in entries:
                raise _unknown(token)
            del entries[token]

    def encrypted(self, secret: Secret) -> str:
        """As ``CredentialStore.encrypted``: a Fernet token of its own, with the key of the file."""
        try:
            content = secret.reveal().encode()
        except UnicodeEncodeError:
            raise InputError("A secret is no text: it has halves of characters.", remedy="Send it as UTF-8.") from None
        if not self._key_file.exists():
            private_files.make_directory(self._home)
            with private_files.exclusive(self._home / _LOCK_FILE_NAME, _LOCK_TIMEOUT_S):
                self._make_first_key()
        return self._cipher().encrypt(content).decode("ascii")

    def decrypted(self, text: str) -> Secret:
        """As ``CredentialStore.decrypted``."""
        from cryptography.fernet import InvalidToken

        try:
            return Secret(self._cipher().decrypt(text.encode("utf-8", "surrogatepass")).decode())
        except InvalidToken:
            raise DeniedError(
                f"A secret that is stored encrypted is damaged, or {self._key_file} is not its key.",
                remedy=f"Put the {KEY_FILE_NAME} there that this installation's other machines have, or its backup.",
            ) from None

    def close(self) -> None:
        """Nothing stays open between two calls."""

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """All entries, written back at the end unless an error is raised; no other process changes them meanwhile."""
        private_files.make_directory(self._home)
        with private_files.exclusive(self._home / _LOCK_FILE_NAME, _LOCK_TIMEOUT_S):
            self._make_first_key()
            entries = self._read()
            yield entries
            text = json.dumps(entries, separators=(",", ":"))
            private_files.replace(self._file, self._cipher().encrypt(text.encode("ascii")))

    def _read(self) -> dict[str, Any]:
        from cryptography.fernet import InvalidToken  # takes longer to import than most commands take

        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise private_files.translated(error, self._file) from error
        try:
            entries: dict[str, Any] = json.loads(self._cipher().decrypt(content))
        except InvalidToken:
            raise DeniedError(
                f"{self._file} is damaged, or {self._key_file} is not its key.",
                remedy="Restore both from the same backup, or remove both and store the credentials again.",
            ) from None
        return entries

    def _cipher(self) -> Fernet:
        from cryptography.fernet import Fernet

        self._check_key_file()
        try:
            return Fernet(self._key_file.read_bytes().strip())
        except ValueError:
            raise DeniedError(
                f"{self._key_file} does not hold a key.",
                remedy=f"Restore it from a backup, or remove it and {self._file} and store the credentials again.",
            ) from None
        except OSError as error:
            raise private_files.translated(error, self._key_file) from error

    def _check_key_file(self) -> None:
        try:
            private_files.refuse_readable_by_others(self._key_file)
        except FileNotFoundError:
            raise DeniedError(
                f"{self._key_file}, the key of {self._file.name}, is missing.",
                remedy=f"Restore it from a backup, or remove {self._file} and store the credentials again.",
            ) from None

    def _make_first_key(self) -> None:
        """A key, unless one is there or should be; under its name at once, with mode 0600 from the first moment."""
        from cryptography.fernet import Fernet

        if self._file.exists() or self._key_file.exists():
            return
        private_files.replace(self._key_file, Fernet.generate_key())


def _unknown(token: str) -> NotFoundError:
    return NotFoundError(
        f"There is no credential '{token}'.", remedy="'airavata-workload credentials list' shows those that there are."
    )


def _to_json(credential: Credential) -> dict[str, Any]:
    values = {name: getattr(credential, name) for name in credential.__slots__}
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}


def _from_json(value: dict[str, Any]) -> Credential:
    secrets = {name: None if value[name] is None else Secret(value[name]) for name in _SECRET_FIELDS}
    return Credential(**{**value, **secrets})


def open_credential_store(context: BackingContext) -> CredentialStore:
    """Entry point ``encrypted-file``. Files are opened by the first call that needs them."""
    context.settled_options()
    return EncryptedFileStore(context.home)
