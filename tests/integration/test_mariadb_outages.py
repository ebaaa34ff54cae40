"""The SQL registry and a real MariaDB that refuses, undoes, stops and dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from services.mariadb_registry import changed, opened
from services.servers import Servers
from sqlalchemy import URL, Connection, create_engine, make_url, text

from airavata_adapters.registries import connection_check, server_url, tables
from airavata_adapters.registries.server import ServerDatabase
from airavata_workload.domain.change import Subject
from airavata_workload.domain.errors import (
    AuthenticationError,
    DeniedError,
    SettingsError,
    StoreUnavailableError,
)
from airavata_workload.ports.registry import Registry
from airavata_workload.testing.samples import change, experiment, unique

pytestmark = pytest.mark.server

PATIENCE_S = 60


@pytest.fixture
def registry(mariadb_database: str) -> Iterator[Registry]:
    registry = opened(mariadb_database)
    yield registry
    registry.close()


# -- transactions ------------------------------------------------------------------------------
@pytest.fixture
def transactions(mariadb_database: str, registry: Registry) -> Iterator[ServerDatabase]:
    """The registry's transactions, on two experiments' rows (see ``pair``); the tables are there."""
    made = ServerDatabase(server_url.parsed(mariadb_database), pool_size=3)
    yield made
    made.close()


@pytest.fixture
def pair(registry: Registry) -> list[str]:
    made = [experiment(), experiment()]
    registry.create_experiments(made)
    return [one.experiment_id for one in made]


def add_one(connection: Connection, experiment_id: str) -> None:
    connection.execute(
        tables.experiments.update()
        .where(tables.experiments.c.experiment_id == experiment_id)
        .values(priority=tables.experiments.c.priority + 1)
    )


def test_what_a_deadlock_has_undone_is_done_again(
    transactions: ServerDatabase, registry: Registry, pair: list[str]
) -> None:
    both_hold_one = threading.Barrier(2)
    attempts: list[str] = []

    def add_to_both(ids: list[str]) -> None:
        def work(connection: Connection) -> None:
            attempts.append(ids[0])
            add_one(connection, ids[0])
            if attempts.count(ids[0]) == 1:
                both_hold_one.wait(PATIENCE_S)
            add_one(connection, ids[1])

        transactions.write(work)

    before = [registry.experiment(one).priority for one in pair]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(add_to_both, [pair, pair[::-1]]))
    assert len(attempts) == 3, "one of the two was undone"
    found = transactions.read(lambda connection: [priority(connection, one) for one in pair])
    assert found == [one + 2 for one in before]


def priority(connection: Connection, experiment_id: str) -> int:
    column = tables.experiments.c.priority
    return connection.execute(
        tables.experiments.select().with_only_columns(column).where(tables.experiments.c.experiment_id == experiment_id)
    ).scalar_one()


def test_a_lock_that_is_held_for_long_is_an_outage_and_then_over(
    mariadb_database: str, pair: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_url, "LOCK_TIMEOUT_S", 0)
    impatient = ServerDatabase(server_url.parsed(mariadb_database), pool_size=1)
    engine = create_engine(mariadb_database)
    attempts: list[int] = []

    def work(connection: Connection) -> None:
        attempts.append(1)
        add_one(connection, pair[0])

    with engine.begin() as holder:
        add_one(holder, pair[0])
        with pytest.raises(StoreUnavailableError, match="1205"):
            impatient.write(work)
    assert 1 < len(attempts) <= 6, "it is tried again, but not for ever"
    impatient.write(work)
    impatient.close()
    engine.dispose()


def test_every_connection_in_use_is_told_as_such(
    mariadb_database: str, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_url, "POOL_TIMEOUT_S", 0.05)
    small = ServerDatabase(server_url.parsed(mariadb_database), pool_size=1)
    with pytest.raises(StoreUnavailableError, match="pool_size"):
        small.read(lambda _: small.read(lambda _: None))
    small.close()


# -- the way to the server ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("parts", "error", "said"),
    [
        ({"password": "Wrong-0ne"}, AuthenticationError, "1045"),
        ({"username": "nobody", "password": "Wrong-0ne"}, AuthenticationError, "1045"),
        ({"database": "no_such_database"}, SettingsError, "CREATE DATABASE"),
        ({"port": 1}, StoreUnavailableError, "2003"),
        ({"host": "registry.invalid"}, StoreUnavailableError, "2003"),
    ],
)
def test_what_is_wrong_is_named_and_no_password_shown(
    mariadb_database: str, parts: dict[str, Any], error: type[Exception], said: str
) -> None:
    url = changed(mariadb_database, **parts)
    with pytest.raises(error, match=said) as refused:
        opened(url)
    assert_no_password(refused.value, make_url(url))


def assert_no_password(error: BaseException, url: URL) -> None:
    """Neither the error nor what caused it shows it."""
    shown = ""
    cause: BaseException | None = error
    while cause is not None:
        shown += f"{cause} {cause!r} {cause.__dict__}"
        cause = cause.__cause__ or cause.__context__
    assert f":{url.password}@" not in shown
    assert len(str(url.password)) <= 3 or str(url.password) not in shown


def test_an_account_that_may_not_write_is_denied(mariadb_database: str, registry: Registry, mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    name, password = unique("reader")[:20], "Read-0nly"
    with engine.begin() as connection:
        schema_name = make_url(mariadb_database).database
        connection.execute(text(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY '{password}'"))
        connection.execute(text(f"GRANT SELECT ON {schema_name}.* TO '{name}'@'127.0.0.1'"))
    try:
        url = changed(mariadb_database, username=name, password=password)
        reader = opened(url)
        reader.statistics()
        with pytest.raises(DeniedError, match="1142") as refused:
            reader.create_experiments([experiment()])
        assert_no_password(refused.value, make_url(url))
        assert "INSERT INTO" not in repr(refused.value.__cause__), "no statement of users' values in the log"
        reader.close()
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP USER '{name}'@'127.0.0.1'"))
        engine.dispose()


def cipher(url: str) -> str:
    transactions = ServerDatabase(server_url.parsed(url), pool_size=1)
    row = transactions.read(lambda connection: connection.execute(text("SHOW STATUS LIKE 'Ssl_cipher'")).one())
    transactions.close()
    return str(row[1])


def test_tls_is_spoken_and_the_server_checked(
    mariadb_database: str, mariadb: Mapping[str, str], tmp_path: Path
) -> None:
    trusted = make_url(mariadb_database).update_query_dict({"ssl_ca": mariadb["MARIADB_CA"]})
    assert cipher(trusted.render_as_string(hide_password=False)).startswith("TLS_")
    off = make_url(mariadb_database).update_query_dict({"ssl_disabled": "true"})
    assert cipher(off.render_as_string(hide_password=False)) == ""
    socket = make_url(mariadb_database).update_query_dict({"unix_socket": mariadb["MARIADB_SOCKET"]})
    assert cipher(socket.render_as_string(hide_password=False)) == ""
    stranger = trusted.update_query_dict({"ssl_ca": "/etc/ssl/certs/ca-certificates.crt"})
    with pytest.raises(DeniedError, match="ssl_ca"):
        opened(stranger.render_as_string(hide_password=False))
    missing = trusted.update_query_dict({"ssl_ca": str(tmp_path / "missing.pem")})
    with pytest.raises(SettingsError, match="ssl_ca"):
        opened(missing.render_as_string(hide_password=False))


# -- outages -----------------------------------------------------------------------------------
@pytest.mark.parametrize("silent_s", [0.0, 3600.0], ids=["used long ago", "used a moment ago"])
def test_a_connection_that_was_closed_meanwhile_is_not_noticed(
    mariadb_database: str, pair: list[str], monkeypatch: pytest.MonkeyPatch, silent_s: float
) -> None:
    monkeypatch.setattr(connection_check, "SILENT_S", silent_s)
    transactions = ServerDatabase(server_url.parsed(mariadb_database), pool_size=1)
    first = transactions.read(connection_id)
    assert transactions.read(connection_id) == first, "it is used again"
    engine = create_engine(mariadb_database)
    with engine.connect() as other:
        other.execute(text(f"KILL {first}"))
        deadline_s = time.monotonic() + PATIENCE_S
        there = text("SELECT count(*) FROM information_schema.processlist WHERE id = :first")
        while other.scalar(there, {"first": first}):
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
    engine.dispose()
    assert transactions.read(connection_id) != first
    transactions.close()


def connection_id(connection: Connection) -> int:
    return int(connection.execute(text("SELECT connection_id()")).scalar_one())


@pytest.fixture(scope="module")
def private_url(private_services: Servers) -> str:
    """URL of a MariaDB that the tests may stop."""
    private_services.start("mariadb")
    return private_services.env("mariadb")["MARIADB_URL"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_outage_is_told_and_what_follows_works_again(private_services: Servers, private_url: str, end: str) -> None:
    registry = opened(private_url)
    one = experiment()
    registry.create_experiments([one])
    before = change(one, Subject.TASK, "CREATED", subject_id="T")
    registry.record([before])
    getattr(private_services, end)("mariadb")
    during = change(one, Subject.TASK, "EXECUTING", subject_id="T")
    for call in (
        lambda: registry.record([during]),
        lambda: registry.experiment(one.experiment_id),
        registry.statistics,
    ):
        with pytest.raises(StoreUnavailableError) as refused:
            call()
        assert refused.value.transient
        assert_no_password(refused.value, make_url(private_url))
    with pytest.raises(StoreUnavailableError):
        opened(private_url)
    private_services.start("mariadb")
    assert registry.record([before, during]) == [False, True]
    assert registry.audit_trail(one.experiment_id) == [before, during]
    registry.close()


def test_a_connection_lost_within_a_transaction_leaves_nothing_of_it(
    private_services: Servers, private_url: str
) -> None:
    registry = opened(private_url)
    one = experiment()
    registry.create_experiments([one])
    transactions = ServerDatabase(server_url.parsed(private_url), pool_size=1)
    attempts: list[int] = []

    def work(connection: Connection) -> None:
        attempts.append(1)
        add_one(connection, one.experiment_id)
        private_services.kill("mariadb")
        add_one(connection, one.experiment_id)

    with pytest.raises(StoreUnavailableError):
        transactions.write(work)
    assert attempts == [1], "what may have been stored is not done again unseen"
    private_services.start("mariadb")
    assert transactions.read(lambda connection: priority(connection, one.experiment_id)) == int(one.priority)
    transactions.close()
    registry.close()
