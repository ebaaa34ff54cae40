"""What SQLite's errors mean to the engine."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from airavata_workload.domain.errors import (
    ConflictError,
    DeniedError,
    DocumentError,
    StoreUnavailableError,
    WorkloadError,
)

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_REFUSED = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_ENVIRONMENT = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM})


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code. Source: https://www.sqlite.org/rescode.html, "primary versus extended"."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another process held the database."""
    return primary_code(error) in _LOCKED


def translated(error: Exception, path: Path) -> Exception:
    """The engine's error for one of SQLite's, or of SQLAlchemy's around it; any other error as it is."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, sqlite3.Error):
        return error
    return _meaning(original, path)


def _meaning(error: sqlite3.Error, path: Path) -> WorkloadError:
    code = primary_code(error)
    if code in _LOCKED:
        return StoreUnavailableError(
            f"{path} stays locked by another process.", remedy=f"'fuser {path}' shows which; it may be stuck."
        )
    if code in _REFUSED:
        return DeniedError(f"{path} cannot be written: {error}.", remedy=f"Check the owner and mode of {path.parent}.")
    if code in _DAMAGED:
        return DocumentError(
            f"this is no sound SQLite database: {error}.",
            path=path,
            remedy="Restore it from a backup, or move it away to start with an empty one.",
        )
    if code in _ENVIRONMENT:
        return StoreUnavailableError(
            f"{path}: {error}.",
            remedy="Check that the file system is there and has space; work then goes on by itself.",
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        return ConflictError(f"{path}: {error}.", remedy="Something of the same identity is stored already.")
    return WorkloadError(f"{path}: {error}.")
