"""The tables of a database file: which revision they are of, and bringing them up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from airavata_adapters import private_files
from airavata_adapters.sqlite import failures, schema
from airavata_workload.ports.store_schema import SchemaState, StoreSchema


class FileSchema(StoreSchema):
    """Of all tables of a set, in a file; the shared file's set has the registry's among them."""

    def __init__(self, path: Path, tables: schema.TableSet = schema.EMBEDDED) -> None:
        self._path = path
        self._tables = tables

    def state(self) -> SchemaState:
        """As ``StoreSchema.state``; a file that is not there is not made."""
        path, tables = self._path, self._tables
        try:
            stored = schema.stored_revisions(path, tables) if path.exists() else set()
        except sqlite3.Error as error:
            raise failures.translated(error, path) from error
        except OSError as error:
            raise private_files.translated(error, path) from error
        return SchemaState(where=str(path), stored=stored, wanted=tables.wanted, unknown=schema.unknown(stored, tables))

    def upgrade(self) -> SchemaState:
        """As ``StoreSchema.upgrade``; opening the file does the same."""
        try:
            schema.prepare_file(self._path, self._tables)
        except Exception as error:
            meaning = failures.translated(error, self._path)
            if meaning is error:
                raise
            raise meaning from error
        return self.state()
