"""What the Neo4j graph store makes of its options, and of what the driver says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import ConfigurationError, DatabaseError, Neo4jError, ServiceUnavailable

from airavata_adapters.neo4j.failures import translated
from airavata_adapters.neo4j.options import Neo4jOptions, options_of
from airavata_workload.domain.errors import (
    AuthenticationError,
    ConflictError,
    DeniedError,
    SettingsError,
    StoreUnavailableError,
    WorkloadError,
)
from airavata_workload.ports.backing import BackingContext

PASSWORD = "correct horse"


def options(**given: Any) -> Neo4jOptions:
    return options_of(BackingContext(home=Path("/nowhere"), session="s", options={"password": PASSWORD, **given}))


def test_the_defaults_are_a_server_on_this_machine() -> None:
    found = options()
    assert (found.url, found.user, found.relationship_type_limit) == ("bolt://127.0.0.1:7687", "neo4j", 60_000)


@pytest.mark.parametrize("scheme", ["bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"])
def test_the_driver_takes_every_scheme(scheme: str) -> None:
    url, settings = options(url=f"{scheme}://graph.example:7687").driver_configuration()
    GraphDatabase.driver(url, **settings).close()
    assert url == f"{scheme}://graph.example:7687"


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_an_authority_of_ones_own_is_used_with_encryption(tmp_path: Path, scheme: str) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_text("certificate")
    url, settings = options(url=f"{scheme}+s://graph.example", ca_file=str(authority)).driver_configuration()
    assert (url, settings["encrypted"]) == (f"{scheme}://graph.example", True)
    assert settings["trusted_certificates"].certs == (str(authority),)
    with pytest.raises(SettingsError, match=r"bolt\+s://"):
        options(url=f"{scheme}://graph.example", ca_file=str(authority))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"url": "http://graph.example"}, "must begin with one of bolt"),
        ({"url": "bolt://"}, "must begin with one of bolt"),
        ({"url": "bolt://host:port"}, "must begin with one of bolt"),
        ({"url": f"bolt://neo4j:{PASSWORD}@host"}, "may hold no user and no password"),
        ({"password": 12345}, "'password' must be text"),
        ({"relationship_type_limit": 0}, "must be more than 0"),
        ({"retry_time_limit_s": -1}, "must be more than 0"),
        ({"transaction_time_limit_s": "20"}, "must be of type float"),
        ({"ca_file": "/nowhere/ca.crt", "url": "bolt+s://host"}, "is no file"),
        ({"pasword": "x"}, "Did you mean 'password'"),
    ],
)
def test_options_that_cannot_be_used_are_refused_without_the_password(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as refused:
        options(**given)
    assert PASSWORD not in str(refused.value)
    assert "12345" not in str(refused.value)


def test_whole_seconds_need_no_decimal_point() -> None:
    assert options(retry_time_limit_s=7).retry_time_limit_s == 7.0


def test_no_user_means_no_login() -> None:
    assert options(user="").driver_configuration()[1]["auth"] is None


def test_the_password_is_shown_nowhere() -> None:
    assert PASSWORD not in repr(options())


def said_by_server(code: str) -> Neo4jError:
    return Neo4jError._hydrate_neo4j(code=code, message="It says so.")


@pytest.mark.parametrize(
    ("error", "meaning", "words"),
    [
        (said_by_server("Neo.ClientError.Security.Unauthorized"), AuthenticationError, "refuses user 'neo4j'"),
        (said_by_server("Neo.ClientError.Security.Forbidden"), DeniedError, "does not let user 'neo4j'"),
        (said_by_server("Neo.ClientError.Database.DatabaseNotFound"), SettingsError, "no database 'graphs'"),
        (said_by_server("Neo.ClientError.Schema.ConstraintValidationFailed"), ConflictError, "says so"),
        (said_by_server("Neo.ClientError.Statement.SyntaxError"), WorkloadError, "refuses a statement"),
        (
            said_by_server("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration"),
            StoreUnavailableError,
            "ended a transaction",
        ),
        (said_by_server("Neo.TransientError.Transaction.DeadlockDetected"), StoreUnavailableError, "says so"),
        (DatabaseError("disk full"), StoreUnavailableError, "does not answer"),
        (ServiceUnavailable("nobody there"), StoreUnavailableError, "nobody there"),
        (ConfigurationError("odd"), SettingsError, "cannot be used: odd"),
    ],
)
def test_errors_become_those_of_the_engine_and_name_the_server(
    error: Any, meaning: type[WorkloadError], words: str
) -> None:
    found = translated(error, options(url="bolt://graph.example:7687", database="graphs"))
    assert type(found) is meaning
    assert words in str(found)
    assert "bolt://graph.example:7687" in str(found)
    assert PASSWORD not in str(found)
