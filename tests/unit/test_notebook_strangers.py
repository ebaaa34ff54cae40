"""What somebody can do to the routes under /api/v1 who proves nothing, or is slow."""

from __future__ import annotations

import contextlib
import http.client
import io
import select
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_site import PATIENCE_S, Site
from stranger import rest

from airavata_adapters.notebook_routes.arriving_request import ArrivingRequest

PLAN = b"POST /api/v1/plan HTTP/1.1\r\nAuthorization: Bearer good\r\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("routes")) as running:
        yield running


def stranger(site: Site) -> socket.socket:
    return socket.create_connection(site.address, timeout=PATIENCE_S)


def served_at_last(site: Site) -> None:
    """Ask until there is a place: that of a client is free a moment after it has its answer."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        with contextlib.suppress(http.client.RemoteDisconnected, ConnectionError):
            assert site.ask("GET", "/api/v1/plan/user") == (200, [])
            return
    raise AssertionError("the place is not free again")


def said_to(site: Site, content: bytes) -> bytes:
    with stranger(site) as connection:
        with contextlib.suppress(OSError):  # it need not be read to its end
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        return rest(connection)


# -- slow ones ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "beginning", [b"", b"GET", PLAN, PLAN + b"Content-Length: 9999\r\n\r\n{"], ids=["nothing", "line", "head", "body"]
)
def test_bytes_now_and_then_win_no_time(tmp_path: Path, beginning: bytes) -> None:
    with Site(tmp_path, connections=1, request_time_s=0.4) as site, stranger(site) as slow:
        slow.sendall(beginning)
        begun_s = time.monotonic()
        ended = False
        while not ended:
            assert time.monotonic() - begun_s < PATIENCE_S / 2, "it was let go on"
            try:
                slow.sendall(b"x")
                ended = bool(select.select([slow], [], [], 0.05)[0]) and not slow.recv(1000)
            except OSError:
                ended = True
        assert site.ask("GET", "/api/v1/plan/user") == (200, [])


def test_a_large_request_has_the_time_that_it_needs() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        now_s = 0.0
        request = io.BufferedReader(ArrivingRequest(ours, 30.0, lambda: now_s))
        theirs.sendall(b"x" * 65_536)
        assert len(request.read(65_536)) == 65_536
        now_s = 90.0
        theirs.sendall(b"x")
        assert request.read(1) == b"x"
        now_s = 95.0
        with pytest.raises(TimeoutError):
            request.read(1)


def test_clients_beyond_the_limit_are_closed_and_the_others_served(tmp_path: Path) -> None:
    with (
        Site(tmp_path, connections=2, request_time_s=PATIENCE_S) as site,
        stranger(site) as first,
        stranger(site) as second,
    ):
        for each in (first, second):
            each.sendall(b"GET ")
        with stranger(site) as third:
            assert rest(third) == b""
        first.sendall(b"/api/v1/some-agent HTTP/1.0\r\n\r\n")
        assert b"agentUp" in rest(first)
        served_at_last(site)


# -- greedy ones --------------------------------------------------------------------------------
def test_a_head_has_an_end(site: Site) -> None:
    line = b"X-Many: " + b"x" * 60_000 + b"\r\n"
    for head in (PLAN + line * 90, PLAN + b"X-Long: " + b"x" * 70_000, b"GET /" + b"x" * 66_000):
        first = said_to(site, head).partition(b"\r\n")[0]
        # Cut off while it sends, a client may not come to read why.
        assert not first or first.split()[1] in (b"414", b"431")
    assert site.ask("GET", "/api/v1/plan/user")[0] == 200


def test_a_head_of_many_lines_is_read_no_further_than_that() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sending = threading.Thread(target=_sent_to_the_end, args=[theirs])
        sending.start()
        request = io.BufferedReader(ArrivingRequest(ours, PATIENCE_S))
        with pytest.raises(HTTPException, match="too long"):
            request.read(1_000_000)
        ours.shutdown(socket.SHUT_RDWR)
        sending.join(PATIENCE_S)


def _sent_to_the_end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(b"X: x\r\n" * 100_000)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: " + b"9" * 5000,
        b"Content-Length: -1",
        b"Content-Length: 1e9",
        b"Content-Length: 99999999999999999",
        b"Transfer-Encoding: chunked",
    ],
    ids=["digits", "negative", "no number", "too much", "chunked"],
)
def test_a_body_says_its_size(site: Site, head: bytes) -> None:
    assert b" 400 " in said_to(site, PLAN + head + b"\r\n\r\n{}").partition(b"\r\n")[0]


def test_who_proves_nothing_is_told_so_before_anything_is_kept(site: Site) -> None:
    assert site.ask("POST", "/api/v1/plan", b"no JSON" * 100_000, token="bad")[0] == 401
    connection = http.client.HTTPConnection(*site.address, timeout=PATIENCE_S)
    headers = {"Authorization": "Bearer good", "X-Claims": "[" * 30_000}
    connection.request("PUT", "/api/v1/plan/p", b"{}", headers)
    assert connection.getresponse().status == 400
    connection.close()


@pytest.mark.parametrize(
    "target", [b"http://[x", b"//[", b"/api/v1/plan/%00", b"/api/v1/plan/..%2f..%2fetc%2fpasswd", b"*", b"/\xff"]
)
def test_a_target_that_is_none_is_not_found(site: Site, target: bytes) -> None:
    said = said_to(site, b"GET " + target + b" HTTP/1.0\r\nAuthorization: Bearer good\r\n\r\n")
    assert said.split()[1] == b"404"


# -- whatever comes -----------------------------------------------------------------------------
TARGETS = st.sampled_from(["/api/v1/plan", "/api/v1/plan/p", "/api/v1/plan/user", "/api/v1/x", "//[", "*"])
HEADERS = st.sampled_from(
    ["Content-Length: 2", "Content-Length: x", "X-Claims: [", 'X-Claims: {"userName": 1}', "Expect:"]
)
REQUESTS = st.builds(
    lambda method, target, headers, body: (
        "\r\n".join([f"{method} {target} HTTP/1.1", *headers, "", ""]).encode() + body
    ),
    st.sampled_from(["GET", "POST", "PUT", "HEAD", "DELETE", "\x00"]),
    TARGETS | st.text(max_size=20),
    st.lists(HEADERS | st.text(max_size=30), max_size=5),
    st.sampled_from([b"", b"{}", b'{"id": "\\ud800"}', b'{"id": 7}', b"\xff\xff"]) | st.binary(max_size=30),
)


@given(st.binary(max_size=200) | REQUESTS)
@settings(max_examples=100, deadline=None)
def test_noise_ends_in_an_answer_or_in_silence_and_is_no_fault_of_ours(site: Site, noise: bytes) -> None:
    for token in (b"", b"Authorization: Bearer good\r\n"):
        line, end, more = noise.partition(b"\r\n")
        said = said_to(site, line + end + token + more if end else noise)
        assert b" 500 " not in said.partition(b"\r\n")[0]
    assert site.ask("GET", "/api/v1/x")[0] == 200
