"""What settings say about gateways, in the application layer that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gateway_site import gateway_named

from airavata_workload.api.api import Api
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.caller import INTERNAL, Caller, Role
from airavata_workload.domain.errors import NotFoundError, SettingsError
from airavata_workload.records.credentials import SSHCredential
from airavata_workload.settings import Settings, load_settings

OPERATOR = Caller(gateway="hub", user="root", roles=frozenset({Role.ADMIN}))


@pytest.fixture
def api(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """The application layer of an installation with the settings of the test's parameter."""
    with Installation(Settings(home=tmp_path / "home", **request.param), service="api") as made:
        yield made.api()


@pytest.mark.parametrize("api", [{"super_gateway": "hub"}], indirect=True)
def test_administrators_of_the_super_gateway_see_every_gateway(api: Api) -> None:
    for gateway in ("hub", "portal"):
        api.gateways.add(INTERNAL, gateway_named(gateway))
    assert [each.gateway_id for each in api.gateways.all(OPERATOR)] == ["hub", "portal"]
    user = Caller(gateway="hub", user="ada", roles=frozenset({Role.USER}))
    assert [each.gateway_id for each in api.gateways.all(user)] == ["hub"]


@pytest.mark.parametrize("api", [{}], indirect=True)
def test_without_one_everybody_sees_their_own(api: Api) -> None:
    for gateway in ("hub", "portal"):
        api.gateways.add(INTERNAL, gateway_named(gateway))
    assert [each.gateway_id for each in api.gateways.all(OPERATOR)] == ["hub"]
    with pytest.raises(NotFoundError):
        api.gateways.get(OPERATOR, "portal")


@pytest.mark.parametrize(
    ("api", "begin"), [({}, "ssh-ed25519 "), ({"ssh_key_type": "rsa"}, "ssh-rsa ")], indirect=["api"]
)
def test_new_ssh_keys_are_of_the_type_that_is_set(api: Api, begin: str) -> None:
    token = api.credential_vault.add_ssh(INTERNAL, SSHCredential(gateway_id="portal", username="ada"))
    public_key = api.credential_vault.ssh(INTERNAL, token, "portal").public_key
    assert public_key is not None
    assert public_key.startswith(begin)


def test_a_type_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ssh_key_type"):
        load_settings(home=tmp_path, ssh_key_type="dsa")
