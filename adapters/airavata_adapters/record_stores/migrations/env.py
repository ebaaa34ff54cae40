"""Run by Alembic: migrates over the connection that ``schema.upgrade`` hands in, inside that one's transaction.

The revision stands in a table of its own: the database may be the registry's, which is migrated by itself.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="gateway_alembic_version")
context.run_migrations()
