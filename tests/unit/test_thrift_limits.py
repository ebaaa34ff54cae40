"""What ``[thrift.limits]`` promises, over sockets: each limit to the byte, and what slow and silent clients cost."""

from __future__ import annotations

import resource
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import thrift_site
from stranger import rest
from thrift_site import PATIENCE_S, TOKEN, Site, answers, call

from airavata_adapters.thrift_api.limits import Limits
from airavata_thrift.airavata_api import Airavata
from airavata_thrift.workspaces.ttypes import Project

VERSION = "0.18.0"
EXCEPTION = 3
HEAD = struct.pack(">II", 0x80010001, 1) + b"x" + struct.pack(">i", 1)
VERSION_CALL = call("getAPIVersion", Airavata.getAPIVersion_args())


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def running(stack: ExitStack, **limits: float) -> Site:
    return stack.enter_context(Site(limits=Limits(**limits), threads=2))  # type: ignore[arg-type]


def connected(stack: ExitStack, site: Site) -> socket.socket:
    return stack.enter_context(site.socket())


def project_call(project_id: str) -> bytes:
    return call("getProject", Airavata.getProject_args(authzToken=TOKEN, projectId=project_id))


def drip(connection: socket.socket, content: bytes, every_s: float) -> bytes:
    """Send a byte now and then until the other end speaks; what it says until it ends."""
    for position in range(len(content)):
        connection.sendall(content[position : position + 1])
        if select.select([connection], [], [], every_s)[0]:
            return rest(connection)
    raise AssertionError("it took everything")


# -- sizes ------------------------------------------------------------------------------------
def nested(depth: int) -> bytes:
    """An argument struct that holds lists of lists, so deep in all."""
    return b"\x0f\0\1" + b"\x0f\0\0\0\1" * (depth - 2) + b"\x08\0\0\0\0" + b"\0"


def pairs(number: int) -> bytes:
    return b"\x0d\0\1\x03\x03" + struct.pack(">i", number) + bytes(2 * number) + b"\0"


def text(size: int) -> bytes:
    return b"\x0b\0\1" + struct.pack(">i", size) + b"t" * size + b"\0"


@pytest.mark.parametrize(
    ("name", "most", "body"),
    [
        ("message_bytes", 1024, lambda size: text(size - len(HEAD) - 8)),
        ("container_items", 10, pairs),
        ("depth", 5, nested),
    ],
    ids=["size", "map", "lists"],
)
def test_a_limit_is_exact(stack: ExitStack, name: str, most: int, body: Callable[[int], bytes]) -> None:
    site = running(stack, **{name: most})
    connection = connected(stack, site)
    connection.sendall(HEAD + body(most))
    ((_, _, _, said),) = answers(connection, 1)
    assert "Invalid method name" in said, "as much as that is read"
    connection.sendall(HEAD + body(most + 1))
    ((_, kind, _, said),) = answers(connection, 1)
    assert kind == EXCEPTION
    assert f"thrift.limits.{name}" in said
    assert rest(connection) == b""


def test_many_small_beginnings_count_as_much_as_one_large(stack: ExitStack) -> None:
    site = running(stack, buffered_bytes=1_000_000)
    beginning = project_call("x" * 400_000)[:120_000]
    hoarders = [connected(stack, site) for _ in range(9)]
    largest = connected(stack, site)
    largest.sendall(project_call("x" * 400_000)[:200_000])
    for each in hoarders:
        each.sendall(beginning)
    assert b"buffered_bytes" in rest(largest)
    client = site.client()
    made = client.createProject(TOKEN, "portal", Project(owner="a", gatewayId="portal", name="small"))
    assert made == "ada@portal: small", "a small request has its place"


def test_requests_that_wait_for_a_thread_are_counted(stack: ExitStack) -> None:
    site = running(stack, buffered_bytes=1_000_000)
    busy = [connected(stack, site) for _ in range(2)]
    for each in busy:
        each.sendall(project_call("slow"))
    for _ in busy:
        assert site.projects.waiting.acquire(timeout=PATIENCE_S)
    waiting = [connected(stack, site) for _ in range(3)]
    for each in waiting:
        each.sendall(project_call("x" * 200_000))
    refused = connected(stack, site)
    refused.sendall(project_call("x" * 500_000)[:-10])
    assert b"buffered_bytes" in rest(refused)
    site.projects.gate.set()
    for each in waiting:
        assert b"no project" in each.recv(65536)
    again = connected(stack, site)
    again.sendall(project_call("x" * 900_000))
    assert b"no project" in again.recv(65536), "what was answered counts no more"


