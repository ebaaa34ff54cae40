"""The tables of the database file of a home directory: which revision they are of, and bringing them up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from airavata_adapters import private_files
from airavata_adapters.sqlite import failures, schema
from airavata_adapters.sqlite.database import FILE_NAME, open_database
from airavata_workload.ports.store_schema import SchemaState, StoreSchema


class FileSchema(StoreSchema):
    """Of all tables that the one-process mode has, the registry's among them."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def state(self) -> SchemaState:
        """As ``StoreSchema.state``; a file that is not there is not made."""
        path = self._home / FILE_NAME
        try:
            stored = schema.stored_revisions(path) if path.exists() else set()
        except sqlite3.Error as error:
            raise failures.translated(error, path) from error
        except OSError as error:
            raise private_files.translated(error, path) from error
        return SchemaState(
            where=str(path), stored=stored, wanted=schema.WANTED, unknown=schema.unknown(stored, schema.WANTED)
        )

    def upgrade(self) -> SchemaState:
        """As ``StoreSchema.upgrade``: opening the file is what does it."""
        open_database(self._home).close()
        return self.state()
