"""Options of the connection to RabbitMQ, and what its errors say and do not say."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pika
import pytest
from pika import exceptions

from airavata_adapters.rabbitmq.failures import channel_error, connection_error
from airavata_adapters.rabbitmq.link import BrokerLink
from airavata_adapters.rabbitmq.options import CONNECTION_DEFAULTS, BrokerOptions
from airavata_adapters.rabbitmq.pika_classes import PikaChannel, PikaConnection
from airavata_adapters.task_queues.rabbitmq import open_task_queue
from airavata_workload.domain.errors import (
    AuthenticationError,
    ConflictError,
    DeniedError,
    NotFoundError,
    SettingsError,
    StoreUnavailableError,
    WorkloadError,
)
from airavata_workload.ports.backing import BackingContext

URL = "amqp://ada:p%40ss%2Fword@broker.example:5673/my%2Fhost"


def options(*urls: str, **others: object) -> BrokerOptions:
    return BrokerOptions.of({**CONNECTION_DEFAULTS, "urls": list(urls), **others})


def test_a_url_is_taken_apart() -> None:
    (broker,) = options(URL).brokers
    assert (broker.host, broker.port, broker.virtual_host, broker.tls) == ("broker.example", 5673, "my/host", False)
    assert (broker.user, broker.password) == ("ada", "p@ss/word")


@pytest.mark.parametrize(
    ("url", "port", "virtual_host"),
    [
        ("amqp://host", 5672, "/"),
        ("amqp://host/", 5672, "/"),
        ("amqps://host/%2F", 5671, "/"),
        ("amqp://[::1]:1234/a", 1234, "a"),
    ],
)
def test_defaults_of_a_url(url: str, port: int, virtual_host: str) -> None:
    (broker,) = options(url).brokers
    assert (broker.port, broker.virtual_host, broker.user) == (port, virtual_host, "guest")


@pytest.mark.parametrize("url", ["", "broker:5672", "http://a:s3cret@b", "amqp://a:s3cret@h:99999", "amqp://", 7])
def test_a_broken_url_is_named_by_its_place_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="number 2 is not the URL of a broker") as caught:
        options("amqp://fine", url)
    assert "s3cret" not in str(caught.value)


def test_no_broker_and_no_time_are_errors() -> None:
    with pytest.raises(SettingsError, match="'urls' is empty"):
        options()
    with pytest.raises(SettingsError, match="'heartbeat_s' is 0"):
        options(URL, heartbeat_s=0)


def test_nothing_that_is_shown_holds_the_password() -> None:
    made = options(URL)
    assert "ss" + "%2F" not in repr(made)
    assert "p@ss" not in repr(made)
    assert made.brokers[0].name == "amqp://broker.example:5673/my%2Fhost"
    assert "p@ss" not in repr(made.parameters(made.brokers[0], connection_name="test"))


def test_a_certificate_file_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    made = options("amqps://host", ca_file=str(missing))
    with pytest.raises(SettingsError, match=r"missing\.pem: there is no such file"):
        made.parameters(made.brokers[0], connection_name="test")
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    made = options("amqps://host", ca_file=str(broken))
    with pytest.raises(SettingsError, match=r"broken\.pem: cannot be used"):
        made.parameters(made.brokers[0], connection_name="test")


def test_unknown_options_and_limits_are_refused(tmp_path: Path) -> None:
    for wrong in ({"url": URL}, {"urls": [URL], "delivery_limit": 0}, {"urls": [URL], "heartbeat_s": "ten"}):
        with pytest.raises(SettingsError):
            open_task_queue(BackingContext(home=tmp_path, session="engine-1", options=wrong))


@pytest.mark.parametrize(
    ("cause", "kind", "text"),
    [
        (exceptions.ConnectionClosedByBroker(403, "ACCESS_REFUSED"), AuthenticationError, "login of user 'ada'"),
        (exceptions.ProbableAuthenticationError("x"), AuthenticationError, "login of user 'ada'"),
        (exceptions.ConnectionClosedByBroker(530, "NOT_ALLOWED"), DeniedError, "virtual host 'my/host'"),
        (ssl.SSLCertVerificationError(1, "self-signed"), DeniedError, "not trusted"),
        (ConnectionRefusedError(111, "Connection refused"), StoreUnavailableError, "Connection refused"),
    ],
)
def test_why_a_connection_failed_is_found_inside(cause: BaseException, kind: type[WorkloadError], text: str) -> None:
    (broker,) = options(URL).brokers
    for error in (cause, exceptions.AMQPConnectionError(cause), exceptions.AMQPConnectionError(ValueError("x", cause))):
        translated = connection_error(broker, error)
        assert type(translated) is kind
        assert text in str(translated)
        assert "p@ss" not in str(translated)


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (exceptions.ChannelClosedByBroker(404, "NOT_FOUND"), NotFoundError),
        (exceptions.ChannelClosedByBroker(403, "ACCESS_REFUSED"), DeniedError),
        (exceptions.ChannelClosedByBroker(405, "RESOURCE_LOCKED"), ConflictError),
        (exceptions.ChannelClosedByBroker(406, "PRECONDITION_FAILED"), ConflictError),
        (exceptions.ChannelClosedByBroker(541, "INTERNAL_ERROR"), StoreUnavailableError),
        (exceptions.StreamLostError("reset"), StoreUnavailableError),
        (TimeoutError(), StoreUnavailableError),
        (None, StoreUnavailableError),
    ],
)
def test_what_a_channel_error_is(cause: BaseException | None, kind: type[WorkloadError]) -> None:
    translated = channel_error("amqp://broker", "declare the queue 'q'", cause)
    assert type(translated) is kind
    assert "declare the queue 'q'" in str(translated)


def test_a_broker_that_is_not_there_is_an_error_and_leaves_no_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    link = BrokerLink(options(f"amqp://ada:s3cret@127.0.0.1:{port}"), name="test")
    with pytest.raises(StoreUnavailableError, match=f"127.0.0.1:{port}/ cannot be reached") as caught:
        link.open()
    assert "s3cret" not in str(caught.value)
    assert not link._thread.is_alive()
    link.close()


def test_a_silent_server_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        made = options(f"amqp://127.0.0.1:{silent.getsockname()[1]}", connect_timeout_s=1)
        with pytest.raises(StoreUnavailableError, match="no answer in time"):
            BrokerLink(made, name="test").open()


def test_pika_has_what_its_classes_are_changed_in() -> None:
    """They are not published; a new version of pika may lack them."""
    for base, name in (
        (pika.channel.Channel, "_on_deliver"),
        (pika.connection.Connection, "_create_channel"),
        (pika.connection.Connection, "_terminate_stream"),
    ):
        assert callable(getattr(base, name))
    assert PikaChannel._on_deliver is not pika.channel.Channel._on_deliver
    assert PikaConnection._create_channel is not pika.connection.Connection._create_channel
