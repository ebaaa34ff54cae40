"""A database server whose machine vanished: connections to it are accepted by something, and nothing is answered."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from airavata_adapters.registries import server_url
from airavata_adapters.registries.server_schema import ServerSchema
from airavata_workload.domain.errors import StoreUnavailableError


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.timeout(30)
def test_who_starts_does_not_wait_for_its_tables_longer_than_for_any_answer(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server_url._TIMEOUTS_S, "read_timeout", 1)
    url = server_url.parsed(f"mysql://app@127.0.0.1:{port}/app")
    with pytest.raises(StoreUnavailableError, match="app"):
        ServerSchema(url).state()
