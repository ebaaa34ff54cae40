"""The registry in the SQLite file that all embedded backing systems share."""

from __future__ import annotations

from airavata_adapters.registries.sql import SqlRegistry
from airavata_adapters.sqlite.database import FILE_NAME, open_database
from airavata_adapters.sqlite.file_schema import FileSchema
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.store_schema import StoreSchema


def open_registry(context: BackingContext) -> Registry:
    """Entry point ``embedded`` of ``registries``.

    Raises ``SettingsError``, ``StoreUnavailableError``, ``DeniedError`` and ``DocumentError``.
    """
    context.settled_options()
    return SqlRegistry(open_database(context.home))


def open_schema(context: BackingContext) -> StoreSchema:
    """Entry point ``embedded`` of ``store_schemas``: of the whole file, other backing systems' tables included."""
    context.settled_options()
    return FileSchema(context.home / FILE_NAME)
