"""``[thrift]``: on which ports Airavata's Thrift services are offered, to whom, and what one client may ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

DEFAULT_PORTS: Mapping[str, int] = {
    "api": 8930,
    "api_tls": 9930,
    "orchestrator": 8940,
    "credential_store": 8960,
    "profile": 8962,
    "registry": 8970,
    "sharing": 7878,
    "user_profile_2017": 8961,
}
"""Source: Apache Airavata as of April 2017 and 0.17 to 0.21, ``airavata-server.properties``."""

INTERNAL_LISTENERS = ("orchestrator", "credential_store", "registry", "sharing", "user_profile_2017")
"""Their calls carry no token: who reaches the port is trusted."""

Generation = Literal["2017-04", "classic", "2025-07", "2025-11"]
"""Generations of clients that lay out the same structs otherwise; ``classic`` is 0.17 to 0.21."""

_FROZEN = ConfigDict(extra="forbid", frozen=True)


_UNUSUAL: Mapping[str, Mapping[str, bool]] = {"api_tls": {"tls": True}, "user_profile_2017": {"enabled": False}}
"""Defaults of single listeners."""


class ListenerSettings(BaseModel):
    """``[thrift.listeners.NAME]``: one port."""

    model_config = _FROZEN

    enabled: bool = Field(True, description="Whether it is offered.")
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 is every one of IPv4.")
    port: int = Field(ge=0, le=65535, description="Port; 0 is any that is free, which 'health' knows.")
    tls: bool = Field(False, description="Whether connections are encrypted, with the files of [thrift.tls].")
    dialect: Generation | Literal["auto"] = Field(
        "auto", description="The generation of its clients; auto finds it out for each connection."
    )


class ListenersSettings(BaseModel):
    """``[thrift.listeners]``: every port that there can be."""

    model_config = _FROZEN

    api: ListenerSettings = Field(description="The service Airavata.")
    api_tls: ListenerSettings = Field(description="The same over TLS; offered once there is a certificate.")
    orchestrator: ListenerSettings = Field(description="OrchestratorService, an internal service.")
    credential_store: ListenerSettings = Field(description="CredentialStoreService, an internal service.")
    profile: ListenerSettings = Field(description="The services of users, tenants, groups and accounts, multiplexed.")
    registry: ListenerSettings = Field(description="RegistryService, an internal service.")
    sharing: ListenerSettings = Field(description="SharingRegistryService, an internal service.")
    user_profile_2017: ListenerSettings = Field(
        description="UserProfileService as of April 2017, an internal service; offered if it is enabled."
    )

    @model_validator(mode="before")
    @classmethod
    def _with_default_ports(cls, given: Any) -> Any:
        """A table that names only a host keeps its port."""
        if not isinstance(given, Mapping):
            return given
        result = dict(given)
        for name, port in DEFAULT_PORTS.items():
            table = result.get(name, {})
            if isinstance(table, Mapping):
                result[name] = {"port": port, **_UNUSUAL.get(name, {}), **table}
        return result


class TlsSettings(BaseModel):
    """``[thrift.tls]``: PEM files."""

    model_config = _FROZEN

    certificate: Path | None = Field(None, description="Our certificate, with the chain above it.")
    private_key: Path | None = Field(None, description="Its private key, without a passphrase.")
    peer_ca: Path | None = Field(
        None, description="Who signs the certificates that clients of the internal services must show."
    )


class LimitsSettings(BaseModel):
    """``[thrift.limits]``: what one client may ask."""

    model_config = _FROZEN

    message_bytes: int = Field(16 * 1024 * 1024, ge=1024, description="Most bytes of one request.")
    buffered_bytes: int = Field(
        256 * 1024 * 1024, ge=1024, description="Most bytes of requests that arrive or run, of all clients together."
    )
    container_items: int = Field(100_000, gt=0, description="Most elements of a list, set or map in a request.")
    depth: int = Field(64, gt=0, le=64, description="How deep structs and containers may nest in a request.")
    message_time_s: float = Field(30.0, gt=0, description="Most seconds for a request to arrive, or an answer to go.")
    idle_time_s: float = Field(3600.0, gt=0, description="Seconds after which a client that says nothing is cut off.")
    connections: int = Field(4096, gt=0, description="Most clients at once, on all ports together.")


class ThriftSettings(BaseModel):
    """``[thrift]``."""

    model_config = _FROZEN

    enabled: bool = Field(True, description="Whether 'serve' offers the Thrift services, too.")
    threads: int = Field(16, gt=0, le=256, description="Calls that are answered at once.")
    listeners: ListenersSettings = Field(ListenersSettings.model_validate({}), description="The ports.")
    tls: TlsSettings = Field(TlsSettings(), description="Certificates.")
    gateway_dialects: Mapping[str, Generation] = Field(
        {},
        description="The generation of the clients of single gateways, where their listener does not say it.",
    )
    limits: LimitsSettings = Field(LimitsSettings(), description="What one client may ask.")
