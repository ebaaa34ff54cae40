"""The Thrift server at its sockets: every way of talking to it, and what it says when something is wrong."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import thrift_site
from thrift.Thrift import TApplicationException
from thrift_site import PATIENCE_S, TOKEN, Site, answers, call

from airavata_adapters.thrift_api.dialects import Dialect
from airavata_adapters.thrift_api.endpoint import AT_ONCE_BYTES, Endpoint
from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.message import Request
from airavata_adapters.thrift_api.service import Peer
from airavata_adapters.thrift_api.tls import TlsFiles
from airavata_thrift.airavata_api import Airavata
from airavata_thrift.api_errors.ttypes import (
    AiravataSystemException,
    AuthorizationException,
    InvalidRequestException,
    ProjectNotFoundException,
)
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_thrift.experiments.ttypes import UserConfigurationDataModel
from airavata_thrift.orchestrator import OrchestratorService
from airavata_thrift.user_profile import UserProfileService
from airavata_thrift.workspaces.ttypes import Project
from airavata_workload.records.projects import Project as ProjectRecord

VERSION = "0.18.0"
EXCEPTION, REPLY = 3, 2
MANY_CLAIMS = AuthzToken("t", {str(number): "" for number in range(11)})


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def version_call(sequence_id: int = 7) -> bytes:
    return call("getAPIVersion", Airavata.getAPIVersion_args(), sequence_id)


def project_call(project_id: str) -> bytes:
    return call("getProject", Airavata.getProject_args(authzToken=TOKEN, projectId=project_id))


def is_cut(connection: socket.socket) -> bool:
    """Whether the server ends the connection, after whatever it still says."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        return True
    return True


# -- how clients talk -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "way",
    [{}, {"service": "Airavata"}, {"framed": True}, {"framed": True, "service": "Airavata"}, {"strict": False}],
    ids=["plain", "multiplexed", "framed", "framed and multiplexed", "old header"],
)
def test_every_way_of_calling_is_answered(site: Site, way: dict[str, Any]) -> None:
    client = site.client(**way)
    assert client.getAPIVersion(None) == VERSION
    assert client.getAPIVersion(AuthzToken("whatever", {})) == VERSION
    assert (
        client.createProject(TOKEN, "portal", Project(owner="ada", gatewayId="portal", name="p1")) == "ada@portal: p1"
    )
    assert client.getProject(TOKEN, "p1").owner == "ada"
    assert client.getAllUsersInGateway(TOKEN, "portal") == ["ada", "portal", "hello"]


def test_the_first_call_for_a_gateway_that_names_its_generation_is_read_in_it() -> None:
    """Nothing in these bytes tells their generation: field 9 was the directory, and then a storage resource."""
    with Site(gateways={"portal": Dialect.AIRAVATA_2025_11}) as site:
        configuration = UserConfigurationDataModel(False, False, experimentDataDir="of field 9")
        site.client().updateExperimentConfiguration(TOKEN, "e", configuration)
        elsewhere = AuthzToken("good", {"gatewayID": "other", "userName": "ada"})
        site.client().updateExperimentConfiguration(elsewhere, "e", configuration)
        newer, classic = site.experiments.configurations
    assert (newer.output_storage_resource_id, newer.experiment_data_dir) == ("of field 9", None)
    assert (classic.output_storage_resource_id, classic.experiment_data_dir) == (None, "of field 9")


def test_a_port_has_further_services_under_their_names(site: Site) -> None:
    assert site.client(kind=UserProfileService, service="UserProfileService").getAPIVersion() == VERSION
    with pytest.raises(TApplicationException) as caught:
        site.client(service="Nobody").getAPIVersion(None)
    assert caught.value.type == TApplicationException.UNKNOWN_METHOD
    assert "UserProfileService" in caught.value.message


