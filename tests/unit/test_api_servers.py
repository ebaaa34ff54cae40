"""Several servers as one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from airavata_workload.api_servers import ApiServers
from airavata_workload.domain.errors import SettingsError
from airavata_workload.ports.api_server import ApiServer


class Recorded(ApiServer):
    """Writes down what is asked of it."""

    def __init__(self, name: str, *, drains: bool = True) -> None:
        self.name = name
        self.asked: list[str] = []
        self._drains = drains

    @property
    def addresses(self) -> Mapping[str, str]:
        return {self.name: f"127.0.0.1:{len(self.name)}"}

    def start(self) -> None:
        self.asked.append("start")

    def stop(self, drain_s: float) -> bool:
        self.asked.append("stop")
        return self._drains

    def stuck(self) -> list[str]:
        return [self.name] if not self._drains else []

    def troubles(self) -> dict[str, str]:
        return {} if self._drains else {self.name: "it does not answer"}


def test_they_start_and_stop_together_and_each_speaks_for_itself() -> None:
    one, other = Recorded("one"), Recorded("other", drains=False)
    servers = ApiServers([lambda: one, lambda: other])
    servers.start()
    assert servers.addresses == {"one": "127.0.0.1:3", "other": "127.0.0.1:5"}
    assert servers.stuck() == ["other"]
    assert servers.troubles() == {"other": "it does not answer"}
    assert not servers.stop(0.1)
    assert one.asked == other.asked == ["start", "stop"]


def test_if_one_cannot_be_opened_those_before_it_are_closed() -> None:
    one = Recorded("one")

    def broken() -> ApiServer:
        raise SettingsError("The port is taken.", key="port")

    with pytest.raises(SettingsError):
        ApiServers([lambda: one, broken])
    assert one.asked == ["stop"]
