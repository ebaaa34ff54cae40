"""Turns the tables of a record store back into those of an earlier revision, so that they can be migrated."""

from __future__ import annotations

from sqlalchemy import Column, Engine, Index, MetaData, String, Table, inspect, text

from airavata_adapters.record_stores.store import TABLES

EXPERIMENTS, HEAD, INDEX = "gateway_experiments", "experiment_name_head", "ix_gateway_experiments_1"
GRANTS, INDEX_OF_GRANTS = "gateway_sharing_sharings", "ix_gateway_sharing_sharings_1"


def index_of_experiments(engine: Engine) -> list[str | None]:
    """The columns of the index by which a gateway's experiments are read."""
    return _columns(engine, EXPERIMENTS, INDEX)


def index_of_grants(engine: Engine) -> list[str | None]:
    """The columns of the index by which the grants on an entity are read."""
    return _columns(engine, GRANTS, INDEX_OF_GRANTS)


def _columns(engine: Engine, table: str, index: str) -> list[str | None]:
    return {each["name"]: each["column_names"] for each in inspect(engine).get_indexes(table)}[index]


def back_to_the_first(engine: Engine) -> None:
    """As ``gateway_0001`` made them, with what is in them."""
    table = Table(
        EXPERIMENTS, MetaData(), Column("gateway_id", String(128)), Column("created_at_ms"), Column(HEAD, String(255))
    )
    index = Index(INDEX, table.c.gateway_id, table.c.created_at_ms)
    grants = Table(GRANTS, MetaData(), Column("domain_id", String(128)), Column("entity_id", String(255)))
    index_of_grants = Index(INDEX_OF_GRANTS, grants.c.domain_id, grants.c.entity_id)
    with engine.begin() as connection:
        index_of_grants.drop(connection)
        index_of_grants.create(connection)
        index.drop(connection)
        connection.execute(text(f"ALTER TABLE {EXPERIMENTS} DROP COLUMN {HEAD}"))
        index.create(connection)
        connection.execute(text(f"UPDATE {TABLES.version_table} SET version_num = 'gateway_0001'"))  # noqa: S608 - a constant
