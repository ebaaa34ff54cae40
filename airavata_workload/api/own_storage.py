"""Whether this installation offers a storage, where, and under which name."""

from __future__ import annotations

from pathlib import Path

from airavata_workload.api.access.listening import is_every_address, is_loopback
from airavata_workload.domain.errors import SettingsError
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.storage_settings import StorageSettings


def offered_storage(settings: StorageSettings, root: Path) -> GatewayStorage | None:
    """The storage in the directory ``root``; ``None`` if it is not enabled.

    Raises ``SettingsError`` if the settings do not say how clients call its host.
    """
    if not settings.enabled:
        return None
    host = settings.public_host or ("localhost" if is_loopback(settings.host) else settings.host)
    if is_every_address(host):
        raise SettingsError(
            f"The storage listens on {host}, and nothing says by which name its clients reach it.",
            key="storage.public_host",
            remedy="Set public_host in [storage], on every machine of the installation to the same.",
        )
    return GatewayStorage(host_name=host, root=root)
