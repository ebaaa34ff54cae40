"""The installation's own accounts fulfil the port of an identity provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airavata_adapters.record_stores.embedded import open_record_store
from airavata_workload.api.people.own_accounts import OwnAccounts, open_identity_provider
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import AuthenticationError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.identity_provider import IdentityProvider, IdentityProviderContext
from airavata_workload.testing.identity_provider_suite import IdentityProviderSuite, LetsIn


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    home = tmp_path_factory.mktemp("home")
    records = open_record_store(BackingContext(home=home, session="api-1"))
    yield open_identity_provider(IdentityProviderContext(home=home, session="api-1", records=records, clock=now_us))
    records.close()


class TestOwnAccounts(IdentityProviderSuite):
    @pytest.fixture
    def gateway(self, provider: IdentityProvider) -> str:
        provider.set_up("portal")
        return "portal"

    @pytest.fixture
    def lets_in(self, provider: IdentityProvider) -> LetsIn:
        def attempt(user: str, password: str) -> bool:
            assert isinstance(provider, OwnAccounts)
            try:
                provider.log_in("portal", user, Secret(password))
            except AuthenticationError:
                return False
            return True

        return attempt
