"""Where the brokers are and how they are reached."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pika

from airavata_workload.domain.errors import SettingsError

DEFAULT_HEARTBEAT_S = 10
DEFAULT_CONNECT_TIMEOUT_S = 5
DEFAULT_ANSWER_TIMEOUT_S = 30
_PORTS = {"amqp": 5672, "amqps": 5671}

CONNECTION_DEFAULTS: Mapping[str, Any] = {
    "urls": [],
    "ca_file": "",
    "certificate_file": "",
    "key_file": "",
    "heartbeat_s": DEFAULT_HEARTBEAT_S,
    "connect_timeout_s": DEFAULT_CONNECT_TIMEOUT_S,
    "answer_timeout_s": DEFAULT_ANSWER_TIMEOUT_S,
}
"""The options of every adapter on RabbitMQ, for ``BackingContext.settled_options``; see ``BrokerOptions``."""


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker: its name, which is its URL without the login, and what reaches it. Shows no password."""

    name: str
    host: str
    port: int
    virtual_host: str
    tls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """How to reach the brokers, which are tried in the order given.

    ``ca_file`` holds the certificates that may vouch for a broker of an
    ``amqps`` URL ('' for those of the operating system), ``certificate_file``
    and ``key_file`` what this client shows of itself. Each side sends
    something every half ``heartbeat_s``; a connection on which nothing has
    come for twice ``heartbeat_s`` is dropped within another half.
    ``connect_timeout_s`` bounds one attempt at one broker,
    ``answer_timeout_s`` every wait for an answer.
    """

    brokers: tuple[Broker, ...]
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    heartbeat_s: int = DEFAULT_HEARTBEAT_S
    connect_timeout_s: int = DEFAULT_CONNECT_TIMEOUT_S
    answer_timeout_s: int = DEFAULT_ANSWER_TIMEOUT_S

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> BrokerOptions:
        """From settled options (see ``CONNECTION_DEFAULTS``). Raises ``SettingsError``, never with a password."""
        urls = options["urls"]
        if not urls:
            raise SettingsError(
                "option 'urls' is empty.",
                key="urls",
                remedy='Name the brokers: urls = ["amqp://user:password@host:5672/virtual-host"].',
            )
        for name in ("heartbeat_s", "connect_timeout_s", "answer_timeout_s"):
            if options[name] < 1:
                raise SettingsError(f"option '{name}' is {options[name]}; it must be 1 or more.", key=name)
        members = {name: options[name] for name in CONNECTION_DEFAULTS if name != "urls"}
        return cls(brokers=tuple(_broker(url, place) for place, url in enumerate(urls)), **members)

    def parameters(self, broker: Broker, *, connection_name: str) -> pika.ConnectionParameters:
        """What pika needs. Raises ``SettingsError`` if a certificate file cannot be used."""
        return pika.ConnectionParameters(
            host=broker.host,
            port=broker.port,
            virtual_host=broker.virtual_host,
            credentials=pika.PlainCredentials(broker.user, broker.password),
            ssl_options=pika.SSLOptions(self._tls_context(), broker.host) if broker.tls else None,
            heartbeat=self.heartbeat_s,
            socket_timeout=self.connect_timeout_s,
            stack_timeout=self.connect_timeout_s,
            connection_attempts=1,
            client_properties={"connection_name": connection_name},
        )

    def _tls_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
            if self.certificate_file:
                context.load_cert_chain(self.certificate_file, self.key_file or None)
        except (OSError, ssl.SSLError) as error:
            paths = [path for path in (self.ca_file, self.certificate_file, self.key_file) if path]
            missing = [path for path in paths if not Path(path).is_file()]
            named = ", ".join(missing or paths)
            problem = "there is no such file" if missing else f"cannot be used: {error}"
            raise SettingsError(
                f"certificate or key {named}: {problem}.",
                remedy="'ca_file', 'certificate_file' and 'key_file' name files in PEM format.",
            ) from None
        return context


def _broker(url: Any, place: int) -> Broker:
    """The broker of a URL ``amqp[s]://user:password@host:port/virtual-host``.

    Source: RabbitMQ URI Specification. The parts are percent-encoded; the
    virtual host is ``/`` where the URL has none.
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in _PORTS:
        # The URL itself is not shown: a broken one may have its password anywhere.
        raise SettingsError(
            f"option 'urls': number {place + 1} is not the URL of a broker.",
            key="urls",
            remedy="A URL reads amqp://user:password@host:5672/virtual-host, or amqps:// for TLS; "
            "other characters than letters and digits in its parts are percent-encoded.",
        )
    port = port or _PORTS[parts.scheme]
    virtual_host = unquote(parts.path[1:]) or "/"
    shown = f"[{host}]" if ":" in host else host
    return Broker(
        name=f"{parts.scheme}://{shown}:{port}/{parts.path[1:]}",
        host=host,
        port=port,
        virtual_host=virtual_host,
        tls=parts.scheme == "amqps",
        user=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
    )
