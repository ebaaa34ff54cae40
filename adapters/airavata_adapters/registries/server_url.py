"""The URL of a database: what it may say, and the pool of connections that it describes.

``setting`` is the setting whose option it is: ``registry`` or ``record_store``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from airavata_adapters.registries.connection_check import check_before_use
from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import SettingsError

SERVERS = frozenset({"mysql", "mariadb"})
CONNECT_TIMEOUT_S = 10
ANSWER_TIMEOUT_S = 30
"""How long a connection waits for an answer, so that one whose far side has vanished holds nobody for ever."""
LOCK_TIMEOUT_S = 5
"""How long a statement waits for a row that another transaction holds; below what is waited for an answer."""
POOL_TIMEOUT_S = 30
_MAX_IDLE_S = 1800

_FORM = "It looks like mysql+pymysql://USER:PASSWORD@HOST:PORT/DATABASE?ssl_ca=FILE, or sqlite:///FILE."
_TIMEOUTS_S = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "read_timeout": ANSWER_TIMEOUT_S,
    "write_timeout": ANSWER_TIMEOUT_S,
}
# Source: PyMySQL 1.2, ``Connection``, and SQLAlchemy 2.1, ``MySQLDialect_mysqldb.create_connect_args``, which makes the
# TLS context of the first five. What else PyMySQL takes would undo that, or read files of the client's.
_TLS = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname", "ssl_disabled")
_PARAMETERS = ("charset", "unix_socket", *_TIMEOUTS_S, *_TLS)


def parsed(text: str, setting: str = "registry") -> URL:
    """The URL, with the driver and the character set filled in. Raises ``SettingsError``, which shows no password."""
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        # The original message may quote the text, and with it a password.
        raise _refused(setting, "it is no URL.") from None
    if backend == "sqlite":
        return _of_file(url, setting)
    if backend in SERVERS:
        return _of_server(url.set(drivername=f"{backend}+pymysql") if url.drivername == backend else url, setting)
    raise _refused(setting, f"'{backend}' is no database that can be used; MySQL, MariaDB and SQLite are.")


def _of_file(url: URL, setting: str) -> URL:
    if not url.database or url.database == ":memory:":
        raise _refused(setting, "it names no file.")
    return url


def _of_server(url: URL, setting: str) -> URL:
    if url.drivername.partition("+")[2] != "pymysql":
        raise _refused(setting, f"'{url.drivername}' is no driver that can be used.")
    if not url.database:
        raise _refused(setting, "it names no database.")
    for name in url.query:
        if name not in _PARAMETERS:
            close = nearest(name, _PARAMETERS)
            what = f"it has the parameter '{name}', and may have {', '.join(_PARAMETERS)}."
            raise _refused(setting, what, suggestion=close)
    if url.query.get("charset", "utf8mb4") != "utf8mb4":
        said = f"with charset '{url.query['charset']}' not every character can be stored; leave it out."
        raise _refused(setting, said)
    return url.update_query_dict({"charset": "utf8mb4"})


def _refused(setting: str, what: str, *, suggestion: str | None = None, remedy: str = _FORM) -> SettingsError:
    return SettingsError(
        f"the {setting.replace('_', ' ')}'s database URL cannot be used: {what}",
        key=f"{setting}.url",
        suggestion=suggestion,
        remedy=remedy,
    )


def shown(url: URL) -> str:
    """The URL for people: without the password, and without parameters, which may name keys."""
    return url.set(query={}).render_as_string(hide_password=True)


def engine_of(
    url: URL,
    *,
    pool_size: int,
    answer_timeout_s: int | None = None,
    setting: str = "registry",
    only_reads: bool = False,
) -> Engine:
    """A pool of at most ``pool_size`` connections; each is looked at before it is used again.

    ``answer_timeout_s`` is given where one answer may take longer than ``ANSWER_TIMEOUT_S``. Who ``only_reads`` from a
    server needs no transactions, whose ends would be a round trip each.
    Raises ``SettingsError`` if the driver is not installed.
    """
    # The parameters of a statement are what users wrote; they belong in no log.
    common: dict[str, Any] = {
        "hide_parameters": True,
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": POOL_TIMEOUT_S,
    }
    try:
        if url.get_backend_name() not in SERVERS:
            return create_engine(url, **common)
        engine = create_engine(
            url,
            **common,
            pool_recycle=_MAX_IDLE_S,
            pool_use_lifo=True,
            # Every transaction is ended where it is begun, so giving a connection back needs no round trip.
            pool_reset_on_return=None,
            # Under REPEATABLE READ a transaction would not see what another one has written since it began.
            isolation_level="AUTOCOMMIT" if only_reads else "READ COMMITTED",
            skip_autocommit_rollback=True,
            connect_args=_connect_arguments(url, answer_timeout_s),
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        install = "Install the client libraries of the servers: pip install 'airavata-workload[distributed]'."
        raise _refused(setting, f"{error}.", remedy=install) from None
    check_before_use(engine)
    return engine


def _connect_arguments(url: URL, answer_timeout_s: int | None) -> dict[str, Any]:
    timeouts_s = _TIMEOUTS_S if answer_timeout_s is None else {**_TIMEOUTS_S, "read_timeout": answer_timeout_s}
    arguments: dict[str, Any] = {name: limit_s for name, limit_s in timeouts_s.items() if name not in url.query}
    # Whatever the server's default: a text that does not fit is refused, not cut off.
    arguments["init_command"] = (
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "
        f"SESSION innodb_lock_wait_timeout = {LOCK_TIMEOUT_S}"
    )
    if "ssl_disabled" in url.query:
        # In a URL it is text, and every text counts as true.
        arguments["ssl_disabled"] = str(url.query["ssl_disabled"]).lower() in {"1", "true", "yes"}
    elif "unix_socket" in url.query and not any(name in url.query for name in _TLS):
        # As MySQL's own programs do (Source: manual, 6.2.3, "--ssl-mode", PREFERRED): what stays in the kernel needs
        # no cipher, which costs a fifth of a statement.
        arguments["ssl_disabled"] = True
    return arguments
