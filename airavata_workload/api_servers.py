"""Several servers of one process, as one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from airavata_workload.plugins import catalogue
from airavata_workload.ports.api_server import ApiServer, ApiServerContext


def opened(tables: Mapping[str, Any], context: ApiServerContext) -> ApiServer:
    """The servers of these names, entry points of ``api_servers``, each with its own table of the settings.

    Raises as they do, and ``PluginLoadError``.
    """

    def opener(name: str, table: Any) -> Callable[[], ApiServer]:
        return lambda: catalogue("api_servers").load(name)(replace(context, settings=table))

    return ApiServers(opener(name, table) for name, table in tables.items())


class ApiServers(ApiServer):
    """Opens every server; if one cannot be, those before it are closed again. Raises as they do."""

    def __init__(self, openers: Iterable[Callable[[], ApiServer]]) -> None:
        self._servers: list[ApiServer] = []
        try:
            for each in openers:
                self._servers.append(each())
        except BaseException:
            self.stop(0)
            raise

    @property
    def addresses(self) -> Mapping[str, str]:
        """As ``ApiServer.addresses``, of all."""
        return {name: address for each in self._servers for name, address in each.addresses.items()}

    def start(self) -> None:
        """As ``ApiServer.start``."""
        for each in self._servers:
            each.start()

    def stop(self, drain_s: float) -> bool:
        """As ``ApiServer.stop``: one after another, all within that time."""
        end_s = time.monotonic() + drain_s
        ended = [each.stop(max(0.0, end_s - time.monotonic())) for each in self._servers]
        return all(ended)

    def stuck(self) -> list[str]:
        """As ``ApiServer.stuck``."""
        return [name for each in self._servers for name in each.stuck()]

    def troubles(self) -> dict[str, str]:
        """As ``ApiServer.troubles``."""
        return {name: reason for each in self._servers for name, reason in each.troubles().items()}
