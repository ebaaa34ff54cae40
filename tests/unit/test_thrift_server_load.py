"""The Thrift server with many, slow, greedy and leaving clients, and its own end."""

from __future__ import annotations

import resource
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from thrift_site import PATIENCE_S, TOKEN, Site, answers, call

from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.listener import Listener
from airavata_adapters.thrift_api.server import ThriftServer
from airavata_thrift.airavata_api import Airavata
from airavata_thrift.workspaces.ttypes import Project
from airavata_workload.domain.errors import SettingsError

VERSION = "0.18.0"
EXCEPTION, REPLY = 3, 2


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


# -- slow, silent and greedy ones -----------------------------------------------------------------
def test_bytes_may_come_one_by_one(site: Site) -> None:
    content = call(
        "createProject",
        Airavata.createProject_args(TOKEN, "portal", Project(owner="ada", gatewayId="portal", name="drip")),
    )
    with site.socket() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(len(content)):
            connection.sendall(content[position : position + 1])
        ((*_, text),) = answers(connection, 1)
    assert text == "ada@portal: drip"


def test_a_slow_client_is_told_its_time_and_a_silent_one_is_cut() -> None:
    limits = Limits(message_time_s=0.2, idle_time_s=1.5)
    with Site(limits=limits) as site, site.socket() as slow, site.socket() as silent:
        slow.sendall(project_call("p")[:-5])
        ((name, kind, _, text),) = answers(slow, 1)
        assert (name, kind) == ("getProject", EXCEPTION)
        assert "message_time_s" in text
        assert is_cut(slow)
        assert is_cut(silent)


def test_a_client_that_reads_nothing_costs_a_connection_and_no_more() -> None:
    with Site(limits=Limits(message_time_s=0.5), threads=2) as site:
        other = site.client()
        other.createProject(
            TOKEN, "portal", Project(owner="ada", gatewayId="portal", name="big", description="d" * 4_000_000)
        )
        deaf = [site.socket() for _ in range(8)]
        for connection in deaf:
            connection.sendall(project_call("big"))
        for _ in range(20):
            assert other.getAPIVersion(None) == VERSION
        end_s = time.monotonic() + PATIENCE_S
        while site.server.connections > 1:
            assert time.monotonic() < end_s, "a client that reads nothing is kept"
            assert other.getAPIVersion(None) == VERSION
        for connection in deaf:
            connection.close()


def test_requests_sent_ahead_are_answered_in_order_and_one_at_a_time(site: Site) -> None:
    site.projects.gate.set()
    with site.socket() as connection:
        connection.sendall(b"".join([project_call("slow"), version_call(2), project_call("gone"), version_call(4)]))
        found = answers(connection, 4)
    assert [name for name, *_ in found] == ["getProject", "getAPIVersion", "getProject", "getAPIVersion"]


def test_very_many_requests_sent_ahead_starve_nobody(site: Site) -> None:
    number = 20_000
    greedy, other = site.socket(), site.client()
    greedy.setblocking(False)
    content = memoryview(b"".join(version_call(each) for each in range(number)))
    sent = greedy.send(content)
    assert other.getAPIVersion(None) == VERSION
    greedy.setblocking(True)
    greedy.settimeout(PATIENCE_S)
    whole = sent // len(version_call())
    found = answers(greedy, whole)
    assert [sequence_id for _, _, sequence_id, _ in found] == list(range(whole))
    greedy.close()


def test_calls_that_wait_hold_up_no_quick_ones(site: Site) -> None:
    waiting = [site.socket() for _ in range(4)]
    for connection in waiting:
        connection.sendall(project_call("slow"))
    for _ in waiting:
        assert site.projects.waiting.acquire(timeout=PATIENCE_S)
    assert site.client().getAPIVersion(None) == VERSION
    site.projects.gate.set()
    for connection in waiting:
        assert "no project 'slow'" in str(connection.recv(4096))
        connection.close()


def test_five_hundred_clients_are_all_served_at_once() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    with Site(threads=4) as site:
        connections = [site.socket() for _ in range(500)]
        for _ in range(2):
            for number, connection in enumerate(connections):
                connection.sendall(version_call(number) if number % 2 else project_call("gone"))
            for number, connection in enumerate(connections):
                ((*_, text),) = answers(connection, 1)
                assert number % 2 == 0 or text == VERSION
        assert site.server.connections == 500
        for connection in connections:
            connection.close()


# -- its own life ---------------------------------------------------------------------------------
def test_stopping_lets_what_runs_end_and_takes_nothing_new() -> None:
    site = Site()
    site.server.start()
    idle, busy = site.socket(), site.socket()
    busy.sendall(project_call("slow") + version_call())
    assert site.projects.waiting.acquire(timeout=PATIENCE_S)
    drained: list[bool] = []
    stopping = threading.Thread(target=lambda: drained.append(site.server.stop(PATIENCE_S)))
    stopping.start()
    assert is_cut(idle)
    with pytest.raises(OSError, match="refused"):
        site.socket()
    site.projects.gate.set()
    assert "no project 'slow'" in str(busy.recv(4096))
    assert is_cut(busy)
    stopping.join(PATIENCE_S)
    assert drained == [True]
    assert site.server.stop(0) is True


def test_stopping_waits_no_longer_than_it_may() -> None:
    site = Site()
    site.server.start()
    busy = site.socket()
    busy.sendall(project_call("slow"))
    assert site.projects.waiting.acquire(timeout=PATIENCE_S)
    begun_s = time.monotonic()
    assert site.server.stop(0.2) is False
    assert time.monotonic() - begun_s < 5
    assert is_cut(busy)
    site.close()


def test_a_port_that_is_taken_is_named(site: Site) -> None:
    host, port = site.address()
    service = site.server._listening[0].listener.service
    with pytest.raises(SettingsError, match=rf"port {host}:{port} of the Thrift listener 'api'"):
        ThriftServer([Listener(name="api", host=host, port=port, service=service)], limits=Limits(), threads=1)


def test_a_client_that_leaves_in_the_middle_is_forgotten(site: Site) -> None:
    for content in (b"", project_call("p")[:20], project_call("slow")):
        connection = site.socket()
        connection.sendall(content)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    site.projects.gate.set()
    other = site.client()
    end_s = time.monotonic() + PATIENCE_S
    while site.server.connections > 1:
        assert time.monotonic() < end_s, "a client that left is kept"
        assert other.getAPIVersion(None) == VERSION
    assert site.server.alive