# -- times ------------------------------------------------------------------------------------
def test_a_request_that_comes_byte_by_byte_has_no_more_time_than_another(stack: ExitStack) -> None:
    site = running(stack, message_time_s=0.4, idle_time_s=0.1)
    connection = connected(stack, site)
    begun_s = time.monotonic()
    said = drip(connection, project_call("p" * 10_000), 0.02)
    assert b"message_time_s" in said
    assert 0.4 <= time.monotonic() - begun_s < 10


def test_half_a_header_is_a_request_that_has_begun(stack: ExitStack) -> None:
    site = running(stack, message_time_s=0.2)
    connection = connected(stack, site)
    connection.sendall(b"\x80\x01")
    assert b"message_time_s" in rest(connection)


def test_an_answer_that_is_read_in_drops_has_no_more_time_than_another(stack: ExitStack) -> None:
    site = running(stack, message_time_s=0.4)
    other = site.client()
    large = Project(owner="ada", gatewayId="portal", name="big", description="d" * 12_000_000)
    other.createProject(TOKEN, "portal", large)
    connection = connected(stack, site)
    # Of its own accord the system makes room for all of the answer, which then is off the server's hands.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.sendall(project_call("big"))
    begun_s = time.monotonic()
    received = 0
    while site.server.connections > 1:
        assert time.monotonic() - begun_s < PATIENCE_S, "it was sent on and on"
        received += len(connection.recv(64))  # so little that no machine is quick enough to read all of it in time
        other.getAPIVersion(None)  # between two drops time goes by
    assert received < 12_000_000


@pytest.fixture
def hello() -> bytes:
    """What a client says first over TLS."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="server")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0], ids=["nothing", "half of hello", "hello and no more"])
def test_a_handshake_that_stops_is_cut(stack: ExitStack, tmp_path: Path, hello: bytes, part: float) -> None:
    limits = Limits(message_time_s=0.3)
    site = stack.enter_context(Site(limits=limits, tls=thrift_site.certificates(tmp_path)))
    connection = connected(stack, site)
    connection.sendall(hello[: int(len(hello) * part)])
    rest(connection)
    assert site.client().getAPIVersion(None) == VERSION


def test_a_handshake_that_comes_byte_by_byte_is_cut(stack: ExitStack, tmp_path: Path, hello: bytes) -> None:
    limits = Limits(message_time_s=0.3)
    site = stack.enter_context(Site(limits=limits, tls=thrift_site.certificates(tmp_path)))
    drip(connected(stack, site), hello, 0.02)
    assert site.client().getAPIVersion(None) == VERSION


# -- numbers ----------------------------------------------------------------------------------
def test_five_hundred_silent_clients_and_a_slow_one_hinder_nobody(stack: ExitStack) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    site = running(stack)
    silent = [connected(stack, site) for _ in range(500)]
    slow = connected(stack, site)
    client = site.client()
    slow.sendall(project_call("p")[:-1])
    lasted_s = []
    for number in range(200):
        begun_s = time.monotonic()
        assert client.getAPIVersion(None) == VERSION
        client.createProject(TOKEN, "portal", Project(owner="ada", gatewayId="portal", name=f"p{number}"))
        lasted_s.append(time.monotonic() - begun_s)
    assert sorted(lasted_s)[100] < 0.25, "the median of two calls"
    for each in (silent[0], silent[-1]):
        each.sendall(VERSION_CALL)
        assert answers(each, 1)[0][3] == VERSION
    assert site.server.connections == 502


def test_who_leaves_makes_room(stack: ExitStack) -> None:
    site = running(stack, connections=2)
    first, second = connected(stack, site), connected(stack, site)
    for each in (first, second):
        each.sendall(VERSION_CALL)
        assert answers(each, 1)[0][3] == VERSION
    with site.socket() as third:
        assert b"thrift.limits.connections" in rest(third)
    first.close()
    end_s = time.monotonic() + PATIENCE_S
    while True:
        assert time.monotonic() < end_s, "nobody is let in any more"
        with site.socket() as again:
            again.sendall(VERSION_CALL)
            if answers(again, 1)[0][3] == VERSION:
                return
