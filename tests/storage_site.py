"""The gateways' storage, served here, and SFTP clients for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import paramiko

from airavata_adapters.gateway_storage.server import StorageServer
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import AuthenticationError
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.ports.api_server import ApiServerContext
from airavata_workload.storage_settings import StorageSettings

PATIENCE_S = 20
REVOKED: set[str] = set()


def authenticate(access_token: str, claims: Mapping[str, str]) -> Caller:
    """A token is good that says who one is, until it is among the ``REVOKED``."""
    if access_token in REVOKED or access_token != f"token of {claims['userName']}":
        raise AuthenticationError("The access token proves nothing.")
    return Caller(gateway=claims.get("gatewayID", "portal"), user=claims["userName"])


class StorageSite:
    """A server in a folder of its own."""

    def __init__(self, folder: Path, *, insecure: bool = False, **settings: Any) -> None:
        self.home = folder / "home"
        self.root = folder / "storage"
        self.context = ApiServerContext(
            api=None,
            authenticate=authenticate,
            settings=StorageSettings.model_validate({"port": 0, **settings}),
            home=self.home,
            insecure=insecure,
            storage=GatewayStorage(host_name="localhost", root=self.root),
            default_gateway="default",
        )
        self.server = StorageServer(self.context)
        self._transports: list[paramiko.Transport] = []

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for each in self._transports:
            each.close()
        self.server.stop(0)

    def directory(self, user: str = "ada") -> Path:
        """Where the user's files are."""
        return self.root / "portal" / user

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.server.addresses["storage"].rpartition(":")
        return host, int(port)

    def transport(self, user: str = "ada", password: str | None = None) -> paramiko.Transport:
        """A connection that is logged in. Raises as paramiko does."""
        transport = paramiko.Transport(self.address)
        self._transports.append(transport)
        transport.connect(username=user, password=f"token of {user}" if password is None else password)
        return transport

    def sftp(self, user: str = "ada") -> paramiko.SFTPClient:
        """A client that has logged in."""
        client = paramiko.SFTPClient.from_transport(self.transport(user))
        assert client is not None
        channel = client.get_channel()
        assert channel is not None
        channel.settimeout(PATIENCE_S)
        return client
