"""Turns the tables of a record store back into those of an earlier revision, so that they can be migrated."""

from __future__ import annotations

from sqlalchemy import Column, Engine, Index, MetaData, String, Table, inspect, text

from airavata_adapters.record_stores.store import TABLES

EXPERIMENTS, HEAD, INDEX = "gateway_experiments", "experiment_name_head", "ix_gateway_experiments_1"


def index_of_experiments(engine: Engine) -> list[str | None]:
    """The columns of the index by which a gateway's experiments are read."""
    found = {index["name"]: index["column_names"] for index in inspect(engine).get_indexes(EXPERIMENTS)}
    return found[INDEX]


def back_to_the_first(engine: Engine) -> None:
    """As ``gateway_0001`` made them, with what is in them."""
    table = Table(
        EXPERIMENTS, MetaData(), Column("gateway_id", String(128)), Column("created_at_ms"), Column(HEAD, String(255))
    )
    index = Index(INDEX, table.c.gateway_id, table.c.created_at_ms)
    with engine.begin() as connection:
        index.drop(connection)
        connection.execute(text(f"ALTER TABLE {EXPERIMENTS} DROP COLUMN {HEAD}"))
        index.create(connection)
        connection.execute(text(f"UPDATE {TABLES.version_table} SET version_num = 'gateway_0001'"))  # noqa: S608 - a constant
