"""``service api`` and ``serve``: Airavata's Thrift clients are served by a process of their own, or by the engine's."""

from __future__ import annotations

import signal
import socket
from typing import Any

import pytest
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport import TSocket, TTransport

from airavata_thrift.airavata_api import Airavata
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_thrift.storage_resources.ttypes import StorageResourceDescription
from airavata_thrift.workspaces.ttypes import Gateway, Project

FREE_PORTS = {
    "AIRAVATA_WORKLOAD_THRIFT__ENABLED": "true",
    "AIRAVATA_WORKLOAD_STORAGE__PORT": "0",
    "AIRAVATA_WORKLOAD_HTTP__PORT": "0",
    **{
        f"AIRAVATA_WORKLOAD_THRIFT__LISTENERS__{name}__PORT": "0"
        for name in ("API", "API_TLS", "ORCHESTRATOR", "CREDENTIAL_STORE", "PROFILE", "REGISTRY", "SHARING")
    },
}
TOKEN = AuthzToken("anything", {"gatewayID": "portal", "userName": "ada"})


def connected(command_line: Any, service: str) -> tuple[Any, Any]:
    """A client of the port that ``health`` names, and its transport."""
    (told,) = [each for each in command_line.json("health") if each["service"] == service]
    assert told["ready"]
    host, _, port = told["listeners"]["api"].rpartition(":")
    transport = TTransport.TBufferedTransport(TSocket.TSocket(host, int(port)))
    transport.open()
    return Airavata.Client(TBinaryProtocolAccelerated(transport)), transport


@pytest.mark.parametrize(
    ("words", "service"), [(("service", "api", "--insecure"), "api"), (("serve", "--insecure"), "engine")]
)
def test_a_client_finds_it_works_with_it_and_it_ends_when_told(
    command_line: Any, words: tuple[str, ...], service: str
) -> None:
    running = command_line.start(*words, **FREE_PORTS)
    running.line_with(f"the {service} runs")
    client, transport = connected(command_line, service)
    assert client.getAPIVersion(None) == "0.18.0"
    resource = client.registerStorageResource(TOKEN, StorageResourceDescription(hostName="storage.example.org"))
    assert resource.startswith("storage.example.org_")
    assert client.getAllStorageResourceNames(TOKEN)[resource] == "storage.example.org"
    assert client.addGateway(TOKEN, Gateway(gatewayId="portal", gatewayName="Portal", gatewayApprovalStatus=1))
    project = client.createProject(TOKEN, "portal", Project(owner="ada", gatewayId="portal", name="first"))
    assert client.getProject(TOKEN, project).name == "first"
    assert running.end(signal.SIGTERM) == 0
    transport.close()


def test_everybody_is_believed_on_loopback_only(command_line: Any) -> None:
    elsewhere = {**FREE_PORTS, "AIRAVATA_WORKLOAD_THRIFT__LISTENERS__API__HOST": "0.0.0.0"}  # noqa: S104 - refused
    done = command_line("service", "api", "--insecure", code=5, **elsewhere)
    assert "--insecure believes every caller" in done.stderr


def test_a_port_that_is_taken_is_said_with_what_to_do(command_line: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = {**FREE_PORTS, "AIRAVATA_WORKLOAD_THRIFT__LISTENERS__API__PORT": str(port)}
        done = command_line("service", "api", "--insecure", code=2, **taken)
    assert f"127.0.0.1:{port} of the Thrift listener 'api' cannot be opened" in done.stderr