def test_even_a_constant_is_left_to_a_thread_if_its_arguments_take_long_to_read(site: Site) -> None:
    claims = {str(number): "x" * 100 for number in range(AT_ONCE_BYTES // 100)}
    assert site.client().getAPIVersion(AuthzToken("t", claims)) == VERSION
    service = site.endpoints["api"]
    session = service.session(Peer("127.0.0.1"))
    long, short = (
        Request("", "getAPIVersion", 1, one_way=False, framed=False, body=b"\x00".rjust(size, b"\x00"))
        for size in (AT_ONCE_BYTES + 1, 1)
    )
    assert service.answer_at_once(long, session) is None
    assert service.answer_at_once(short, session) is not None


def test_an_internal_service_knows_this_machine_without_a_token(site: Site) -> None:
    client = site.client(kind=OrchestratorService, listener="orchestrator")
    assert client.getOrchestratorCPIVersion() == "0.16.0"
    assert client.launchExperiment("e", "portal") is True


def test_over_tls_and_with_certificates_on_both_sides(tmp_path: Path) -> None:
    files = thrift_site.certificates(tmp_path)
    with Site(tls=files) as site:
        client = site.client()
        assert client.createProject(
            TOKEN, "portal", Project(owner="ada", gatewayId="portal", name="n" * 100_000)
        ).endswith("nnn")
        assert len(client.getProject(TOKEN, "n" * 100_000).name) == 100_000
        assert site.client(kind=OrchestratorService, listener="orchestrator").launchExperiment("e", "g") is True


def hear_a_byte(site: Site, files: TlsFiles) -> None:
    """Raises ``OSError`` if the server has none to say."""
    with closing(site.tls_socket(files)) as connection:
        connection.sendall(version_call())
        if not connection.recv(1):
            raise ConnectionResetError


def test_who_does_not_come_through_tls_stands_in_the_log_with_the_reason_and_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = thrift_site.certificates(tmp_path)
    with Site(tls=files) as site:
        client = site.client()
        for peer in (TlsFiles(peer_ca=files.peer_ca), TlsFiles()):
            for _ in range(3):
                with pytest.raises(OSError):  # noqa: PT011 - how the end shows depends on who is quicker
                    hear_a_byte(site, peer)
        assert client.getAPIVersion(None) == VERSION
    said = capsys.readouterr().out
    assert said.count("the client has shown no certificate") == 1
    assert said.count("the client does not know the authority that signed our certificate") == 1


def test_a_client_that_speaks_no_tls_where_it_must_is_told_so(tmp_path: Path) -> None:
    with Site(tls=thrift_site.certificates(tmp_path)) as site:
        with site.socket() as plain:
            plain.sendall(version_call())
            ((_, kind, _, text),) = answers(plain, 1)
            assert (kind, "'api' is served over TLS only" in text) == (EXCEPTION, True)
            assert is_cut(plain)
        assert site.client().getAPIVersion(None) == VERSION


# -- what goes wrong, told ----------------------------------------------------------------------
def test_an_unknown_method_is_an_answer_and_the_connection_goes_on(site: Site) -> None:
    with site.socket() as connection:
        connection.sendall(call("getApiVersion", Airavata.getAPIVersion_args(), 3) + version_call(4))
        unknown, known = answers(connection, 2)
    assert unknown[:3] == ("getApiVersion", EXCEPTION, 3)
    assert "Invalid method name: 'getApiVersion'" in unknown[3]
    assert known == ("getAPIVersion", REPLY, 4, VERSION)


def test_errors_are_the_exceptions_that_the_method_declares(site: Site) -> None:
    client = site.client()
    with pytest.raises(ProjectNotFoundException, match=r"no project 'gone'.*Check its id"):
        client.getProject(TOKEN, "gone")
    with pytest.raises(InvalidRequestException, match="no compute resource"):
        client.deleteProject(TOKEN, "x")
    with pytest.raises(AuthorizationException, match="proves nothing"):
        client.getProject(AuthzToken("bad", {}), "p1")
    with pytest.raises(AuthorizationException, match="proves nothing"):
        client.getProject(None, "p1")
    with pytest.raises(InvalidRequestException, match=r"project\.name: it is missing"):
        client.createProject(TOKEN, "portal", Project(owner="ada", gatewayId="portal"))
    with pytest.raises(InvalidRequestException, match="gatewayId: it is missing"):
        client.createProject(TOKEN, None, Project(owner="ada", gatewayId="portal", name="p"))
    with pytest.raises(AiravataSystemException, match="getExperiment is not offered"):
        client.getExperiment(TOKEN, "e")
    assert client.getAPIVersion(None) == VERSION


def test_a_fault_of_ours_is_told_by_its_id_only(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AiravataSystemException) as caught:
        site.client().getProject(TOKEN, "broken")
    assert "secret" not in caught.value.message
    identifier = caught.value.message.partition("under the id ")[2].partition(";")[0]
    logged = capsys.readouterr().out
    assert identifier
    assert identifier in logged
    assert "secret of the server" in logged


def test_text_that_utf_8_cannot_say_reaches_the_client_all_the_same(site: Site) -> None:
    with pytest.raises(ProjectNotFoundException) as missing:
        site.client().getProject(TOKEN, "unwritable")
    assert missing.value.message.startswith(r"There is no project 'a\udcff'.")
    site.projects.kept["strange"] = ProjectRecord(owner="a\udcff", gateway_id="portal", name="p")
    with pytest.raises(AiravataSystemException, match="a fault of the server"):
        site.client().getProject(TOKEN, "strange")
    assert site.server.alive


def test_a_service_that_breaks_its_promise_leaves_no_client_waiting_and_no_thread_dead(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> bytes:
        raise RuntimeError("secret of the server")

    monkeypatch.setattr(Endpoint, "answer", broken)
    client = site.client()
    for _ in range(2 * site.threads):
        with pytest.raises(TApplicationException, match="a fault of the server") as caught:
            client.getProject(TOKEN, "p1")
        assert caught.value.type == TApplicationException.INTERNAL_ERROR
    assert site.server.alive


def test_a_method_that_declares_no_exception_still_says_what_is_wrong(site: Site) -> None:
    client = site.client(kind=OrchestratorService, listener="orchestrator")
    with pytest.raises(TApplicationException, match="no experiment 'absent'") as caught:
        client.launchExperiment("absent", "portal")
    assert caught.value.type == TApplicationException.INTERNAL_ERROR


def test_a_method_without_a_result_is_answered(site: Site) -> None:
    client = site.client()
    assert client.updateProject(TOKEN, "p1", Project(owner="ada", gatewayId="portal", name="changed")) is None
    assert client.getProject(TOKEN, "p1").name == "changed"


def test_no_result_is_said_to_be_none(site: Site) -> None:
    with pytest.raises(TApplicationException) as caught:
        site.client().getProject(TOKEN, "nothing")
    assert caught.value.type == TApplicationException.MISSING_RESULT


def test_arguments_of_wrong_types_are_refused_and_the_connection_goes_on(site: Site) -> None:
    name = b"getProject"
    head = struct.pack(">II", 0x80010001, len(name)) + name + struct.pack(">i", 1)
    numbers_as_claims = struct.pack(">bhbbIii", 13, 2, 8, 8, 1, 1, 2)
    token = struct.pack(">bh", 12, 1) + numbers_as_claims + b"\0"
    with site.socket() as connection:
        connection.sendall(head + token + b"\0" + version_call(2))
        refused, known = answers(connection, 2)
    assert refused[:3] == ("getProject", EXCEPTION, 1)
    assert known[3] == VERSION


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "no TBinary message"),
        (b"\x82\x21\x01\x00\x00\x00\x00\x00\x00\x00", "neither version nor name"),
        (struct.pack(">II", 0x80010001, 1) + b"x" + struct.pack(">ibh", 1, 9, 1), "type 9"),
        (struct.pack(">II", 0x80010002, 1) + b"x" + struct.pack(">ib", 1, 0), "no request"),
        (struct.pack(">II", 0x80010001, 1) + b"\xff" + struct.pack(">ib", 1, 0), "UTF-8"),
        (struct.pack(">I", 99) + version_call() + b"\0" * 80, "different lengths"),
    ],
    ids=["http", "compact protocol", "no type", "no request", "no name", "frame"],
)
def test_what_is_no_message_is_told_so_and_cut(site: Site, content: bytes, words: str) -> None:
    with site.socket() as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while data := connection.recv(4096):
            said += data
    assert b"\x80\x01\0\3" in said[:8]
    assert words.encode() in said
    assert site.client().getAPIVersion(None) == VERSION


