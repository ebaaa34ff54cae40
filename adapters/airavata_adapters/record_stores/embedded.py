"""The record store in a SQLite file of the home directory."""

from __future__ import annotations

from airavata_adapters.record_stores.connections import FileConnections
from airavata_adapters.record_stores.store import TABLES, SqlRecordStore
from airavata_adapters.sqlite.file_schema import FileSchema
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.ports.store_schema import StoreSchema

FILE_NAME = "gateway.db"


def open_record_store(context: BackingContext) -> RecordStore:
    """Entry point ``embedded`` of ``record_stores``; makes and migrates the tables.

    Raises ``SettingsError``, ``StoreUnavailableError``, ``DeniedError`` and ``DocumentError``.
    """
    schema = open_schema(context)
    schema.upgrade()
    return SqlRecordStore(FileConnections(context.home / FILE_NAME))


def open_schema(context: BackingContext) -> StoreSchema:
    """Entry point ``embedded`` of ``record_store_schemas``."""
    context.settled_options()
    return FileSchema(context.home / FILE_NAME, TABLES)
