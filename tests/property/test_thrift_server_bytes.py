"""Whatever bytes a client sends, the server ends its connection, grows no larger and serves the others."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thrift_site import TOKEN, Site, call

from airavata_thrift.airavata_api import Airavata
from airavata_thrift.workspaces.ttypes import Project

GOOD = call("createProject", Airavata.createProject_args(TOKEN, "portal", Project(owner="a", gatewayId="g", name="n")))
HEAD = GOOD[: GOOD.index(b"createProject") + len("createProject") + 4]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def damaged(place: int, flip: int) -> bytes:
    """A good call with one byte changed."""
    content = bytearray(GOOD)
    content[place % len(content)] ^= flip
    return bytes(content)


NOISE = (
    st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda tail: HEAD + tail)
    | st.builds(damaged, st.integers(0, 10_000), st.integers(1, 255))
)


@given(NOISE, st.integers(0, 300))
@settings(max_examples=150, deadline=None)
def test_noise_ends_in_an_answer_or_in_silence(site: Site, noise: bytes, cut: int) -> None:
    with site.socket() as connection:
        for piece in (noise[:cut], noise[cut:]):
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while data := connection.recv(65536):
            said += data
    if said:
        assert b"\x80\x01\0" in said[:7], "something else than a message was answered"
    assert site.client().getAPIVersion(None) == "0.18.0"
    assert site.server.alive
