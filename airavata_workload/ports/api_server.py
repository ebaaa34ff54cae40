"""What offers the application layer to clients over the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airavata_workload.domain.caller import Caller
from airavata_workload.domain.gateway_storage import GatewayStorage


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServerContext:
    """The entry points of ``api_servers`` are called with one of these and return the port.

    ``api`` is the application layer, an ``Api``, ``settings`` the server's own
    table of the settings. ``authenticate`` gives the caller whose access token
    and claims it gets, and raises ``DeniedError``. ``insecure`` says that it
    believes everybody: the server must refuse to listen where others than this
    machine can reach it. ``home`` is the home directory, for files of the
    server's own, ``storage`` the storage of the gateways, if there is one, and
    ``default_gateway`` the gateway of insecure callers that name none.
    """

    api: Any
    authenticate: Callable[[str, Mapping[str, str]], Caller]
    settings: Any
    home: Path
    insecure: bool = False
    storage: GatewayStorage | None = None
    default_gateway: str = ""


class ApiServer(ABC):
    """Listens for clients from ``start`` to ``stop``.

    Making one binds its ports. Raises ``SettingsError`` for one that cannot be
    had, or that others may not reach.
    """

    @property
    @abstractmethod
    def addresses(self) -> Mapping[str, str]:
        """Where it listens: ``host:port`` by the name of the listener."""

    @abstractmethod
    def start(self) -> None:
        """Begin to serve."""

    @abstractmethod
    def stop(self, drain_s: float) -> bool:
        """Take no more calls, answer those that run, and end. False if one still ran after ``drain_s`` seconds."""

    @abstractmethod
    def stuck(self) -> list[str]:
        """The parts that have died or hang."""

    @abstractmethod
    def troubles(self) -> dict[str, str]:
        """The parts that do not work now, each with the reason."""
