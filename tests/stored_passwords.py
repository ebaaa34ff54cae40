"""Whether a password is the one that is stored: asked of the hash itself, as whoever takes the accounts over would."""

from __future__ import annotations

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.users import Account


def opens(records: RecordStore, gateway: str, user: str, password: str) -> bool:
    """Whether there is such an account, which is enabled and has that password."""
    with records.reading() as block:
        account = block.get(Account, Account.key_of(gateway, user))
    if account is None or not account.enabled or not account.password_hash:
        return False
    try:
        Argon2id.verify_phc_encoded(password.encode(), account.password_hash)
    except InvalidKey:
        return False
    return True
