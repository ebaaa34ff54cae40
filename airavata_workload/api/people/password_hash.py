"""Passwords as Argon2id hashes in PHC form.

Cost: 19 MiB, 2 passes, 1 lane, the least that is advised, so that a burst of
log-ins does not exhaust a small machine.
Source: OWASP Password Storage Cheat Sheet, Argon2id; RFC 9106.
"""

from __future__ import annotations

import secrets

from airavata_workload.domain.errors import InputError
from airavata_workload.domain.secret import Secret

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
SALT_BYTES = 16
HASH_BYTES = 32
MIN_CHARACTERS = 8
MAX_CHARACTERS = 1024


def hashed(password: Secret) -> str:
    """The hash to be stored. Raises ``InputError`` for a password that is too short or absurdly long."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # takes long to import, and few calls need it

    text = password.reveal()
    if not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS:
        raise InputError(f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters.", remedy="Choose another.")
    function = Argon2id(
        salt=secrets.token_bytes(SALT_BYTES),
        length=HASH_BYTES,
        iterations=PASSES,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
    )
    return function.derive_phc_encoded(text.encode())
