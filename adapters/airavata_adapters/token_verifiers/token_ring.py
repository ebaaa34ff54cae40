"""The keys of this installation's own tokens, and what is remembered of the tokens.

Two files in the home directory, both readable by their owner alone. The
signing key (PKCS #8, PEM) is needed to issue tokens; ``tokens.json``, with the
public halves of the keys, is all that is needed to verify them. A service that
only verifies never opens the former.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from airavata_adapters import private_files
from airavata_workload.domain.access_token import IssuedToken
from airavata_workload.domain.caller import Role
from airavata_workload.domain.errors import DeniedError

RING_NAME = "tokens.json"
SIGNING_KEY_NAME = "token-signing.key"
_LOCK_NAME = "tokens.lock"
_LOCK_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RingKey:
    """The public half of a key; ``last_expiry_us`` is when the last token expires that it signed."""

    public: str
    last_expiry_us: int = 0

    def opened(self) -> Ed25519PublicKey:
        """The key itself."""
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(self.public))


@dataclass(frozen=True, slots=True)
class Ring:
    """All keys by their id, and all tokens by theirs."""

    keys: Mapping[str, RingKey] = field(default_factory=dict)
    tokens: Mapping[str, IssuedToken] = field(default_factory=dict)

    def without_expired(self, now_us: int, signing: str) -> Ring:
        """What is still needed: tokens that have not expired, keys that signed one of those, and the signing key."""
        return Ring(
            {kid: key for kid, key in self.keys.items() if key.last_expiry_us > now_us or kid == signing},
            {token_id: token for token_id, token in self.tokens.items() if token.expires_at_us > now_us},
        )


class TokenRing:
    """The files. Reading is cheap: they are read again only when they were replaced.

    Methods may raise ``DeniedError`` (a file is damaged, readable by others, or
    not ours to write) and ``StoreUnavailableError``.
    """

    def __init__(self, home: Path, signing_key: Path | None = None) -> None:
        self._home = home
        self._file = home / RING_NAME
        self._signing_key = signing_key or home / SIGNING_KEY_NAME
        self._known: tuple[tuple[int, int, int], Ring] = ((0, 0, 0), Ring())

    def read(self) -> Ring:
        """The ring as it is now; an empty one if there is none."""
        try:
            status = self._file.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            known = self._known
            if known[0] != stamp:
                private_files.refuse_readable_by_others(self._file)
                known = (stamp, self._parsed(self._file.read_bytes()))
                self._known = known
        except FileNotFoundError:
            return Ring()
        except OSError as error:
            raise private_files.translated(error, self._file) from error
        return known[1]

    @contextlib.contextmanager
    def changing(self) -> Iterator[Ring]:
        """The ring, while no other process changes it; write what shall be in its place with ``write``."""
        private_files.make_directory(self._home)
        with private_files.exclusive(self._home / _LOCK_NAME, _LOCK_TIMEOUT_S):
            yield self.read()

    def write(self, ring: Ring) -> None:
        """Put the ring in place of the old one, at once and durably."""
        content = {
            "keys": {kid: asdict(key) for kid, key in ring.keys.items()},
            "tokens": {token_id: _to_json(token) for token_id, token in ring.tokens.items()},
        }
        private_files.replace(self._file, json.dumps(content, indent=1).encode("ascii"))

    def signing_key(self) -> tuple[str, Ed25519PrivateKey]:
        """The key that signs, and its id; made if there is none. Only inside of ``changing``."""
        if not self._signing_key.exists():
            return self.new_signing_key()
        private_files.refuse_readable_by_others(self._signing_key)
        try:
            key = serialization.load_pem_private_key(self._signing_key.read_bytes(), password=None)
        except OSError as error:
            raise private_files.translated(error, self._signing_key) from error
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise DeniedError(
                f"{self._signing_key} does not hold an Ed25519 key without a passphrase.",
                remedy="Restore it from a backup, or remove it: the next token is signed with a new one.",
            )
        return _key_id(key.public_key()), key

    def new_signing_key(self) -> tuple[str, Ed25519PrivateKey]:
        """A new key in place of the old one. Only inside of ``changing``."""
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        private_files.replace(self._signing_key, pem)
        return _key_id(key.public_key()), key

    def _parsed(self, content: bytes) -> Ring:
        try:
            document = json.loads(content)
            return Ring(
                {kid: RingKey(**key) for kid, key in document["keys"].items()},
                {token_id: _from_json(token) for token_id, token in document["tokens"].items()},
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DeniedError(
                f"{self._file} is damaged: {type(error).__name__}.",
                remedy="Restore it from a backup, or remove it; then all tokens have to be made again.",
            ) from None


def with_key(ring: Ring, kid: str, public: Ed25519PublicKey, last_expiry_us: int = 0) -> Ring:
    """The ring with that key, which stays needed until ``last_expiry_us`` at least."""
    known = ring.keys.get(kid) or RingKey(public=base64.b64encode(public.public_bytes_raw()).decode("ascii"))
    kept = replace(known, last_expiry_us=max(known.last_expiry_us, last_expiry_us))
    return replace(ring, keys={**ring.keys, kid: kept})


def _key_id(public: Ed25519PublicKey) -> str:
    """Follows from the key, so that it needs no place of its own."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def _to_json(token: IssuedToken) -> dict[str, Any]:
    return {**asdict(token), "roles": sorted(token.roles)}


def _from_json(value: Mapping[str, Any]) -> IssuedToken:
    return IssuedToken(**{**value, "roles": frozenset(Role(role) for role in value["roles"])})
