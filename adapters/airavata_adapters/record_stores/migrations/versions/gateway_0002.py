"""Names of experiments can be searched in an index. Runs on SQLite, MySQL and MariaDB.

What is there already is left as it is, so that a migration which was broken off can be run again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gateway_0002"
down_revision = "gateway_0001"
branch_labels = None
depends_on = None

_TABLE, _HEAD, _INDEX = "gateway_experiments", "experiment_name_head", "ix_gateway_experiments_1"
_HEAD_LENGTH = 255
_COLUMNS = ["gateway_id", "created_at_ms", "experiment_id", _HEAD]
_WORTH = "100000 50000 1 1 1"
"""Of this index, as the first migration tells SQLite of the others."""


def upgrade() -> None:
    """Keep the beginning of each name apart, and let the index of a gateway's experiments have it."""
    look = sa.inspect(op.get_bind())
    if _HEAD not in {column["name"] for column in look.get_columns(_TABLE)}:
        op.add_column(_TABLE, sa.Column(_HEAD, sa.String(_HEAD_LENGTH), nullable=True))
    head: sa.ColumnClause[str] = sa.column(_HEAD)
    name: sa.ColumnClause[str] = sa.column("experiment_name")
    filled = sa.table(_TABLE, head, name).update().values({_HEAD: sa.func.substr(name, 1, _HEAD_LENGTH)})
    op.execute(filled.where(head.is_(None)))
    columns = {index["name"]: index["column_names"] for index in look.get_indexes(_TABLE)}
    if columns.get(_INDEX) == _COLUMNS:
        return
    if _INDEX in columns:
        op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, _COLUMNS)
    if op.get_context().dialect.name == "sqlite":
        worth = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
        op.execute(worth.delete().where(worth.c.idx == _INDEX))
        op.bulk_insert(worth, [{"tbl": _TABLE, "idx": _INDEX, "stat": _WORTH}])
