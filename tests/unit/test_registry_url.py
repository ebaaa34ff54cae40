"""The URL of a registry's database: what is accepted, what is refused, and that no password is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event

from airavata_adapters.registries import embedded, server_url, sql
from airavata_workload.domain.errors import SettingsError
from airavata_workload.ports.backing import BackingContext

PASSWORD = "Pa55word-of-the-test"
SERVER = f"mysql+pymysql://app:{PASSWORD}@db.invalid:3306/registry"


def context(tmp_path: Path, **options: object) -> BackingContext:
    return BackingContext(home=tmp_path, session="engine-1", options=options)


@pytest.mark.parametrize(
    "url",
    [
        f"nonsense {PASSWORD}",
        f"mysql+pymysql://app:{PASSWORD}@db.invalid:port/registry",
        f"nosuchdialect://app:{PASSWORD}@host/db",
        f"postgresql://app:{PASSWORD}@host/db",
        f"mysql+nosuchdriver://app:{PASSWORD}@host/db",
        f"mysql+pymysql://app:{PASSWORD}@host",
        f"{SERVER}?charset=latin1",
        f"{SERVER}?password={PASSWORD}",
        f"{SERVER}?init_command={PASSWORD}",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_a_url_that_cannot_be_used_is_refused(tmp_path: Path, url: str) -> None:
    for opened in (sql.open_registry, sql.open_schema):
        with pytest.raises(SettingsError) as refused:
            opened(context(tmp_path, url=url))
        assert "database URL cannot be used" in str(refused.value)
        assert refused.value.key == "registry.url"
        assert PASSWORD not in f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
    assert list(tmp_path.iterdir()) == []


def test_the_nearest_parameter_is_suggested() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'ssl_ca'"):
        server_url.parsed(f"{SERVER}?ssl_cs=/ca.pem")


@pytest.mark.parametrize("options", [{}, {"url": ""}])
def test_a_url_is_needed(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="needs the option 'url'"):
        sql.open_registry(context(tmp_path, **options))


def test_a_pool_needs_a_connection(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="at least one connection"):
        sql.open_registry(context(tmp_path, url=SERVER, pool_size=0))


def test_the_embedded_registry_is_in_the_shared_file_only(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'url' is not an option"):
        embedded.open_registry(context(tmp_path, url=SERVER))


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_driver_and_character_set_are_filled_in(backend: str) -> None:
    url = server_url.parsed(f"{backend}://app@host/registry?ssl_ca=/ca.pem")
    assert url.drivername == f"{backend}+pymysql"
    assert url.query == {"ssl_ca": "/ca.pem", "charset": "utf8mb4"}


def test_what_is_shown_has_neither_password_nor_parameters() -> None:
    url = server_url.parsed(f"{SERVER}?ssl_key=/secret/key.pem")
    assert server_url.shown(url) == "mysql+pymysql://app:***@db.invalid:3306/registry"
    assert PASSWORD not in repr(server_url.engine_of(url, pool_size=1))


def connect_arguments(url: str, answer_timeout_s: int = 30) -> dict[str, object]:
    """What the driver is called with."""
    engine = server_url.engine_of(server_url.parsed(url), pool_size=1, answer_timeout_s=answer_timeout_s)
    given: dict[str, object] = {}

    class Stop(Exception):
        pass

    @event.listens_for(engine, "do_connect")
    def note(_dialect: object, _record: object, _arguments: object, parameters: dict[str, object]) -> None:
        given.update(parameters)
        raise Stop

    with pytest.raises(Stop):
        engine.connect()
    return given


def test_every_wait_has_a_limit() -> None:
    given = connect_arguments(SERVER)
    assert (given["connect_timeout"], given["read_timeout"], given["write_timeout"]) == (10, 30, 30)
    assert "innodb_lock_wait_timeout = 5" in str(given["init_command"])
    assert connect_arguments(SERVER, 99)["read_timeout"] == 99
    assert connect_arguments(f"{SERVER}?read_timeout=7", 99)["read_timeout"] == 7


def test_tls_parameters_reach_the_driver() -> None:
    given = connect_arguments(f"{SERVER}?ssl_ca=/ca.pem&ssl_cert=/c.pem&ssl_key=/k.pem&ssl_check_hostname=false")
    assert given["ssl"] == {"ca": "/ca.pem", "cert": "/c.pem", "key": "/k.pem", "check_hostname": False}
    assert "ssl_disabled" not in given
    assert connect_arguments(f"{SERVER}?ssl_disabled=true")["ssl_disabled"] is True
    assert connect_arguments(f"{SERVER}?ssl_disabled=false")["ssl_disabled"] is False


def test_a_unix_socket_needs_no_tls_unless_somebody_wants_it() -> None:
    over_socket = f"{SERVER}?unix_socket=/run/mysqld/mysqld.sock"
    assert connect_arguments(over_socket)["ssl_disabled"] is True
    assert connect_arguments(f"{over_socket}&ssl_disabled=false")["ssl_disabled"] is False
    assert "ssl_disabled" not in connect_arguments(f"{over_socket}&ssl_ca=/ca.pem")
    assert "ssl_disabled" not in connect_arguments(SERVER)
