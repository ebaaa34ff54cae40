"""The newest published Python SDK at the other doors: over TLS, and at a server that asks for no token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from portal_site import PortalServer, portal_events, portal_server, trusting
from python_sdks import VERSIONS, check_gateway, interpreter, program

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


def test_the_newest_sdk_comes_over_tls_once_it_knows_the_authority(portal_host: PortalServer, tmp_path: Path) -> None:
    version = VERSIONS[-1]
    trusts = trusting(interpreter(version), portal_host.authority, tmp_path)
    once = {"THRIFT_CONNECTION_MAX_RETRIES": "1", "THRIFT_CONNECTION_RETRY_DELAY": "0"}
    with portal_host.portal(f"portal-tls-{version}", version=version, secure=["api"], greets=True) as told:
        told["listeners"] = {**told["listeners"], "api": told["listeners"]["api_tls"]}
        with pytest.raises(AssertionError, match="Failed to connect"):
            portal_events(portal_host, program(version), told, once)
        check_gateway(portal_events(portal_host, program(version), told, trusts), told["gateway"])


def test_an_insecure_server_believes_everybody(servers: Mapping[str, str], tmp_path: Path) -> None:
    with (
        portal_server(tmp_path, servers, insecure=True) as host,
        host.portal("portal-insecure", version=VERSIONS[-1], greets=True) as told,
    ):
        seen = portal_events(host, program(VERSIONS[-1]), told)
    check_gateway(seen, told["gateway"])
