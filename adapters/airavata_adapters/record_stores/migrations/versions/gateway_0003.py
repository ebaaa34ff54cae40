"""Whether somebody may see an entity is told by an index alone. Runs on SQLite, MySQL and MariaDB.

What is there already is left as it is, so that a migration which was broken off can be run again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gateway_0003"
down_revision = "gateway_0002"
branch_labels = None
depends_on = None

_TABLE, _INDEX = "gateway_sharing_sharings", "ix_gateway_sharing_sharings_1"
_COLUMNS = ["domain_id", "entity_id", "group_id", "permission_type_id"]
_WORTH = "100000 50000 4 2 1"
"""Of this index, as the first migration tells SQLite of the others: few hold something on one entity."""


def upgrade() -> None:
    """Let the index by which grants on an entity are found say who holds which permission."""
    columns = {index["name"]: index["column_names"] for index in sa.inspect(op.get_bind()).get_indexes(_TABLE)}
    if columns.get(_INDEX) == _COLUMNS:
        return
    if _INDEX in columns:
        op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, _COLUMNS)
    if op.get_context().dialect.name == "sqlite":
        worth = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
        op.execute(worth.delete().where(worth.c.idx == _INDEX))
        op.bulk_insert(worth, [{"tbl": _TABLE, "idx": _INDEX, "stat": _WORTH}])
