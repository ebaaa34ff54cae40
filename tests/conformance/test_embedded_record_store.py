"""The SQL record store fulfils its port, in the file of a home directory and in one behind a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from airavata_adapters.credential_stores.encrypted_file import open_credential_store
from airavata_adapters.record_stores import embedded, sql, sql_records
from airavata_workload.ports.backing import BackingContext
from airavata_workload.secret_records import SecretRecordStore
from airavata_workload.testing.record_store_suite import OpenStore, RecordStoreSuite


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tests keep out of one another's way, so that the tables are made once."""
    return tmp_path_factory.mktemp("home")


class TestEmbeddedRecordStore(RecordStoreSuite):
    @pytest.fixture
    def open_store(self, shared_home: Path) -> OpenStore:
        return lambda: embedded.open_record_store(BackingContext(home=shared_home, session="engine-1"))


class TestRecordStoreWithEncryptedSecrets(RecordStoreSuite):
    model_examples = 5

    @pytest.fixture
    def open_store(self, shared_home: Path) -> OpenStore:
        context = BackingContext(home=shared_home, session="engine-1")
        return lambda: SecretRecordStore(embedded.open_record_store(context), open_credential_store(context))


class TestRecordStoreWithMoreThanItGathers(RecordStoreSuite):
    """What may be found is looked up by other statements where it is very much."""

    model_examples = 15

    @pytest.fixture
    def open_store(self, shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> OpenStore:
        monkeypatch.setattr(sql_records, "FEW", 0)
        monkeypatch.setattr(sql_records, "AT_ONCE", 4)
        return lambda: embedded.open_record_store(BackingContext(home=shared_home, session="engine-1"))


class TestRecordStoreBehindUrl:
    def test_a_file_may_be_named_by_a_url(self, tmp_path: Path) -> None:
        options = {"url": f"sqlite:///{tmp_path / 'elsewhere.db'}"}
        store = sql.open_record_store(BackingContext(home=tmp_path, session="engine-1", options=options))
        RecordStoreSuite().test_a_taken_id_is_refused_and_the_rest_is_stored(store)
        store.close()
        assert (tmp_path / "elsewhere.db").stat().st_mode & 0o777 == 0o600
