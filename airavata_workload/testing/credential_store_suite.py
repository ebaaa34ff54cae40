"""What every credential store must do. Subclass it and give the fixture ``open_credentials``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from airavata_workload.domain.errors import DeniedError, InputError, NotFoundError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.credential_store import Credential, CredentialStore
from airavata_workload.testing.samples import AWKWARD, unique

OpenCredentials = Callable[[], CredentialStore]


def key_credential(token: str) -> Credential:
    """An SSH key."""
    return Credential(
        token=token,
        description=AWKWARD,
        user="ada",
        private_key=Secret(f"-----BEGIN KEY-----\n{AWKWARD}\n-----END KEY-----\n"),
        passphrase=Secret("open sesame"),
        public_key="ssh-ed25519 AAAA ada@laptop",
        created_at_us=123_456,
    )


class CredentialStoreSuite:
    """Needs a fixture ``open_credentials``: each call opens the same storage once more; the suite closes it."""

    @pytest.fixture
    def store(self, open_credentials: OpenCredentials) -> Iterator[CredentialStore]:
        """The store under test."""
        store = open_credentials()
        yield store
        store.close()

    @pytest.fixture
    def token(self) -> str:
        """A token that no other test uses."""
        return unique("token")

    def test_a_credential_is_read_back_as_stored(
        self, store: CredentialStore, open_credentials: OpenCredentials, token: str
    ) -> None:
        credential = key_credential(token)
        store.save(credential)
        other = open_credentials()
        assert other.credential(token) == credential == store.credential(token)
        other.close()

    def test_a_password_needs_no_key(self, store: CredentialStore, token: str) -> None:
        store.save(Credential(token=token, user="ada", password=Secret(AWKWARD)))
        found = store.credential(token)
        assert (found.password, found.private_key, found.passphrase) == (Secret(AWKWARD), None, None)
        assert found.created_at_us > 0

    def test_saving_again_replaces(self, store: CredentialStore, token: str) -> None:
        store.save(key_credential(token))
        changed = replace(key_credential(token), user="grace", passphrase=None)
        store.save(changed)
        assert store.credential(token) == changed

    def test_an_unknown_token_is_named(self, store: CredentialStore, token: str) -> None:
        with pytest.raises(NotFoundError, match=token):
            store.credential(token)
        with pytest.raises(NotFoundError, match=token):
            store.delete(token)

    def test_a_deleted_credential_is_gone(self, store: CredentialStore, token: str) -> None:
        kept = unique("token")
        store.save(key_credential(token))
        store.save(key_credential(kept))
        store.delete(token)
        with pytest.raises(NotFoundError, match=token):
            store.credential(token)
        assert store.credential(kept) == key_credential(kept)

    def test_summaries_hold_no_secrets(self, store: CredentialStore, token: str) -> None:
        credential = key_credential(token)
        store.save(credential)
        (summary,) = [one for one in store.summaries() if one.token == token]
        assert summary == replace(credential, private_key=None, passphrase=None, password=None)

    # -- secrets that others keep ----------------------------------------------------
    @pytest.mark.parametrize("text", ["", "open sesame", AWKWARD, "long " * 2000])
    def test_a_secret_that_others_keep_is_made_again(
        self, store: CredentialStore, open_credentials: OpenCredentials, text: str
    ) -> None:
        hidden = store.encrypted(Secret(text))
        assert hidden.isascii()
        assert not text or text not in hidden
        other = open_credentials()
        assert other.decrypted(hidden) == Secret(text)
        assert store.decrypted(other.encrypted(Secret(text))) == Secret(text)
        other.close()

    def test_nobody_sees_that_two_secrets_are_the_same(self, store: CredentialStore) -> None:
        assert store.encrypted(Secret("open sesame")) != store.encrypted(Secret("open sesame"))

    def test_an_encrypted_secret_that_was_changed_is_refused(self, store: CredentialStore) -> None:
        hidden = store.encrypted(Secret("open sesame"))
        for damaged in (hidden[:-8], "x" + hidden[1:], "", "ä"):
            with pytest.raises(DeniedError) as refused:
                store.decrypted(damaged)
            assert "sesame" not in str(refused.value)

    def test_what_is_no_text_is_refused_and_not_shown(self, store: CredentialStore) -> None:
        with pytest.raises(InputError) as refused:
            store.encrypted(Secret("open sesame \ud800"))
        assert "sesame" not in str(refused.value)

    def test_savers_at_the_same_time_lose_nothing(
        self, store: CredentialStore, open_credentials: OpenCredentials
    ) -> None:
        other = open_credentials()
        tokens = [unique("token") for _ in range(12)]
        with ThreadPoolExecutor(6) as threads:
            saves = [
                threads.submit((store if number % 2 else other).save, key_credential(token))
                for number, token in enumerate(tokens)
            ]
            for save in saves:
                save.result(60)
        other.close()
        assert set(tokens) <= {one.token for one in store.summaries()}
