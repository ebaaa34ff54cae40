"""The options of the graph store in Neo4j, and what the driver is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from neo4j import TrustCustomCAs

import airavata_workload
from airavata_workload.domain.errors import SettingsError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext

RELATIONSHIP_TYPE_LIMIT = 60_000
"""Of the 65,535 type names that a store has; the rest is for application types and for others.

Source: Neo4j Operations Manual 5, "Store formats", limits of the aligned format.
"""
DEFAULTS: Mapping[str, Any] = {
    "url": "bolt://127.0.0.1:7687",
    "user": "neo4j",
    "password": "",
    "database": "",
    "ca_file": "",
    "relationship_type_limit": RELATIONSHIP_TYPE_LIMIT,
    "connection_time_limit_s": 5.0,
    "transaction_time_limit_s": 20.0,
    "retry_time_limit_s": 30.0,
}
_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Neo4jOptions:
    """``[options.graph_store]`` when the graph store is ``neo4j``.

    ``url`` is ``bolt://`` for one server and ``neo4j://`` for a cluster; with
    ``+s`` the connection is encrypted and the certificate checked, with
    ``+ssc`` a self-signed one will do. ``ca_file`` names the certificate of an
    authority of one's own. An empty ``database`` is the user's default one,
    an empty ``user`` a server that asks for no password.
    """

    url: str
    user: str
    password: Secret
    database: str
    ca_file: str
    relationship_type_limit: int
    connection_time_limit_s: float
    transaction_time_limit_s: float
    retry_time_limit_s: float

    @property
    def call_time_limit_s(self) -> float:
        """How long one attempt at a transaction may take before its connection is taken for dead.

        The server itself ends a transaction at its limit; what comes later can only be the network.
        """
        return self.connection_time_limit_s + self.transaction_time_limit_s

    def driver_configuration(self) -> tuple[str, dict[str, Any]]:
        """The URL for the driver, and its other settings."""
        settings: dict[str, Any] = {
            "auth": (self.user, self.password.reveal()) if self.user else None,
            "connection_timeout": self.connection_time_limit_s,
            "connection_write_timeout": self.call_time_limit_s,
            "connection_acquisition_timeout": self.call_time_limit_s,
            # A connection that has been idle is asked for a sign of life before it is used.
            "liveness_check_timeout": self.call_time_limit_s,
            # One attempt: ``Server`` retries, because it also sees to attempts that hang.
            "max_transaction_retry_time": -1.0,
            # Hints about statements are for whoever writes them, not for the logs of a service.
            "notifications_min_severity": "OFF",
            "user_agent": f"airavata-workload/{airavata_workload.__version__}",
        }
        if not self.ca_file:
            return self.url, settings
        # The driver takes authorities of one's own only with a scheme that says nothing about encryption.
        settings |= {"encrypted": True, "trusted_certificates": TrustCustomCAs(self.ca_file)}
        return self.url.replace("+s://", "://", 1), settings


def options_of(context: BackingContext) -> Neo4jOptions:
    """The options that the settings give. Raises ``SettingsError``, which never shows the password."""
    if not isinstance(context.options.get("password", ""), str):
        raise SettingsError("option 'password' must be text.", key="password", remedy="Put it in quotation marks.")
    given = {name: _with_fraction(name, value) for name, value in context.options.items()}
    values = replace(context, options=given).settled_options(**DEFAULTS)
    options = Neo4jOptions(**{**values, "password": Secret(values["password"])})
    _check_url(options)
    for name, value in values.items():
        if isinstance(value, int | float) and value <= 0:
            raise SettingsError(f"option '{name}' is {value}; it must be more than 0.", key=name)
    if options.ca_file and not Path(options.ca_file).is_file():
        raise SettingsError(f"option 'ca_file' names {options.ca_file}, which is no file.", key="ca_file")
    return options


def _with_fraction(name: str, value: Any) -> Any:
    """Whole seconds may be written without a decimal point."""
    return float(value) if isinstance(DEFAULTS.get(name), float) and type(value) is int else value


def _check_url(options: Neo4jOptions) -> None:
    remedy = "It looks like bolt://HOST:7687, or neo4j+s://HOST:7687 for an encrypted cluster."
    try:
        parts = urlsplit(options.url)
        usable = bool(parts.hostname) and parts.scheme in _SCHEMES and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"option 'url' of the graph store must begin with one of {', '.join(_SCHEMES)}, then '://' and a host.",
            key="url",
            remedy=remedy,
        )
    if parts.username is not None or parts.password is not None:
        raise SettingsError(
            "option 'url' of the graph store may hold no user and no password.",
            key="url",
            remedy="They are the options 'user' and 'password'.",
        )
    if options.ca_file and not parts.scheme.endswith("+s"):
        raise SettingsError(
            f"option 'ca_file' checks the certificate of a bolt+s:// or neo4j+s:// URL; this one is {parts.scheme}://.",
            key="ca_file",
        )
