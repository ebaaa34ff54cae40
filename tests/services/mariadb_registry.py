"""The SQL registry over a real MariaDB, as the tests open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from airavata_adapters.registries import sql
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.store_schema import StoreSchema


def context(url: str, **options: object) -> BackingContext:
    return BackingContext(home=Path("/nonexistent"), session="engine-1", options={"url": url, **options})


def opened(url: str, **options: object) -> Registry:
    return sql.open_registry(context(url, **options))


def schema_of(url: str) -> StoreSchema:
    return sql.open_schema(context(url))


def changed(url: str, **parts: Any) -> str:
    """The URL with some parts replaced."""
    return make_url(url).set(**parts).render_as_string(hide_password=False)
