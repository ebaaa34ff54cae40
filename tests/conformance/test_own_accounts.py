"""The installation's own accounts fulfil the port of an identity provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stored_passwords import opens

from airavata_adapters.record_stores.embedded import open_record_store
from airavata_workload.api.people.own_accounts import open_identity_provider
from airavata_workload.domain.clock import now_us
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.identity_provider import IdentityProvider, IdentityProviderContext
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.testing.identity_provider_suite import IdentityProviderSuite, LetsIn


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordStore]:
    store = open_record_store(BackingContext(home=tmp_path_factory.mktemp("home"), session="api-1"))
    yield store
    store.close()


@pytest.fixture(scope="module")
def provider(records: RecordStore, tmp_path_factory: pytest.TempPathFactory) -> IdentityProvider:
    home = tmp_path_factory.mktemp("provider")
    return open_identity_provider(IdentityProviderContext(home=home, session="api-1", records=records, clock=now_us))


class TestOwnAccounts(IdentityProviderSuite):
    @pytest.fixture
    def gateway(self, provider: IdentityProvider) -> str:
        provider.set_up("portal")
        return "portal"

    @pytest.fixture
    def lets_in(self, records: RecordStore) -> LetsIn:
        def attempt(user: str, password: str) -> bool:
            return opens(records, "portal", user, password)

        return attempt
