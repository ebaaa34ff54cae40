"""What the errors of a database server, and of the way to it, mean to the engine."""

from __future__ import annotations

import sqlite3
import ssl

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from airavata_adapters.sqlite import failures
from airavata_workload.domain.errors import (
    AuthenticationError,
    ConflictError,
    DeniedError,
    InputError,
    SettingsError,
    StoreUnavailableError,
    WorkloadError,
)

# Source for all of these: MySQL 8.4 error message reference, and MariaDB's "MariaDB error codes".
_TRY_AGAIN = frozenset({1205, 1213})  # lock wait time-out, deadlock: "try restarting transaction"
_LOGIN = frozenset({1045, 1130, 1698, 3118, 4151})  # wrong password, host not allowed, no password, account locked
_DENIED = frozenset({1044, 1142, 1143, 1227})  # to the database, table, column; a privilege is missing
_UNKNOWN_DATABASE = 1049
_UNLIKE_SCHEMA = frozenset({1054, 1146})  # unknown column, unknown table
_UNSTORABLE = frozenset({1153, 1264, 1366, 1406})  # packet too large, out of range, not a character, too long


def asks_to_try_again(error: DBAPIError) -> bool:
    """Whether the server has undone the transaction and the same, done again, may succeed."""
    if isinstance(error.orig, sqlite3.Error):
        return failures.is_locked(error.orig)
    # Another one has just inserted the same: the next attempt sees it.
    return isinstance(error, IntegrityError) or _code(error) in _TRY_AGAIN


def translated(error: DBAPIError | PoolTimeoutError, where: str, setting: str = "registry") -> WorkloadError:
    """The engine's error; ``where`` is the database as people know it, without a password.

    ``setting`` is the setting whose options name it.
    """
    if isinstance(error, PoolTimeoutError):
        return StoreUnavailableError(
            f"{where}: every connection of the pool stays in use.",
            remedy="The server is slow, or the option pool_size is too small for this process.",
        )
    said, code = f"{where}: {_words(error)}.", _code(error)
    if isinstance(error, IntegrityError):
        return ConflictError(said, remedy="The same is stored already in another form.")
    if code in _UNSTORABLE:
        return InputError(said, remedy="A name or text is longer than what is stored; shorten it.")
    if code in _UNLIKE_SCHEMA:
        return SettingsError(said, key=f"{setting}.url", remedy="'airavata-workload db check' tells what is missing.")
    return _of_the_way(error, code, said, setting)


def _of_the_way(error: DBAPIError, code: object, said: str, setting: str) -> WorkloadError:
    """What keeps us from the data at all."""
    if code in _LOGIN:
        return AuthenticationError(said, remedy=f"Check user and password in the option {setting}.url.")
    if code in _DENIED:
        return DeniedError(said, remedy="Grant this user all privileges on that database.")
    if code == _UNKNOWN_DATABASE:
        return SettingsError(said, key=f"{setting}.url", remedy="Create it with CREATE DATABASE, or name another one.")
    if isinstance(getattr(error.orig, "original_exception", None), ssl.SSLCertVerificationError):
        return DeniedError(said, remedy="The server is not who it should be: check ssl_ca and the host in the URL.")
    return StoreUnavailableError(said, remedy=f"Check the database server and the options of {setting}.")


def _code(error: DBAPIError) -> object:
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return arguments[0] if arguments else None


def _words(error: DBAPIError) -> str:
    """What the server, or the driver, said; PyMySQL's errors are pairs of a number and a text, either may be empty."""
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    words = str(arguments[-1] if arguments else "").rstrip(". ")
    if not words:
        return "the connection was lost"
    return f"{words} ({arguments[0]})" if isinstance(arguments[0], int) else words
