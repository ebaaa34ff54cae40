"""The ports of an installation: which service stands behind which, and who may listen where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airavata_adapters.thrift_api import methods
from airavata_adapters.thrift_api.dialects import Dialect
from airavata_adapters.thrift_api.endpoint import Endpoint, Processor
from airavata_adapters.thrift_api.interfaces import (
    AIRAVATA,
    CREDENTIAL_STORE,
    INTERFACES,
    ORCHESTRATOR,
    PROFILES,
    REGISTRY,
    SHARING,
    USER_PROFILE,
    USER_PROFILE_2017,
    WORKFLOW,
    Interface,
)
from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.listener import Listener
from airavata_adapters.thrift_api.server import ThriftServer
from airavata_adapters.thrift_api.tls import TlsFiles
from airavata_adapters.thrift_api.tls_renewal import RenewedTls
from airavata_adapters.thrift_api.wire import DialectCodec
from airavata_workload.api.access.listening import is_loopback, refuse_insecure_elsewhere
from airavata_workload.domain.errors import SettingsError
from airavata_workload.ports.api_server import ApiServer, ApiServerContext
from airavata_workload.thrift_settings import INTERNAL_LISTENERS, ListenerSettings, ThriftSettings

_PLAIN: Mapping[str, Interface] = {
    "api": AIRAVATA,
    "api_tls": AIRAVATA,
    "orchestrator": ORCHESTRATOR,
    "credential_store": CREDENTIAL_STORE,
    "profile": USER_PROFILE,
    "registry": REGISTRY,
    "sharing": SHARING,
    "user_profile_2017": USER_PROFILE_2017,
}
"""What answers calls that name no service, by listener."""

_MULTIPLEXED: Mapping[str, Sequence[Interface]] = {
    "api": PROFILES,
    "api_tls": PROFILES,
    "profile": PROFILES,
    "registry": (WORKFLOW,),
}
"""What else answers calls that do. Source: Apache Airavata of 2026-03 has all services on the API's port.

The calls of the workflow service carry no token, so it is among the internal ones.
"""


def open_api_server(context: ApiServerContext) -> ApiServer:
    """The server of this installation's listeners; entry point ``thrift`` of ``api_servers``."""
    return ThriftApiServer(context)


class ThriftApiServer(ApiServer):
    """Every listener that the settings offer, in one server."""

    def __init__(self, context: ApiServerContext) -> None:
        settings: ThriftSettings = context.settings
        offered = _offered(settings)
        if context.insecure:
            refuse_insecure_elsewhere(each.host for each in offered.values())
        for name, each in offered.items():
            _check(name, each, settings)
        needed = {*(_PLAIN[name].name for name in offered), *(i.name for n in offered for i in _MULTIPLEXED.get(n, ()))}
        processors = {
            each.name: Processor(each, methods.table(each.table), context.api)
            for each in INTERFACES
            if each.name in needed
        }
        listeners = [self._listener(name, each, settings, processors, context) for name, each in offered.items()]
        limits = Limits(**settings.limits.model_dump())
        self._server = ThriftServer(listeners, limits=limits, threads=settings.threads)

    @staticmethod
    def _listener(
        name: str,
        listener: ListenerSettings,
        settings: ThriftSettings,
        processors: Mapping[str, Processor],
        context: ApiServerContext,
    ) -> Listener:
        pinned = None if listener.dialect == "auto" else Dialect(listener.dialect)
        endpoint = Endpoint(
            processors[_PLAIN[name].name],
            [processors[each.name] for each in _MULTIPLEXED.get(name, ())],
            codec=DialectCodec(pinned, {each: Dialect(found) for each, found in settings.gateway_dialects.items()}),
            authenticate=context.authenticate,
        )
        tls = RenewedTls(_files(name, settings)) if listener.tls else None
        return Listener(name=name, host=listener.host, port=listener.port, service=endpoint, tls=tls)

    @property
    def addresses(self) -> Mapping[str, str]:
        """As ``ApiServer.addresses``."""
        return self._server.addresses

    def start(self) -> None:
        """As ``ApiServer.start``."""
        self._server.start()

    def stop(self, drain_s: float) -> bool:
        """As ``ApiServer.stop``."""
        return self._server.stop(drain_s)

    def stuck(self) -> list[str]:
        """As ``ApiServer.stuck``."""
        return [] if self._server.alive else ["thrift"]

    def troubles(self) -> dict[str, str]:
        """As ``ApiServer.troubles``."""
        return self._server.troubles


def _offered(settings: ThriftSettings) -> dict[str, ListenerSettings]:
    """The listeners that are enabled. That of the API over TLS needs a certificate and is left out without one."""
    found: dict[str, ListenerSettings] = {name: getattr(settings.listeners, name) for name in _PLAIN}
    if settings.tls.certificate is None:
        del found["api_tls"]
    return {name: each for name, each in found.items() if each.enabled}


def _check(name: str, listener: ListenerSettings, settings: ThriftSettings) -> None:
    """Raise ``SettingsError`` for an internal service that others than this machine reach without a certificate."""
    if name not in INTERNAL_LISTENERS or is_loopback(listener.host):
        return
    if not listener.tls or settings.tls.peer_ca is None:
        raise SettingsError(
            f"Calls of the service '{name}' carry no token, and '{listener.host}' can be reached from other machines.",
            key=f"thrift.listeners.{name}.host",
            remedy="Listen on 127.0.0.1, or set tls = true there and peer_ca in [thrift.tls].",
        )


def _files(name: str, settings: ThriftSettings) -> TlsFiles:
    """The public services ask for no certificate: their calls carry tokens."""
    files = settings.tls
    peer_ca = files.peer_ca if name in INTERNAL_LISTENERS else None
    return TlsFiles(certificate=files.certificate, private_key=files.private_key, peer_ca=peer_ca)
