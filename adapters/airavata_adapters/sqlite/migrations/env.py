"""Run by Alembic: migrates over the connection that ``schema.upgrade`` hands in, inside that one's transaction."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
