"""The record store in the database of a URL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from airavata_adapters.record_stores.connections import Connections, FileConnections, ServerConnections
from airavata_adapters.record_stores.store import TABLES, SqlRecordStore
from airavata_adapters.registries import server_url
from airavata_adapters.registries.server_schema import ServerSchema
from airavata_adapters.sqlite.file_schema import FileSchema
from airavata_workload.domain.errors import SettingsError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.ports.store_schema import SchemaVerdict, StoreSchema

_OPTIONS: Mapping[str, Any] = {"url": "", "pool_size": 10, "upgrade": True}


def open_record_store(context: BackingContext) -> RecordStore:
    """Entry point ``sql`` of ``record_stores``: in the database that the option ``url`` names.

    Options, as those of the registry ``sql``, whose database it may share:
    ``url``; ``pool_size``, the most connections with which this process writes
    to a server, and as many with which it reads; ``upgrade``, whether opening
    makes and migrates the tables.

    Raises ``SettingsError`` for a URL that cannot be used and for tables of a
    newer revision, ``AuthenticationError``, ``DeniedError`` and
    ``StoreUnavailableError``.
    """
    options = context.settled_options(**_OPTIONS)
    if options["pool_size"] < 1:
        raise SettingsError("the record store needs at least one connection.", key="record_store.pool_size")
    url = _url(options)
    schema = _schema(url)
    state = schema.state()
    if state.verdict is not SchemaVerdict.CURRENT:
        if not options["upgrade"]:
            raise SettingsError(
                f"{state.where}: the tables are {state.verdict}, and opening may not change them.",
                key="record_store.upgrade",
                remedy="Run 'airavata-workload db upgrade'.",
            )
        schema.upgrade()
    return SqlRecordStore(_connections(url, options["pool_size"]))


def open_schema(context: BackingContext) -> StoreSchema:
    """Entry point ``sql`` of ``record_store_schemas``: takes the same options. Raises ``SettingsError``."""
    return _schema(_url(context.settled_options(**_OPTIONS)))


def _connections(url: URL, pool_size: int) -> Connections:
    if url.get_backend_name() in server_url.SERVERS:
        return ServerConnections(url, pool_size=pool_size)
    return FileConnections(_path(url))


def _schema(url: URL) -> StoreSchema:
    if url.get_backend_name() in server_url.SERVERS:
        return ServerSchema(url, TABLES, setting="record_store")
    return FileSchema(_path(url), TABLES)


def _path(url: URL) -> Path:
    return Path(url.database or "").absolute()


def _url(options: Mapping[str, Any]) -> URL:
    if not options["url"]:
        raise SettingsError(
            "the record store 'sql' needs the option 'url'.",
            key="record_store.url",
            remedy='For example url = "mysql+pymysql://USER:PASSWORD@HOST/DATABASE" under [options.record_store].',
        )
    return server_url.parsed(options["url"], "record_store")
