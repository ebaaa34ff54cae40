"""Versioned changes of the tables, run by Alembic; see ``airavata_adapters.sqlite.schema``."""
