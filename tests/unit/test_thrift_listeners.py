"""Which ports an installation offers, and who may listen where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import thrift_site

from airavata_adapters.thrift_api.listeners import open_api_server
from airavata_thrift.orchestrator import OrchestratorService
from airavata_thrift.user_profile import UserProfileService
from airavata_workload.domain.errors import DeniedError, SettingsError
from airavata_workload.ports.api_server import ApiServer, ApiServerContext
from airavata_workload.thrift_settings import DEFAULT_PORTS, INTERNAL_LISTENERS, ThriftSettings


class Anything:
    """An application layer that has every topic and method, by name."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *arguments: Any) -> None:
        raise AssertionError("no test here calls it")


def settings(**tables: Any) -> ThriftSettings:
    """Settings whose ports are all open, on free ones."""
    listeners = {name: {"port": 0, "enabled": True, **tables.pop(name, {})} for name in DEFAULT_PORTS}
    return ThriftSettings.model_validate({"listeners": listeners, **tables})


def opened(insecure: bool = False, **tables: Any) -> ApiServer:
    return open_api_server(
        ApiServerContext(
            api=Anything(),
            authenticate=thrift_site.authenticate,
            settings=settings(**tables),
            home=Path("/nonexistent"),
            insecure=insecure,
        )
    )


def test_the_ports_are_airavatas() -> None:
    listeners = ThriftSettings().listeners
    assert {name: getattr(listeners, name).port for name in DEFAULT_PORTS} == DEFAULT_PORTS
    assert all(getattr(listeners, name).host == "127.0.0.1" for name in DEFAULT_PORTS)
    assert listeners.api_tls.tls
    assert {name for name in DEFAULT_PORTS if not getattr(listeners, name).enabled} == {"user_profile_2017"}


def test_a_table_that_names_only_a_host_keeps_its_port() -> None:
    found = ThriftSettings.model_validate({"listeners": {"api": {"host": "0.0.0.0"}}}).listeners  # noqa: S104 - not opened
    assert (found.api.host, found.api.port, found.profile.port) == ("0.0.0.0", 8930, 8962)  # noqa: S104 - not opened


def test_every_listener_is_opened_but_that_over_tls_needs_a_certificate(tmp_path: Path) -> None:
    server = opened(sharing={"enabled": False})
    assert set(server.addresses) == set(DEFAULT_PORTS) - {"api_tls", "sharing"}
    assert server.stop(0)
    files = thrift_site.certificates(tmp_path)
    server = opened(tls={"certificate": files.certificate, "private_key": files.private_key})
    assert set(server.addresses) == set(DEFAULT_PORTS)
    assert server.stop(0)


def test_each_port_has_its_service() -> None:
    server = opened()
    server.start()
    site = object.__new__(thrift_site.Site)
    site.server, site.tls, site._open = server, None, []  # type: ignore[assignment]
    try:
        assert site.client().getAPIVersion(None) == "0.18.0"
        orchestrator = site.client(kind=OrchestratorService, listener="orchestrator")
        assert orchestrator.getOrchestratorCPIVersion() == "0.16.0"
        for listener in ("api", "profile"):
            profile = site.client(kind=UserProfileService, service="UserProfileService", listener=listener)
            assert profile.getAPIVersion() == "0.18.0"
        assert site.client(kind=UserProfileService, listener="profile").getAPIVersion() == "0.18.0"
        assert not server.stuck()
        assert not server.troubles()
    finally:
        for transport in site._open:
            transport.close()
        server.stop(thrift_site.PATIENCE_S)
    assert server.stuck() == ["thrift"]


@pytest.mark.parametrize("name", INTERNAL_LISTENERS)
def test_an_internal_service_is_reached_from_elsewhere_with_certificates_only(name: str, tmp_path: Path) -> None:
    elsewhere = {"host": "0.0.0.0"}  # noqa: S104 - refused, or asks for certificates
    with pytest.raises(SettingsError, match=f"'{name}' carry no token.*peer_ca") as caught:
        opened(**{name: elsewhere})
    assert caught.value.key == f"thrift.listeners.{name}.host"
    files = thrift_site.certificates(tmp_path)
    tls = {"certificate": files.certificate, "private_key": files.private_key}
    with pytest.raises(SettingsError, match="peer_ca"):
        opened(**{name: {**elsewhere, "tls": True}, "tls": tls})
    server = opened(**{name: {**elsewhere, "tls": True}, "tls": {**tls, "peer_ca": files.peer_ca}})
    assert server.addresses[name].startswith("0.0.0.0:")
    assert server.stop(0)


def test_believing_everybody_is_refused_where_others_can_reach_it() -> None:
    assert opened(insecure=True).stop(0)
    with pytest.raises(DeniedError, match="--insecure"):
        opened(insecure=True, api={"host": "0.0.0.0"})  # noqa: S104 - refused
    assert opened(insecure=True, api={"host": "0.0.0.0", "enabled": False}).stop(0)  # noqa: S104 - not opened


def test_a_tls_listener_without_a_certificate_is_a_fault_of_the_settings() -> None:
    with pytest.raises(SettingsError, match="certificate"):
        opened(api={"tls": True})
