"""Keeps what a service tells of itself to the others up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.stage import Stage

INTERVAL_S = 1.0


class Membership(Stage):
    """Registers the service again whenever its capabilities or its load have changed."""

    name = "membership"

    def __init__(self, nodes: RecoveryNodes, service: str, capabilities: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__()
        self._nodes = nodes
        self._service = service
        self._capabilities = capabilities
        self._told: Mapping[str, Any] | None = None

    def round(self) -> None:
        """Tell what has changed, then wait."""
        present = self._capabilities()
        if present != self._told:
            self._nodes.join(self._service, present)
            self._told = present
        self._stopping.wait(INTERVAL_S)
