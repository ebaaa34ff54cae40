"""The encrypted file fulfils the port of a credential store and guards its key."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from airavata_adapters.credential_stores.encrypted_file import open_credential_store
from airavata_workload.domain.errors import DeniedError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.credential_store import Credential, CredentialStore
from airavata_workload.testing.credential_store_suite import CredentialStoreSuite, OpenCredentials


class TestEncryptedFile(CredentialStoreSuite):
    @pytest.fixture
    def open_credentials(self, tmp_path: Path) -> OpenCredentials:
        return lambda: open_credential_store(BackingContext(home=tmp_path / "home", session="engine-1"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "it's home"


@pytest.fixture
def store(home: Path) -> CredentialStore:
    store = open_credential_store(BackingContext(home=home, session="engine-1"))
    store.save(Credential(token="cluster", user="ada", password=Secret("correct horse")))
    return store


def test_reading_makes_no_files(tmp_path: Path) -> None:
    store = open_credential_store(BackingContext(home=tmp_path / "new", session="engine-1"))
    assert store.summaries() == []
    assert list(tmp_path.iterdir()) == []


def test_nothing_readable_is_left_on_disk(store: CredentialStore, home: Path) -> None:
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert b"correct horse" not in path.read_bytes()
        assert b"cluster" not in path.read_bytes()
    assert sorted(path.name for path in home.iterdir()) == ["credentials.enc", "credentials.key", "credentials.lock"]


def test_a_key_that_others_may_read_is_refused_with_the_command_that_helps(store: CredentialStore, home: Path) -> None:
    key = home / "credentials.key"
    key.chmod(0o640)
    with pytest.raises(DeniedError, match="chmod 600 ") as refused:
        store.credential("cluster")
    assert "'\"'\"'s home/credentials.key'" in str(refused.value)
    with pytest.raises(DeniedError):
        store.save(Credential(token="other"))
    key.chmod(0o600)
    assert store.credential("cluster").user == "ada"


def test_a_missing_key_is_not_replaced_by_a_new_one(store: CredentialStore, home: Path) -> None:
    (home / "credentials.key").unlink()
    with pytest.raises(DeniedError, match="missing"):
        store.save(Credential(token="other"))
    assert not (home / "credentials.key").exists()


@pytest.mark.parametrize("content", [b"", b"no key", b"A" * 43 + b"="])
def test_a_wrong_key_is_refused(store: CredentialStore, home: Path, content: bytes) -> None:
    (home / "credentials.key").write_bytes(content)
    with pytest.raises(DeniedError, match="backup"):
        store.summaries()


def test_a_damaged_file_is_refused_and_kept(store: CredentialStore, home: Path) -> None:
    damaged = (home / "credentials.enc").read_bytes()[:-5]
    (home / "credentials.enc").write_bytes(damaged)
    with pytest.raises(DeniedError, match="damaged"):
        store.save(Credential(token="other"))
    assert (home / "credentials.enc").read_bytes() == damaged


def test_no_error_and_no_repr_shows_a_secret(store: CredentialStore) -> None:
    assert "correct horse" not in repr(store.credential("cluster"))