@pytest.mark.parametrize(
    ("limits", "content", "words"),
    [
        ({"message_bytes": 1024 * 1024}, project_call("x" * 8 * 1024 * 1024), "message_bytes"),
        ({"container_items": 10}, call("x", Airavata.getProject_args(MANY_CLAIMS)), "container_items"),
        ({"depth": 3}, struct.pack(">II", 0x80010001, 1) + b"x" + struct.pack(">i", 1) + b"\x0c\0\1" * 9, "depth"),
    ],
    ids=["size", "container", "depth"],
)
def test_what_is_beyond_a_limit_is_told_its_name_even_while_it_is_still_being_sent(
    limits: dict[str, int], content: bytes, words: str
) -> None:
    with Site(limits=Limits(**limits)) as site, site.socket() as connection:
        connection.sendall(content)
        ((_, kind, _, text),) = answers(connection, 1)
        assert kind == EXCEPTION
        assert words in text
        assert is_cut(connection)


def test_all_that_is_arriving_has_a_limit_together() -> None:
    limits = Limits(message_bytes=1024 * 1024, buffered_bytes=1_500_000)
    content = project_call("x" * 1_000_000)
    with Site(limits=limits) as site, site.socket() as first, site.socket() as second:
        for connection in (first, second):
            connection.sendall(content[:-100_000])
        # Whichever of the two came last is refused; the other may go on.
        (refused,), _, _ = select.select([first, second], [], [], PATIENCE_S)
        assert b"buffered_bytes" in refused.recv(4096)
        going_on = second if refused is first else first
        going_on.sendall(content[-100_000:])
        assert b"no project" in going_on.recv(4096)


def test_a_client_over_the_limit_of_connections_is_told_so() -> None:
    with Site(limits=Limits(connections=2)) as site:
        first, second = site.client(), site.client()
        assert (first.getAPIVersion(None), second.getAPIVersion(None)) == (VERSION, VERSION)
        with pytest.raises(TApplicationException, match=r"thrift\.limits\.connections"):
            site.client().getAPIVersion(None)
        assert first.getAPIVersion(None) == VERSION
