"""An installation's internal services, as its other servers call them: over the wire, on free ports."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.transport import TSocket, TTransport

from airavata_thrift.credential_store import CredentialStoreService
from airavata_thrift.orchestrator import OrchestratorService
from airavata_thrift.registry import RegistryService
from airavata_thrift.sharing_registry import SharingRegistryService
from airavata_workload.bootstrap import Installation
from airavata_workload.settings import Settings
from airavata_workload.thrift_settings import DEFAULT_PORTS, ThriftSettings

PATIENCE_S = 20


class InternalSite:
    """An API server over embedded stores in ``home``, and a client of each internal service.

    A class of its own and no generator: generated exceptions cannot pass ``contextmanager``.
    """

    def __init__(self, home: Path) -> None:
        listeners = {name: {"port": 0, "enabled": True} for name in DEFAULT_PORTS}
        settings = Settings(
            home=home,
            local_resources=True,
            thrift=ThriftSettings.model_validate({"listeners": listeners}),
            storage={"enabled": False},
            http={"enabled": False},
        )
        self.installation = Installation(settings, service="api")
        self._open: list[Any] = []

    def __enter__(self) -> Self:
        """The site with its server running and its clients connected."""
        self.installation.load_missing_dags()
        self.server = self.installation.api_server(insecure=True)
        self.server.start()
        self.orchestrator: Any = self.client(OrchestratorService, "orchestrator")
        self.credential_store: Any = self.client(CredentialStoreService, "credential_store")
        self.registry: Any = self.client(RegistryService, "registry")
        self.sharing: Any = self.client(SharingRegistryService, "sharing")
        return self

    def __exit__(self, *exception: object) -> None:
        for transport in self._open:
            transport.close()
        self.server.stop(PATIENCE_S)
        self.installation.close()

    def client(self, service: Any, listener: str, multiplexed_as: str = "") -> Any:
        """A generated client of a service; where a port has several it says which one it means."""
        host, _, port = self.server.addresses[listener].rpartition(":")
        transport = TSocket.TSocket(host, int(port))
        transport.setTimeout(PATIENCE_S * 1000)
        buffered = TTransport.TBufferedTransport(transport)
        buffered.open()
        self._open.append(buffered)
        plain: Any = TBinaryProtocolAccelerated(buffered)
        return service.Client(TMultiplexedProtocol(plain, multiplexed_as) if multiplexed_as else plain)
